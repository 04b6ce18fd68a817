"""The files that runs share, named by their content: which of them a record names."""

from __future__ import annotations

from ledger.contract.json_text import as_list, as_object, as_text


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.json_text import Json


def shared_names(document: Json) -> list[str]:
    """Return the shared files that a record names, relative to the folder of the ledger."""
    record = as_object(document)
    environment = as_object(record.get("environment"))
    sources = [record.get("data"), *as_list(record.get("extra_data"))]
    hashes = [
        ("code", as_text(as_object(record.get("git")).get("code")), "manifest"),
        ("environments", as_text(environment.get("pip_freeze_hash")), "txt"),
        *(("data", as_text(as_object(source).get("hash")), "manifest") for source in sources),
    ]
    return [f"{place}/{one.partition(':')[2]}.{kind}" for place, one, kind in hashes if one]

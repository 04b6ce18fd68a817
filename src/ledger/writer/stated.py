"""What a caller states about a run, as its record holds it."""

from __future__ import annotations

from ledger.contract.json_text import encode_number
from ledger.contract.redaction import redact_under
from ledger.writer.scalars import legible, plain


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ledger.contract.json_text import Json


def stated_values(
    metrics: Mapping[str, object], warn_once: Callable[[str, str], None]
) -> dict[str, Json]:
    """Return final ``metrics`` by name; one that is no scalar is told and left out."""
    stated: dict[str, Json] = {}
    for name, item in metrics.items():
        try:
            cell = plain(item)
        except TypeError as error:
            warn_once(f"final {name}", f"{name}: {error}; it is not recorded")
            continue
        if isinstance(cell, str):
            cell = redact_under(str(name), cell)
        stated[legible(name)] = encode_number(cell) if isinstance(cell, float) else cell
    return stated

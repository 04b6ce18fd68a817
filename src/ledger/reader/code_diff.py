"""Which code differs between two runs: commits, and the paths of their manifests."""

from __future__ import annotations

from ledger.contract.json_text import as_text
from ledger.contract.manifest import decode_manifest
from ledger.errors import MalformedError
from ledger.reader.difference import Difference, difference


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json
    from ledger.reader.ledger import Ledger, StoredRun

_FACTS = ("commit", "branch", "dirty")


def code_differences(
    ledger: Ledger, old: StoredRun, new: StoredRun, *, is_complete: bool = False
) -> tuple[list[Difference], bool, list[str]]:
    """Return what differs in the code of two runs, whether it is known, and warnings.

    It is not known where a manifest is missing or cannot be read.

    Keys are commit, branch and dirty, and ``path:<path>`` for every path whose content differs;
    the values of a path are content ids. The first three come in any case when ``is_complete``.
    """
    found = [
        difference("code", key, old.record.git, new.record.git)
        for key in _FACTS
        if is_complete or old.record.git.get(key) != new.record.git.get(key)
    ]
    warnings: list[str] = []
    before, after = _paths(ledger, old, warnings), _paths(ledger, new, warnings)
    if before is None or after is None:
        return found, False, warnings
    found += [
        difference("code", f"path:{path}", _keyed(before, path), _keyed(after, path))
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    ]
    return found, True, warnings


def _paths(ledger: Ledger, run: StoredRun, warnings: list[str]) -> dict[str, str] | None:
    """Return {path: content id} of the run's code, None where that is not known."""
    name = as_text(run.record.git.get("code"))
    if name is None:
        return None
    data = ledger.shared("code", f"{name.removeprefix('sha256:')}.manifest")
    if data is None:
        warnings.append(f"{run.run_id}: its code manifest is not in the ledger")
        return None
    try:
        manifest = decode_manifest(data)
    except MalformedError as error:
        warnings.append(f"{run.run_id}: its code manifest cannot be read: {error}")
        return None
    # a changed executable bit is a change of the file too
    return {
        path: entry.oid if entry.mode == "100644" else f"{entry.mode} {entry.oid}"
        for path, entry in manifest.entries.items()
    }


def _keyed(paths: Mapping[str, str], path: str) -> dict[str, Json]:
    return {f"path:{path}": paths[path]} if path in paths else {}

"""What a record says of a file that a run made."""

from __future__ import annotations

import os
from pathlib import Path

from ledger.capture.data import hash_artifact, public_address
from ledger.contract.redaction import redact_text
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.json_text import Json


@value
class ArtifactEntry:
    """An entry of ``artifacts``, and what is to be said about it."""

    entry: dict[str, Json]
    warning: str | None


def describe_artifact(
    path: str | os.PathLike[str], project_root: Path, *, is_hashed: bool
) -> ArtifactEntry:
    """Return the entry of the file or folder ``path``; an address is recorded without a hash.

    Args:
        path: where it is; recorded relative to the project when inside it, addresses without user,
            password and query.
        project_root: absolute.
        is_hashed: False for a folder that goes on changing: hash and bytes are then None.

    Raises:
        TypeError: ``path`` is no path.
    """
    full = Path(path)
    address = public_address(os.fspath(path))
    if address is not None:
        told = f"{address} is not in this workspace; recorded without a hash"
        entry: dict[str, Json] = {"path": address, "hash": None, "bytes": None}
        return ArtifactEntry(entry=entry, warning=told)
    digest, size = hash_artifact(full) if is_hashed else (None, None)
    is_lost = digest is None and is_hashed
    warning = f"{full} cannot be read; recorded without a hash" if is_lost else None
    entry = {"path": shown_path(full, project_root), "hash": digest, "bytes": size}
    return ArtifactEntry(entry=entry, warning=warning)


def shown_path(path: Path, project_root: Path) -> str:
    """Return ``path`` as records hold it: relative to the project when inside it, else absolute."""
    full = Path(os.path.abspath(path))
    inside = full.is_relative_to(project_root)
    return redact_text((full.relative_to(project_root) if inside else full).as_posix())

"""Whether a commit of this branch holds the code of a run: then its snapshot is needed no more."""

from __future__ import annotations

import os

from ledger.contract.json_text import as_text
from ledger.contract.manifest import decode_manifest, manifest_hash, paths_recorded_as
from ledger.errors import MalformedError
from ledger.policy.code_tree import ids_in
from ledger.storage.tree import RevisionTree


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.record import RunRecord
    from ledger.storage.git import Repository

_HASH_PREFIX = "sha256:"
_DELETED, _SUBMODULE = "D", "S"
_MAX_PATHS = 1000
"""More changed paths than this are not looked up; the snapshot stays."""


def manifest_path(ledger: str, record: RunRecord) -> str | None:
    """Return where the code manifest of ``record`` stands in the ledger at ``ledger``, or None."""
    code = as_text(record.git.get("code"))
    return code and f"{ledger}/code/{code.removeprefix(_HASH_PREFIX)}.manifest"


def holding_commit(repository: Repository, record: RunRecord, manifest: bytes | None) -> str | None:
    """Return a commit of HEAD's history in which every dirty path has the content the run used.

    None where no commit has, or where the record or its manifest cannot say what the run used.
    """
    used = _used(record, manifest)
    if not used:
        return None
    paths = sorted(used)
    # what the paths hold changes only at commits that touch one of them
    listed = repository.git("rev-list", "--full-history", "HEAD", "--", *paths)
    for commit in ("HEAD", *os.fsdecode(listed).split()):
        tree = RevisionTree(repository, commit, paths=paths)
        held = ids_in(tree, paths, repository.object_format)
        if all(held.get(path) == oid for path, oid in used.items()):
            return commit
    return None


def _used(record: RunRecord, data: bytes | None) -> Mapping[str, str | None]:
    """Return the content id of every dirty path, None where it was deleted; {} for cannot tell."""
    if record.is_dirty is not True or not record.dirty_paths or data is None:
        return {}
    if manifest_hash(data) != as_text(record.git.get("code")):
        return {}
    try:
        entries = decode_manifest(data).entries
    except MalformedError:
        return {}
    used: dict[str, str | None] = {}
    for dirty in record.dirty_paths:
        meant = paths_recorded_as(dirty.path)
        for path in [one for one in meant if one in entries] or meant:
            entry = entries.get(path)
            if dirty.status == _SUBMODULE or (entry is None and dirty.status != _DELETED):
                return {}
            used[path] = entry.oid if entry else None
    return used if len(used) <= _MAX_PATHS else {}

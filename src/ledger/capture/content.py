"""What the observed code holds, as git names content: changed entries and the whole manifest."""

from __future__ import annotations

import os
import time

from ledger.capture.code import Change
from ledger.contract.notebook import code_of
from ledger.storage.tree import SUBMODULE, SYMLINK, TreeEntry, read_blobs
from ledger.value import as_dict


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from ledger.capture.code import CodeState
    from ledger.storage.git import Repository

_RACY_NS = 2_000_000_000
"""A file written so shortly before it was read may change again under the same time stamp."""


def committed_contents(
    state: CodeState, committed: Mapping[str, TreeEntry], changes: Iterable[Change]
) -> dict[str, bytes]:
    """Return what the changed paths held in the commit; new and large ones are left out."""
    oids = {
        change.path: committed[change.path].oid or ""
        for change in changes
        if change.path in committed and not change.is_large and change.mode != SUBMODULE
    }
    blobs = read_blobs(state.repository, oids.values())
    return {path: blobs[oid] for path, oid in oids.items() if oid in blobs}


def is_same_code(change: Change, before: bytes | None) -> bool:
    """Whether only the outputs of a notebook changed."""
    if before is None or change.content is None or not change.path.endswith(".ipynb"):
        return False
    return code_of(change.path, before) == code_of(change.path, change.content)


def read_late(state: CodeState, changes: Iterable[Change]) -> list[Change]:
    """Return ``changes`` with the content of those that were too large to read at the start."""
    return [
        change
        if change.content is not None or change.stamp is None or change.is_large
        else _read_now(state.repository.top, change)
        for change in changes
    ]


def changed_entries(
    state: CodeState, changes: Iterable[Change], omitted: Collection[str]
) -> tuple[dict[str, TreeEntry | None], set[str]]:
    """Return the git entry of every changed path, None for a deleted one.

    And the paths of large files that changed while they were read.
    """
    entries: dict[str, TreeEntry | None] = {}
    files: list[Change] = []
    for change in changes:
        if change.oid is not None:
            entries[change.path] = TreeEntry(mode=change.mode, oid=change.oid)
        elif change.mode == SUBMODULE:
            entries[change.path] = _submodule(state.repository, change.path)
        elif change.content is None and not change.is_large:
            entries[change.path] = None
        else:
            files.append(change)
    oids: dict[str, str] = {}
    for is_stored in (True, False):
        chosen = [change for change in files if (change.path not in omitted) == is_stored]
        oids |= _hash(state.repository, chosen, is_stored=is_stored)
    entries |= {c.path: TreeEntry(mode=c.mode, oid=oids[c.path]) for c in files if c.path in oids}
    return entries, {change.path for change in files if change.path not in oids}


def _hash(repository: Repository, changes: list[Change], *, is_stored: bool) -> dict[str, str]:
    """Return the id ``git add`` would give each change: filters and LFS applied.

    Files that are on the disk as they were read are hashed from there, in one process; the others
    one by one from memory.
    """
    now = time.time_ns()
    settled = [change for change in changes if _is_settled(repository.top, change, now)]
    found = _hash_from_disk(repository, settled, is_stored=is_stored)
    for change in changes:
        if change.path in found or change.content is None:
            continue
        write = ("-w",) if is_stored else ()
        where = () if change.mode == SYMLINK else (f"--path={change.path}",)
        said = repository.git("hash-object", "--stdin", *write, *where, stdin=change.content)
        found[change.path] = said.decode("ascii").strip()
    return found


def _hash_from_disk(
    repository: Repository, changes: list[Change], *, is_stored: bool
) -> dict[str, str]:
    if not changes:
        return {}
    write = ("-w",) if is_stored else ()
    names = "".join(f"{change.path}\n" for change in changes)
    said = repository.ask("hash-object", *write, "--stdin-paths", stdin=os.fsencode(names))
    oids = said.stdout.decode("ascii").split() if said.code == 0 else []  # one has just vanished
    now = time.time_ns()
    return {
        change.path: oid
        for change, oid in zip(changes, oids, strict=False)
        if _is_settled(repository.top, change, now)
    }


def _is_settled(top: str, change: Change, now_ns: int) -> bool:
    """Whether the file holds what was read of it, as its time stamp tells."""
    if change.mode == SYMLINK or change.stamp is None:
        return False
    if "\n" in change.path or change.path.startswith('"'):
        return False  # the list of hash-object could not name it
    try:
        facts = os.lstat(os.path.join(top, change.path))
    except OSError:
        return False
    is_same = (facts.st_mtime_ns, facts.st_size) == change.stamp
    return is_same and (change.is_large or facts.st_mtime_ns < now_ns - _RACY_NS)


def _read_now(top: str, change: Change) -> Change:
    path = os.path.join(top, change.path)
    content: bytes | None = None
    is_same = False
    try:
        with open(path, "rb") as file:
            content = file.read()
            facts = os.fstat(file.fileno())
        is_same = (facts.st_mtime_ns, facts.st_size) == change.stamp
    except OSError:
        content = None
    fields = as_dict(change) | {"content": content, "is_raced": change.is_raced or not is_same}
    return Change(**fields)  # type: ignore[arg-type]  # its own fields


def _submodule(repository: Repository, path: str) -> TreeEntry | None:
    said = repository.ask("-C", path, "rev-parse", "HEAD")
    if said.code:
        return None
    return TreeEntry(mode=SUBMODULE, oid=said.stdout.decode("ascii").strip())

"""What the observed code holds, as git names content: changed entries and the whole manifest."""

from __future__ import annotations

import os

from ledger.capture.code import Change
from ledger.contract.manifest import Entry, Manifest, content_id
from ledger.contract.notebook import code_of
from ledger.storage.git import split_z
from ledger.storage.tree import RevisionTree, TreeEntry, read_blobs


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ledger.capture.code import CodeState
    from ledger.storage.git import Repository


def hidden_changes(state: CodeState, known: Collection[str]) -> list[Change]:
    """Return changes that git was told not to look at: assume-unchanged and skip-worktree."""
    listed = split_z(state.repository.git("ls-files", "-v", "-z"))
    paths = (entry[2:] for entry in listed if entry[0] != "H")
    flagged = [path for path in paths if state.is_code(path) and path not in known]
    committed = committed_entries(state) if flagged else {}
    found: list[Change] = []
    for path in flagged:
        full = os.path.join(state.repository.top, path)
        if os.path.islink(full) or not os.path.isfile(full) or path not in committed:
            continue  # sparse-absent: the index entry stands
        with open(full, "rb") as file:
            content = file.read()
        if _hash(state.repository, path, content, is_stored=False) != committed[path].oid:
            mode = committed[path].mode
            found.append(
                Change(
                    path=path, status="M", mode=mode, is_loaded=False, content=content, stamp=None
                )
            )
    return found


def committed_entries(state: CodeState) -> Mapping[str, TreeEntry]:
    """Return the files of the commit the run started from, below the project; none before one."""
    if state.commit is None:
        return {}
    return RevisionTree(state.repository, state.commit, state.prefix).entries()


def committed_contents(state: CodeState, changes: list[Change]) -> dict[str, bytes]:
    """Return what the changed paths held in the commit; a path that is new is left out."""
    committed = committed_entries(state)
    oids = {c.path: committed[c.path].oid or "" for c in changes if c.path in committed}
    blobs = read_blobs(state.repository, oids.values())
    return {path: blobs[oid] for path, oid in oids.items() if oid in blobs}


def is_same_code(change: Change, before: bytes | None) -> bool:
    """Whether only the outputs of a notebook changed."""
    if before is None or change.content is None or not change.path.endswith(".ipynb"):
        return False
    return code_of(change.path, before) == code_of(change.path, change.content)


def read_late(state: CodeState, changes: list[Change]) -> tuple[list[Change], bool]:
    """Return ``changes`` with the content of those that were too large to read at the start.

    And whether one of them has changed since.
    """
    complete: list[Change] = []
    is_raced = False
    for change in changes:
        if change.content is not None or change.stamp is None:
            complete.append(change)
            continue
        content, is_same = _read_unchanged(state.repository.top, change)
        is_raced |= not is_same
        complete.append(
            Change(
                path=change.path,
                status=change.status,
                mode=change.mode,
                is_loaded=change.is_loaded,
                content=content,
                stamp=change.stamp,
            )
        )
    return complete, is_raced


def changed_entries(
    state: CodeState, changes: list[Change], omitted: Collection[str]
) -> dict[str, Entry | None]:
    """Return the git entry of every changed path, None for a deleted one."""
    entries: dict[str, Entry | None] = {}
    for change in changes:
        if change.status == "S":
            entries[change.path] = _submodule(state.repository, change.path)
        elif change.content is None:
            entries[change.path] = None
        else:
            is_stored = change.path not in omitted
            oid = _hash(state.repository, change.path, change.content, is_stored=is_stored)
            entries[change.path] = Entry(mode=change.mode, oid=oid)
    return entries


def make_manifest(
    state: CodeState,
    changed: Mapping[str, Entry | None],
    outs: Collection[str],
    unstored: Mapping[str, bytes],
) -> Manifest:
    """Return the manifest of the observed code.

    Args:
        state: the code at the start.
        changed: git's entry of every changed path, None for a deleted one.
        outs: paths that a pipeline writes, hence not code.
        unstored: contents of changed paths that git was not given to keep.
    """
    entries = {
        path: Entry(mode=entry.mode, oid=entry.oid or "")
        for path, entry in committed_entries(state).items()
        if (entry.mode == "160000" or state.is_code(path)) and not is_out(path, outs)
    }
    entries = {path: entry for path, entry in entries.items() if path not in changed}
    entries |= {path: entry for path, entry in changed.items() if entry is not None}
    _judge_notebooks_by_code(state.repository, entries, unstored)
    return Manifest(object_format=state.repository.object_format, entries=entries)


def _judge_notebooks_by_code(
    repository: Repository, entries: dict[str, Entry], unstored: Mapping[str, bytes]
) -> None:
    notebooks = {path: entry for path, entry in entries.items() if path.endswith(".ipynb")}
    blobs = read_blobs(repository, (entry.oid for entry in notebooks.values()))
    for path, entry in notebooks.items():
        data = blobs.get(entry.oid, unstored.get(path))
        if data is not None:
            oid = content_id(code_of(path, data), repository.object_format)
            entries[path] = Entry(mode=entry.mode, oid=oid)


def is_out(path: str, outs: Collection[str]) -> bool:
    """Whether a pipeline writes ``path``."""
    return any(path == out or path.startswith(f"{out}/") for out in outs)


def _read_unchanged(top: str, change: Change) -> tuple[bytes | None, bool]:
    path = os.path.join(top, change.path)
    try:
        with open(path, "rb") as file:
            content = file.read()
            facts = os.fstat(file.fileno())
    except OSError:
        return None, False
    return content, (facts.st_mtime_ns, facts.st_size) == change.stamp


def _hash(repository: Repository, path: str, content: bytes, *, is_stored: bool) -> str:
    """Return the id ``git add`` would give ``content`` at ``path``: filters and LFS applied."""
    write = ("-w",) if is_stored else ()
    link = os.path.islink(os.path.join(repository.top, path))
    where = () if link else (f"--path={path}",)
    said = repository.git("hash-object", "--stdin", *write, *where, stdin=content)
    return said.decode("ascii").strip()


def _submodule(repository: Repository, path: str) -> Entry | None:
    said = repository.ask("-C", path, "rev-parse", "HEAD")
    return Entry(mode="160000", oid=said.stdout.decode("ascii").strip()) if said.code == 0 else None

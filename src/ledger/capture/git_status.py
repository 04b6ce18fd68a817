"""One ``git status``: where HEAD is, and which tracked paths differ from it."""

from __future__ import annotations

from ledger.storage.git import split_z
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.storage.git import Repository


@value
class Tracked:
    """A tracked path that differs from HEAD, in the index or on the disk."""

    path: str
    xy: str
    """Git's letters: index against HEAD, disk against index."""
    mode: str
    """In the working tree; 000000 where it is gone."""
    submodule: str
    """``S<c><m><u>`` of a submodule: other commit, changes inside, untracked files; else ""."""


@value
class Status:
    """What git says of a repository."""

    commit: str | None
    """HEAD; None before the first commit."""
    branch: str | None
    upstream: str | None
    is_detached: bool
    tracked: tuple[Tracked, ...]
    intended: frozenset[str]
    """Paths with ``git add --intent-to-add``: as untracked as before."""
    unmerged: frozenset[str]


def read_status(repository: Repository, prefix: str) -> Status:
    """Return the status of what lies below ``prefix`` ("" for all); untracked files are not told.

    Raises:
        GitError: git refuses to answer.
    """
    listed = repository.git(
        *("status", "--porcelain=v2", "--branch", "-z"),
        *("--no-renames", "--untracked-files=no", "--ignore-submodules=none"),
        *(("--", prefix) if prefix else ()),
    )
    heads: dict[str, str] = {}
    tracked: list[Tracked] = []
    intended: set[str] = set()
    unmerged: set[str] = set()
    for entry in split_z(listed):
        if entry[0] == "#":
            _, key, item = entry.split(" ", 2)
            heads[key] = item
        elif entry[0] == "1":
            _, xy, submodule, _, _, mode, _, _, path = entry.split(" ", 8)
            if xy == ".A":
                intended.add(path)
            else:
                tracked.append(_tracked(path, xy, mode, submodule))
        elif entry[0] == "u":
            _, _, submodule, _, _, _, mode, _, _, _, path = entry.split(" ", 10)
            tracked.append(_tracked(path, "MM", mode, submodule))
            unmerged.add(path)
    return _status(heads, tracked, intended, unmerged)


def _tracked(path: str, xy: str, mode: str, submodule: str) -> Tracked:
    return Tracked(
        path=path, xy=xy, mode=mode, submodule=submodule if submodule.startswith("S") else ""
    )


def _status(
    heads: Mapping[str, str], tracked: list[Tracked], intended: set[str], unmerged: set[str]
) -> Status:
    commit, branch = heads.get("branch.oid"), heads.get("branch.head")
    is_detached = branch == "(detached)"
    return Status(
        commit=None if commit == "(initial)" else commit,
        branch=None if is_detached else branch,
        upstream=heads.get("branch.upstream"),
        is_detached=is_detached,
        tracked=tuple(tracked),
        intended=frozenset(intended),
        unmerged=frozenset(unmerged),
    )

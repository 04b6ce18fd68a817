"""Changes that git was told not to look at: assume-unchanged and skip-worktree."""

from __future__ import annotations

import os

from ledger.capture.code import Change, read_changes
from ledger.storage.git import join_z, split_z
from ledger.storage.scratch_index import ScratchIndex
from ledger.value import as_dict


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from ledger.capture.code import CodeState

_REGULAR_TAG = "H"


def hidden_changes(state: CodeState, known: Collection[str]) -> list[Change]:
    """Return changes of tracked code paths beside ``known`` that flags of the index hide.

    They are seen through a copy of the index without these flags. A flagged file that is not there
    is what the index says (a sparse checkout). What was edited after the start is told as raced.

    Raises:
        GitError: git refuses to answer.
        OSError: the index cannot be copied.
    """
    repository = state.repository
    listed = split_z(repository.git("ls-files", "-v", "-z"))
    tagged = (entry[2:] for entry in listed if entry[0] != _REGULAR_TAG)
    flagged = [
        path
        for path in tagged
        if state.paths.lists(path, "100644")
        and path not in known
        and os.path.lexists(os.path.join(repository.top, path))
    ]
    if not flagged:
        return []
    top = os.path.realpath(repository.top)
    found = read_changes(top, _differing(state, flagged), state.loaded)
    return [_judged(change, state) for change in found]


def _differing(state: CodeState, flagged: list[str]) -> list[tuple[str, str, str]]:
    """Return (path, status letter, mode) of those of ``flagged`` that differ on the disk."""
    repository = state.repository
    stdin = join_z(flagged)
    with ScratchIndex(repository, "hidden") as index:
        index.copy_from(os.path.join(repository.git_dir, "index"))
        for flag in ("--no-assume-unchanged", "--no-skip-worktree"):
            repository.git("update-index", flag, "-z", "--stdin", stdin=stdin, env=index.env)
        how = ("--raw", "-z", "--no-renames", "--ignore-submodules=none")
        listed = repository.git("diff-files", *how, env=index.env).split(b"\0")
    wanted = set(flagged)
    changes: list[tuple[str, str, str]] = []
    for facts, path in zip(listed[0::2], listed[1::2], strict=False):
        _, mode, _, _, letter = facts.decode("ascii").split(" ")
        name = os.fsdecode(path)
        if name in wanted:
            changes.append((name, letter, mode))
    return changes


def _judged(change: Change, state: CodeState) -> Change:
    is_late = change.stamp is not None and change.stamp[0] > state.seen_ns
    return Change(**(as_dict(change) | {"is_raced": is_late}))  # type: ignore[arg-type]  # its own fields

"""What this process knows it has loaded: runs that follow in it find their files edited meanwhile.

A process that records several runs loads its modules once. When a later run starts, the disk may
hold other code, on another branch even; what runs is what an earlier start saw.
"""

from __future__ import annotations

import os

from ledger.storage.tree import SYMLINK, RevisionTree
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.capture.code import CodeState
    from ledger.storage.git import Repository


@value
class Known:
    """What a file held when it was loaded: bytes, or what a commit has at its path."""

    mode: str
    content: bytes | None
    commit: str | None


@value
class Recalled:
    """A file as it was loaded."""

    mode: str
    content: bytes | None
    """None where ``oid`` names what git holds."""
    oid: str | None


class LoadedMemory:
    """By absolute path, what earlier runs of this process saw of the files it had loaded."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}

    def remember(self, state: CodeState) -> None:
        """Keep what ``state`` saw of loaded files; of those it cannot tell, what was known before.

        Called on the thread of a run's start and on that of its capture: each entry is replaced
        whole.
        """
        top = os.path.realpath(state.repository.top)
        changes = {os.path.join(top, change.path): change for change in state.changes}
        untold = {os.path.join(top, path) for path in (*state.stale, *state.left_out)}
        for path in state.loaded:
            if not path.startswith(top + os.sep) or path in untold:
                continue
            change = changes.get(path)
            if change is None:
                if state.commit is not None:
                    self._known[path] = Known(mode="", content=None, commit=state.commit)
            elif change.content is None or change.is_raced:
                if change.oid is None:
                    self._known.pop(path, None)
            elif change.mode != SYMLINK:
                self._known[path] = Known(mode=change.mode, content=change.content, commit=None)

    def recall(self, repository: Repository, paths: Iterable[str]) -> dict[str, Recalled]:
        """Return what is known of ``paths``, relative to the repository root, by these.

        Raises:
            GitError: a commit that a run started from is gone.
        """
        top = os.path.realpath(repository.top)
        found: dict[str, Recalled] = {}
        by_commit: dict[str, list[str]] = {}
        for path in paths:
            known = self._known.get(os.path.join(top, path))
            if known is None:
                continue
            if known.commit is None:
                found[path] = Recalled(mode=known.mode, content=known.content, oid=None)
            else:
                by_commit.setdefault(known.commit, []).append(path)
        for commit, wanted in by_commit.items():
            entries = RevisionTree(repository, commit, paths=wanted).entries()
            for path in wanted:
                if path in entries:
                    entry = entries[path]
                    found[path] = Recalled(mode=entry.mode, content=None, oid=entry.oid)
        return found

"""What became of the code between the commit a run started from and HEAD, and who changed it."""

from __future__ import annotations

import os

from ledger.storage.differences import differences
from ledger.storage.git import join_z
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.setup.commits.index import Head
    from ledger.storage.differences import Difference
    from ledger.storage.git import Repository

TRAILER = "Ledger-Run"
_FORMAT = f"--format=%x01%(trailers:key={TRAILER},valueonly,separator=%x2C)"


@value
class Moves:
    """How HEAD differs from the commit a run started from, the ledger left out."""

    paths: Mapping[str, Difference]
    """``old`` is what the run's commit holds, ``new`` what HEAD holds."""
    by_runs: Mapping[str, frozenset[str]]
    """By path: the runs whose commits, made by ``ledger commit``, changed it."""
    by_others: frozenset[str]
    """Paths that any other commit changed."""


class History:
    """The way from commits that runs started from to HEAD.

    Args:
        repository: whose history it is.
        head: where HEAD is.
        ledger_prefix: what paths of the ledger begin with.
    """

    def __init__(self, repository: Repository, head: Head, ledger_prefix: str) -> None:
        self._repository = repository
        self._head = head
        self._ledger_prefix = ledger_prefix
        self._known: dict[str, Moves] = {}

    def since(self, start: str) -> Moves:
        """Return what moved since ``start``, a commit, or the empty tree before any.

        Raises:
            GitError: git does not have ``start``.
        """
        if start not in self._known:
            self._known[start] = self._moves(start)
        return self._known[start]

    def _moves(self, start: str) -> Moves:
        if start == self._head.tree:
            return Moves(paths={}, by_runs={}, by_others=frozenset())
        found = differences(self._repository, "diff-tree", start, self._head.tree)
        paths = {p: one for p, one in found.items() if not p.startswith(self._ledger_prefix)}
        by_runs, by_others = self._authors(start, paths) if paths else ({}, set())
        return Moves(
            paths=paths,
            by_runs={path: frozenset(runs) for path, runs in by_runs.items()},
            by_others=frozenset(by_others),
        )

    def _authors(
        self, start: str, paths: Mapping[str, Difference]
    ) -> tuple[dict[str, set[str]], set[str]]:
        """Return who changed ``paths``, on either side where the histories have parted."""
        is_commit = self._repository.ask("cat-file", "-e", f"{start}^{{commit}}").code == 0
        wanted = f"{start}...{self._head.tree}" if is_commit else self._head.tree
        stdin = b"--\n" + join_z(paths).replace(b"\0", b"\n")
        # a merge counts for what it holds otherwise than all of its parents
        how = ("--full-history", "-c", "--name-only", "--no-renames", "-z", _FORMAT)
        plain = ("--no-show-signature", "--no-follow")  # whatever the user's settings say
        listed = self._repository.git("log", *how, *plain, wanted, "--stdin", stdin=stdin)
        by_runs: dict[str, set[str]] = {}
        by_others: set[str] = set()
        for part in listed.split(b"\1")[1:]:
            trailer, *names = part.split(b"\0")
            runs = {run for run in trailer.decode("utf-8", "replace").strip().split(",") if run}
            for name in names:
                path = os.fsdecode(name.removeprefix(b"\n"))
                if path in paths and runs:
                    by_runs.setdefault(path, set()).update(runs)
                elif path in paths:
                    by_others.add(path)
        return by_runs, by_others

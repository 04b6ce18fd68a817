"""The commits that a branch brings, and what each of them holds."""

from __future__ import annotations

from ledger.errors import LedgerError
from ledger.storage.differences import RAW, differences, parse_raw
from ledger.storage.tree import RevisionTree


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ledger.storage.differences import Difference
    from ledger.storage.git import Repository


class History:
    """The range merge-base..head.

    Attributes:
        base: id of the merge base.
        head: id of the last commit.
        commits: ids of the commits of the range, the newest first; empty when head is on the base.
    """

    def __init__(
        self, repository: Repository, base: str, head: str, *, is_replacing: bool = False
    ) -> None:
        """Look up the range that ``head`` brings to the branch ``base``.

        Where ``is_replacing``, head takes the place of base, which stands for the merge base.

        Raises:
            LedgerError: one of the two is no commit here, or they have no common history.
        """
        self.repository = repository
        self.head = _commit(repository, head)
        self.tip = _commit(repository, base)
        self.base = self.tip if is_replacing else _merge_base(repository, self.tip, self.head)
        listed = repository.git(
            "rev-list", "--topo-order", self.head, f"^{self.base}", f"^{self.tip}"
        )
        self.commits: Sequence[str] = listed.decode("ascii").split()
        self._trees: dict[str, RevisionTree] = {}
        self._covered: set[str] = set()
        self._changes: dict[str, Difference] | None = None

    def trees(self, paths: Sequence[str]) -> Iterator[RevisionTree]:
        """Yield a tree for every commit of the range, complete at ``paths``, the newest first."""
        if not self._covered.issuperset(paths):
            self._covered.update(paths)
            self._trees.clear()
        for commit in self.commits:
            if commit not in self._trees:
                wanted = sorted(self._covered)
                self._trees[commit] = RevisionTree(self.repository, commit, paths=wanted)
            yield self._trees[commit]

    def changes(self) -> dict[str, Difference]:
        """Return what head makes of the merge base, by path; a rename is two changes."""
        if self._changes is not None:
            return self._changes
        self._changes = differences(self.repository, "diff-tree", self.base, self.head)
        return self._changes

    def introduced(self, paths: Iterable[str]) -> dict[str, set[str | None]]:
        """Return the ids that commits of the range gave each of ``paths``, None where deleted.

        Of a merge commit, what differs from each of its parents.
        """
        wanted = set(paths)
        found: dict[str, set[str | None]] = {}
        if not wanted or not self.commits:
            return found
        stdin = "".join(f"{commit}\n" for commit in self.commits).encode("ascii")
        how = ("diff-tree", "--stdin", "-m", "--root", "--no-commit-id", *RAW)
        for path, change in parse_raw(self.repository.git(*how, stdin=stdin)):
            if path in wanted:
                found.setdefault(path, set()).add(change.new.oid if change.new else None)
        return found


def _merge_base(repository: Repository, tip: str, head: str) -> str:
    said = repository.ask("merge-base", tip, head)
    if said.code:
        message = f"{tip[:10]} and {head[:10]} have no common history here"
        raise LedgerError(message, hint="fetch more: git fetch --unshallow, or the right base")
    return said.stdout.decode("ascii").split()[0]


def _commit(repository: Repository, name: str) -> str:
    said = repository.ask(
        "rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}"
    )
    if said.code:
        message = f"{name!r} is no commit here"
        raise LedgerError(message, hint="fetch it: the whole history, not a shallow clone")
    return said.stdout.decode("ascii").strip()

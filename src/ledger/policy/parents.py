"""What a commit is judged against: further parents of a merge, and the base others have seen."""

from __future__ import annotations

import os

from ledger.errors import LedgerError
from ledger.storage.tree import RevisionTree
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.storage.git import Repository

_EXPORTED = "GITHEAD_"
_SHORTEST_ID = 40
_HEX = frozenset("0123456789abcdef")


@value
class Base:
    """What others have seen of the records."""

    name: str
    """The branch whose merge base with HEAD it is."""
    changes: Mapping[str, str]
    """{path: status letter} of the index against it."""


class Parents:
    """The commits being merged into the one that is judged; none outside a merge."""

    def __init__(self, repository: Repository, commits: Sequence[str]) -> None:
        self.repository = repository
        self.commits = commits
        self._trees: list[RevisionTree] | None = None

    def has(self, path: str, oid: str | None) -> bool:
        """Whether a merged commit holds ``path`` with the content ``oid`` (None: absent)."""
        if self._trees is None:
            self._trees = [RevisionTree(self.repository, commit) for commit in self.commits]
        for tree in self._trees:
            entry = tree.entries().get(path)
            if (entry.oid if entry else None) == oid:
                return True
        return False


def merge_heads(git_dir: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the commits being merged, from MERGE_HEAD.

    ``git merge`` writes that file only after pre-merge-commit has run, but exports each commit as a
    variable GITHEAD_<id> (git/builtin/merge.c).
    """
    try:
        with open(os.path.join(git_dir, "MERGE_HEAD"), encoding="ascii") as file:
            return tuple(file.read().split())
    except (OSError, UnicodeDecodeError):
        named = (key.removeprefix(_EXPORTED) for key in environ if key.startswith(_EXPORTED))
        return tuple(name for name in named if len(name) >= _SHORTEST_ID and _HEX.issuperset(name))


def find_base(repository: Repository) -> Base | None:
    """Return the base and how the index differs from it; None where there is no base.

    The base is the merge base of HEAD with git config ``ledger.base``, else with @{upstream}, else
    with origin/HEAD.

    Raises:
        LedgerError: ``ledger.base`` is set and names nothing that shares history with HEAD.
    """
    asked = repository.ask("config", "--get", "ledger.base")
    base = os.fsdecode(asked.stdout).strip()
    if base:
        found = _base(repository, base)
        if found is None:
            message = (
                f"git config ledger.base is {base!r}, which has no common history with HEAD here"
            )
            raise LedgerError(message, hint="fetch it, or run `git config ledger.base BRANCH`")
        return found
    return _base(repository, "@{upstream}") or _base(repository, "refs/remotes/origin/HEAD")


def _base(repository: Repository, name: str) -> Base | None:
    listed = repository.ask(
        "diff-index",
        "--cached",
        "--merge-base",
        "--raw",
        "-z",
        "--no-renames",
        "--ignore-submodules=none",
        "--end-of-options",
        name,
    )
    if listed.code:
        return None
    entries = listed.stdout.split(b"\0")
    pairs = zip(entries[0::2], entries[1::2], strict=False)
    changes = {
        os.fsdecode(path): facts.rsplit(b" ", 1)[-1].decode("ascii") for facts, path in pairs
    }
    return Base(name=name, changes=changes)

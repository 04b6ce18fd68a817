"""Judges the commit that was just made: no check runs before one with `-n`, or of a rebase."""

from __future__ import annotations

import os

from ledger.policy.judge import Verdict, content_of, judge_changes
from ledger.policy.parents import Parents
from ledger.policy.reading import Blobs
from ledger.storage.differences import differences
from ledger.storage.files import replace_file
from ledger.storage.tree import RevisionTree


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.storage.git import Repository

_PASSED = "passed"
"""File of our part of the git directory that holds what the last check let pass."""


def remember_passed(repository: Repository, verdict: Verdict) -> None:
    """Note what ``verdict`` let pass: the commit that holds just that is not judged again."""
    try:
        os.makedirs(repository.private_dir, exist_ok=True)
        path = os.path.join(repository.private_dir, _PASSED)
        replace_file(path, verdict.content.encode("ascii"), is_durable=False)
    except OSError:
        return  # a read-only git directory: the commit is judged twice, nothing else


def judge_made(repository: Repository) -> Verdict:
    """Return the verdict on HEAD, by the rules of a commit; what passed already passes.

    Raises:
        LedgerError: it cannot be judged: git fails, or settings do not parse.
    """
    listed = repository.git("rev-list", "--max-count=1", "--parents", "HEAD")
    head, *parents = listed.decode("ascii").split()
    # a root commit, or the end of a shallow clone: all of it is new
    since = (parents[0],) if parents else ("--root", "--no-commit-id")
    listing = differences(repository, "diff-tree", *since, head)
    changes = {path: change.status for path, change in listing.items()}
    if _has_passed(repository, content_of({path: one.new for path, one in listing.items()})):
        return Verdict(findings=(), n_runs=0, n_changes=len(changes))
    blobs = Blobs(RevisionTree(repository, head))
    merged = Parents(repository, parents[1:])
    return judge_changes(repository, blobs, changes, merged, parents[0] if parents else head)


def _has_passed(repository: Repository, content: str) -> bool:
    try:
        with open(os.path.join(repository.private_dir, _PASSED), encoding="ascii") as file:
            return file.read() == content
    except (OSError, UnicodeDecodeError):
        return False

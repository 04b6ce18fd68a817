"""Judges the commit that was just made: no check runs before one with `-n`, or of a rebase."""

from __future__ import annotations

import os

from ledger.policy.glance import may_touch_runs
from ledger.storage.differences import differences
from ledger.storage.files import replace_file
from ledger.storage.tree import RevisionTree


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.policy.finding import Finding
    from ledger.policy.judge import Verdict
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


def findings_of_made(repository: Repository) -> Sequence[Finding]:
    """Return what the rules of a commit say of HEAD; what passed already passes.

    Raises:
        LedgerError: it cannot be judged: git fails, or settings do not parse.
    """
    listed = repository.git("rev-list", "--max-count=1", "--parents", "HEAD")
    head, *parents = listed.decode("ascii").split()
    # a root commit, or the end of a shallow clone: all of it is new
    since = (parents[0],) if parents else ("--root", "--no-commit-id")
    listing = differences(repository, "diff-tree", *since, head)
    if not any(map(may_touch_runs, listing)):
        return ()
    from ledger.policy.judge import content_of, judge_changes  # noqa: PLC0415  # only where runs came
    from ledger.policy.parents import Parents  # noqa: PLC0415
    from ledger.policy.reading import Blobs  # noqa: PLC0415

    if _has_passed(repository, content_of({path: one.new for path, one in listing.items()})):
        return ()
    changes = {path: change.status for path, change in listing.items()}
    blobs = Blobs(RevisionTree(repository, head))
    merged = Parents(repository, parents[1:])
    before = parents[0] if parents else head
    return judge_changes(repository, blobs, changes, merged, before).findings


def _has_passed(repository: Repository, content: str) -> bool:
    try:
        with open(os.path.join(repository.private_dir, _PASSED), encoding="ascii") as file:
            return file.read() == content
    except (OSError, UnicodeDecodeError):
        return False

"""Judges what a branch brings: the runs of a range of commits, and the code they are to cover."""

from __future__ import annotations

from ledger.policy.catalogue import RANGE
from ledger.policy.check_attributes import check_attributes_removed
from ledger.policy.check_base import check_on_base
from ledger.policy.check_covered import HISTORY, check_covered
from ledger.policy.check_frozen import check_frozen
from ledger.policy.check_removed import check_removed
from ledger.policy.finding import by_weight
from ledger.policy.history import History
from ledger.policy.judge import Verdict, judge_runs
from ledger.policy.ledgers import run_folders, touched
from ledger.policy.locate import tracked_ledgers
from ledger.policy.reading import Blobs
from ledger.policy.scene import Scene
from ledger.storage.tree import RevisionTree


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.policy.finding import Finding
    from ledger.policy.ledgers import Ledger
    from ledger.storage.git import Repository


def judge_range(
    repository: Repository, base: str, head: str = "HEAD", *, mode: str = HISTORY
) -> Verdict:
    """Return the verdict on what ``head`` brings to the branch ``base``.

    Call it with a repository of ``find_repository(folder, clean_environment(os.environ))``; no
    working tree, index or ref is touched. Settings are those of head.

    Args:
        repository: must hold both commits and their merge base.
        base: a branch or commit; what is judged is merge-base..head.
        head: likewise.
        mode: of LED100, ``history`` or ``fresh``: whether a run that used what an earlier commit
            of the range holds covers a path too.

    Raises:
        LedgerError: it cannot be judged: a commit is not here, there is no common history, or
            settings do not parse.
    """
    history = History(repository, base, head)
    blobs = Blobs(RevisionTree(repository, history.head))
    before = Blobs(RevisionTree(repository, history.base))
    ledgers: dict[str, Ledger] = {}
    for tree in (blobs, before):  # a ledger whose settings the range takes away is judged too
        for ledger in tracked_ledgers(repository, tree):
            ledgers.setdefault(ledger.folder, ledger)
    changes = {path: change.status for path, change in history.changes().items()}
    found: list[Finding] = []
    n_runs = 0
    for ledger in ledgers.values():
        scene = Scene(
            stage=RANGE,
            ledger=ledger,
            blobs=blobs,
            runs=run_folders(ledger, blobs.entries()),
            code=blobs,
            repository=repository,
            changes=changes,
            history=history,
        )
        runs = touched(scene.runs, ledger, changes)
        n_runs += len(runs)
        found += [*check_frozen(scene), *check_removed(scene), *check_attributes_removed(scene)]
        found += [*check_on_base(scene), *check_covered(scene, mode)]
        found += judge_runs(scene, runs)
    return Verdict(findings=by_weight(found), n_runs=n_runs, n_changes=len(changes))

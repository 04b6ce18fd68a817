"""Judges what a branch brings: the runs of a range of commits, and the code they are to cover."""

from __future__ import annotations

from ledger.policy.catalogue import RANGE, TREE
from ledger.policy.check_attributes import check_attributes_removed
from ledger.policy.check_base import check_on_base
from ledger.policy.check_covered import check_covered
from ledger.policy.check_decided import check_decided
from ledger.policy.check_frozen import check_frozen
from ledger.policy.check_removed import check_removed
from ledger.policy.check_weakened import check_weakened
from ledger.policy.code_tree import project_prefix
from ledger.policy.finding import by_weight
from ledger.policy.history import History
from ledger.policy.judge import Verdict, judge_runs
from ledger.policy.ledgers import is_ledger_file, run_folders, touched
from ledger.policy.locate import readable_ledgers, tracked_ledgers
from ledger.policy.reading import Blobs
from ledger.policy.scene import Scene
from ledger.settings import OWN_FILE
from ledger.storage.tree import RevisionTree


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ledger.policy.finding import Finding
    from ledger.policy.ledgers import Ledger
    from ledger.settings import Settings
    from ledger.storage.differences import Difference
    from ledger.storage.git import Repository


def judge_range(  # noqa: PLR0913  # a change is judged from this many sides
    repository: Repository,
    base: str,
    head: str = "HEAD",
    *,
    mode: str | None = None,
    opt_outs: Sequence[str] = (),
    is_integrity_only: bool = False,
    is_replacing: bool = False,
) -> Verdict:
    """Return the verdict on what ``head`` brings to the branch ``base``.

    Call it with a repository of ``find_repository(folder, clean_environment(os.environ))``; no
    working tree, index or ref is touched. The policy is that of ``base``, so that no change can
    weaken what it is judged by; a project that is not there yet brings its own.

    Args:
        repository: must hold both commits and their merge base.
        base: a branch or commit; what is judged is merge-base..head.
        head: likewise.
        mode: of LED100, ``history`` or ``fresh``: whether a run that used what an earlier commit
            of the range holds covers a path too; what the settings say unless given.
        opt_outs: kinds of opt-outs that somebody gave, the first one counts; they take LED100
            findings into ``waived`` where the settings let them.
        is_integrity_only: leave LED100 out.
        is_replacing: head takes the place of base, as in a forced push: base..head is judged.

    Raises:
        LedgerError: it cannot be judged: a commit is not here, there is no common history, or
            settings do not parse.
    """
    history = History(repository, base, head, is_replacing=is_replacing)
    sides = _Sides(repository, history)
    changes = sides.changes
    found = [*check_weakened(changes, sides.before, sides.former, sides.now, sides.laws)]
    waived: list[tuple[str, Finding]] = []
    n_runs = 0
    for scene in sides.scenes():
        runs = touched(scene.runs, scene.ledger, changes)
        n_runs += len(runs)
        found += [*check_frozen(scene), *check_removed(scene), *check_attributes_removed(scene)]
        found += [*check_on_base(scene), *check_decided(scene)]
        if not is_integrity_only and not _is_moved(scene.ledger, sides.now):
            uncovered = by_weight(check_covered(scene, mode, sides.elsewhere(scene.ledger)))
            kind = next((one for one in opt_outs if one in scene.policy.require_skip), None)
            found += uncovered if kind is None else ()
            waived += [(kind, one) for one in uncovered] if kind is not None else ()
        found += judge_runs(scene, runs)
    return Verdict(
        findings=by_weight(found), n_runs=n_runs, n_changes=len(changes), waived=tuple(waived)
    )


class _Sides:
    """What a range is between: the ledgers before and now, and the policy to judge by.

    Attributes:
        blobs: the files of head.
        before: the files of the merge base.
        now: the ledgers of head.
        former: the ledgers of the merge base.
        laws: the settings to judge by, by project: those that the base has now, for a branch may
            have begun before they were written.
        changes: {path: status} of the range.
    """

    def __init__(self, repository: Repository, history: History) -> None:
        self.history = history
        self.blobs = Blobs(RevisionTree(repository, history.head))
        self.before = Blobs(RevisionTree(repository, history.base))
        self.now = tracked_ledgers(repository, self.blobs)
        self.former = readable_ledgers(repository, self.before)
        lawful = self.former
        if history.tip != history.base:
            lawful = readable_ledgers(repository, Blobs(RevisionTree(repository, history.tip)))
        self.laws = {project_prefix(ledger): ledger.settings for ledger in lawful}
        self.changes = {path: change.status for path, change in history.changes().items()}

    def scenes(self) -> Iterator[Scene]:
        """Yield the ledgers of head, and those whose settings the range takes away or moves."""
        unique: dict[str, Ledger] = {}
        for ledger in (*self.now, *self.former):
            unique.setdefault(ledger.folder, ledger)
        for ledger in unique.values():
            yield Scene(
                stage=RANGE,
                ledger=ledger,
                blobs=self.blobs,
                runs=run_folders(ledger, self.blobs.entries()),
                code=self.blobs,
                repository=self.history.repository,
                changes=self.changes,
                history=self.history,
                policy=self._policy(ledger),
            )

    def elsewhere(self, ledger: Ledger) -> Callable[[str, Difference], bool]:
        """Return whether a change of a path is no matter of the project of ``ledger``.

        Projects below it that the base has answer for themselves. One that is new answers for its
        runs alone, and a ledger that is put in the place of code for nothing that was there: both
        would be ways round.
        """
        prefix = project_prefix(ledger)
        inner = [other for other in self.laws if other != prefix and other.startswith(prefix)]
        places = (*inner, *(f"{other.folder}/" for other in self.former))
        paths = {other.settings_path for other in self.now}
        own = {path for path in paths if path.endswith(OWN_FILE)}

        def is_elsewhere(path: str, change: Difference) -> bool:
            if path.startswith(places) or path in own:
                return True
            return change.old is None and any(is_ledger_file(one, path) for one in self.now)

        return is_elsewhere

    def _policy(self, ledger: Ledger) -> Settings:
        return self.laws.get(project_prefix(ledger), ledger.settings)


def judge_revision(repository: Repository, head: str) -> Verdict:
    """Return the verdict on every run that the commit ``head`` holds.

    There is nothing to compare with, so its own settings are the policy.

    Raises:
        LedgerError: it cannot be judged: it is no commit here, or settings do not parse.
    """
    history = History(repository, head, head)
    blobs = Blobs(RevisionTree(repository, history.head))
    found: list[Finding] = []
    n_runs = 0
    for ledger in tracked_ledgers(repository, blobs):
        runs = run_folders(ledger, blobs.entries())
        scene = Scene(
            stage=TREE, ledger=ledger, blobs=blobs, runs=runs, code=blobs, repository=repository
        )
        n_runs += len(runs)
        found += judge_runs(scene, [*runs.values()])
    return Verdict(findings=by_weight(found), n_runs=n_runs)


def _is_moved(ledger: Ledger, now: Iterable[Ledger]) -> bool:
    """Whether the project of ``ledger`` has its runs elsewhere, which cover its code."""
    prefix = project_prefix(ledger)
    folders = [one.folder for one in now if project_prefix(one) == prefix]
    return bool(folders) and ledger.folder not in folders

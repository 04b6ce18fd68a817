"""``ledger commit``: exactly the code each run saw, its record and its note, one commit a run.

A private index holds what each commit is to hold; the user's index is locked meanwhile and then
follows where nothing was staged. Files of the working tree are not touched.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from pathlib import Path

from ledger.errors import LedgerError
from ledger.setup.commits.code import SeenCode
from ledger.setup.commits.history import History
from ledger.setup.commits.index import UserIndex, read_head, recover
from ledger.setup.commits.overlay import Overlays
from ledger.setup.commits.selection import Selection
from ledger.setup.commits.series import Rules, Series
from ledger.setup.look import ledger_of
from ledger.storage.git import clean_environment, find_repository, user_environment
from ledger.storage.tree import RevisionTree
from ledger.value import value
from ledger.writer.heal import heal
from ledger.writer.note_writing import write_sections


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ledger.policy.ledgers import Ledger
    from ledger.project import Project
    from ledger.setup.commits.index import Head
    from ledger.setup.commits.selection import Candidate
    from ledger.setup.commits.series import Report
    from ledger.storage.git import Repository
    from ledger.storage.tree import TreeEntry

_UNFINISHED = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
}


@value
class Request:
    """What a user asked for."""

    runs: Sequence[str] = ()
    """Run ids; empty for all that HEAD does not hold."""
    message: str | None = None
    texts: Mapping[str, str] = {}
    """What to write into unfilled sections of the notes, by section."""
    accepts: bool = False
    """Whether automatic lines of the notes become the user's own."""
    skips_hooks: bool = False
    is_dry: bool = False


@value
class Outcome:
    """How many commits were made, and how many runs could not be committed."""

    n_committed: int
    n_refused: int


def commit_runs(
    project: Project, request: Request, environ: Mapping[str, str], report: Report
) -> Outcome:
    """Commit runs of the ledger of ``project``, the oldest first.

    Args:
        project: whose ledger it is.
        request: which runs, and how.
        environ: the environment of the process.
        report: takes each commit as it is made, and lines of narration.

    Raises:
        NoLedgerError: there is no repository.
        LedgerError: a merge or the like is in progress, somebody else holds the index, or git
            refuses.
    """
    repository = find_repository(str(project.root), clean_environment(environ))
    _refuse_unfinished(repository)
    ledger = ledger_of(project, Path(repository.top))
    prefix = ledger.folder + "/"
    with _ending_in_order():
        if not request.is_dry:
            _mend(project, repository, report.tell)
        index = UserIndex(repository, read_head(repository))
        if not request.is_dry:
            index.lock()
        try:
            return _commit_all(
                _Job(
                    repository=repository,
                    ledger=ledger,
                    index=index,
                    request=request,
                    environ=user_environment(environ),
                    report=report,
                )
            )
        finally:
            with _undisturbed():
                index.bring_along(lambda path: path.startswith(prefix))


def _mend(project: Project, repository: Repository, tell: Callable[[str], None]) -> None:
    """Finish what was left half done: by a ``ledger commit`` that was killed, by runs that died."""
    if recover(repository):
        tell("a `ledger commit` was killed; the index has been brought along")
    for healed in heal(project.ledger_dir, repository):
        tell(healed.to_text())


@value
class _Job:
    repository: Repository
    ledger: Ledger
    index: UserIndex
    request: Request
    environ: Mapping[str, str]
    report: Report


def _commit_all(job: _Job) -> Outcome:
    repository, ledger, index, request = job.repository, job.ledger, job.index, job.request
    held = RevisionTree(repository, index.head.tree).entries()
    selection = Selection(repository, ledger, held, index.head, job.report.tell)
    chosen = selection.choose(request.runs, seals=not request.is_dry)
    if not chosen:
        return Outcome(n_committed=0, n_refused=selection.n_refused)
    if request.texts or request.accepts:
        _write_notes(chosen, request, job.report.tell)
    _say_detached(repository, index.head, job.report.tell)
    series = Series(
        repository=repository,
        index=index,
        held=held,
        environ=job.environ,
        rules=Rules(
            message=request.message, skips_hooks=request.skips_hooks, is_dry=request.is_dry
        ),
        report=job.report,
    )
    try:
        series.run(ledger, chosen, _overlays(job, held, chosen))
    finally:
        with _undisturbed():
            series.close()
    n_refused = selection.n_refused + series.n_refused
    return Outcome(n_committed=series.n_committed, n_refused=n_refused)


def _write_notes(
    chosen: Sequence[Candidate], request: Request, tell: Callable[[str], None]
) -> None:
    for candidate in chosen:
        try:
            write_sections(candidate.run_dir, request.texts, accepts=request.accepts)
        except LedgerError as error:
            tell(str(error))  # the run is then judged with the note as it is


def _overlays(job: _Job, held: Mapping[str, TreeEntry], chosen: Sequence[Candidate]) -> Overlays:
    ledger_dir = Path(job.repository.top, job.ledger.folder)
    staged = {path: one.new for path, one in job.index.staged.items()}
    records = [one.record for one in chosen if one.is_new]
    seen = SeenCode(job.repository, ledger_dir, records, [held, staged])
    history = History(job.repository, job.index.head, job.ledger.folder + "/")
    return Overlays(job.repository, ledger_dir, history, seen)


def _refuse_unfinished(repository: Repository) -> None:
    for name, what in _UNFINISHED.items():
        if os.path.exists(os.path.join(repository.git_dir, name)):
            message = f"{what} is in progress"
            raise LedgerError(message, hint="finish or abort it, then again", path=repository.top)


def _say_detached(repository: Repository, head: Head, tell: Callable[[str], None]) -> None:
    if head.commit and repository.ask("symbolic-ref", "--quiet", "HEAD").code:
        tell("HEAD is detached: no branch will hold these commits (git switch -c NAME keeps them)")


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end us as Ctrl-C does, so that nothing is left locked; once.

    The second signal must not end the wait for ``git commit``: one that outlives us, and finds the
    private index gone, would commit an empty tree.
    """
    heard: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        heard.append(number)
        if len(heard) == 1:
            raise KeyboardInterrupt

    known = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {one: signal.signal(one, interrupt) for one in known}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold signals back while things are put in order."""
    held = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

"""The doctor's look at the runs: readable, sealed, in their place, and on their way into git."""

from __future__ import annotations

from datetime import UTC, datetime

from ledger.contract.json_text import as_text
from ledger.contract.layout import RECORD_NAME
from ledger.policy.finding import shell_word
from ledger.reader.ledger import open_ledger
from ledger.setup import whereabouts
from ledger.setup.doctor.git import check_clock
from ledger.setup.doctor.problem import Problem, count, some
from ledger.setup.doctor.unsealed import check_unsealed
from ledger.setup.samples import below_top
from ledger.storage.git import split_z


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.project import Project
    from ledger.reader.ledger import StoredRun
    from ledger.storage.git import Repository

AREA = "runs"
DAY_S = 86400.0


def check_runs(repository: Repository, project: Project, now: float) -> Iterator[Problem]:
    """Every run of ``project`` can be read, is closed or alive, and does not wait for ever."""
    ledger = open_ledger(project, datetime.fromtimestamp(now, tz=UTC))
    for broken in ledger.broken:
        path = below_top(repository, project.root / broken.path)
        is_tracked = repository.ask("cat-file", "-e", f"HEAD:{path}").code == 0
        yield Problem(
            area=AREA,
            title=f"a record cannot be read: {broken.error.message}",
            where=path,
            why="the run answers no question, and no commit with it passes",
            fix=f"git restore --source=HEAD -- {shell_word(path)}"
            if is_tracked
            else broken.error.hint,
        )
    yield from check_unsealed(repository, project, ledger.runs)
    yield from _check_untracked(repository, project, ledger.runs, now)
    yield from _check_lost_code(repository, ledger.runs)
    newest = max(ledger.runs, key=lambda run: run.started, default=None)
    if newest is not None:
        yield from check_clock(newest.started.timestamp(), newest.run_id, now)


def _check_untracked(
    repository: Repository, project: Project, runs: Sequence[StoredRun], now: float
) -> Iterator[Problem]:
    live = whereabouts.in_live(repository)
    paths = {
        below_top(repository, project.root / run.path / RECORD_NAME): run
        for run in runs
        if run.is_sealed and run.run_id not in live and now - run.started.timestamp() > DAY_S
    }
    if not paths:
        return
    ledger = below_top(repository, project.ledger_dir)
    tracked = set(split_z(repository.git("ls-files", "-z", "--", ledger)))
    waiting = [run.run_id for path, run in paths.items() if path not in tracked]
    if waiting:
        yield Problem(
            area=AREA,
            title=f"{count(len(waiting))} older than a day, and git does not track"
            f" {'it' if len(waiting) == 1 else 'them'}",
            where=some(waiting),
            why="`git clean` would remove them, and nobody else can see them",
            fix="ledger commit",
        )


def _check_lost_code(repository: Repository, runs: Sequence[StoredRun]) -> Iterator[Problem]:
    """A dirty run that is not committed has its snapshot: else nobody can commit its code."""
    dirty = {
        run.run_id: as_text(run.record.git.get("snapshot"))
        for run in runs
        if run.is_sealed and run.record.is_dirty is not False
    }
    wanted = {run_id: commit for run_id, commit in dirty.items() if commit}
    if not wanted:
        return
    held = whereabouts.snapshots(repository)
    committed = whereabouts.in_commit(repository, "HEAD")
    lost = {
        run_id: commit
        for run_id, commit in wanted.items()
        if run_id not in held and run_id not in committed
    }
    asked = "".join(f"{commit}\n" for commit in lost.values()).encode()
    said = repository.git("cat-file", "--batch-check", stdin=asked).decode().splitlines()
    for (run_id, commit), answer in zip(lost.items(), said, strict=True):
        is_there = answer.split(" ")[1:2] == ["commit"]
        yield _lost(repository, run_id, commit if is_there else None)


def _lost(repository: Repository, run_id: str, commit: str | None) -> Problem:
    ref = f"{whereabouts.SNAPSHOTS}{run_id}"
    if commit is None:
        return Problem(
            area=AREA,
            title="the snapshot of the code of an uncommitted run is gone",
            where=ref,
            why="its code is in nothing but changes.patch, if there is one",
            fix=f"commit it by hand (git apply its changes.patch), or run again: {run_id}",
        )
    return Problem(
        area=AREA,
        title="nothing holds the snapshot of the code of an uncommitted run",
        where=ref,
        why="git removes it within weeks, and then nobody can commit the code of the run",
        fix=f"git update-ref {shell_word(ref)} {commit}",
        mend=lambda: repository.git("update-ref", ref, commit),
    )

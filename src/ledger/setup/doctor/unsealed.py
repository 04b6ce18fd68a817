"""The doctor's look at runs that nobody closed, and at runs that git took away."""

from __future__ import annotations

from ledger.capture.holder import holder_of
from ledger.capture.live import folder_here, live_homes
from ledger.capture.process import is_abandoned
from ledger.contract.layout import RECORD_NAME
from ledger.contract.record import parse_record
from ledger.errors import LedgerError
from ledger.setup.doctor.problem import Problem, count, some
from ledger.writer.heal import heal, seal_gone


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ledger.contract.record import RunRecord
    from ledger.project import Project
    from ledger.reader.ledger import StoredRun
    from ledger.storage.git import Repository

_AREA = "runs"


def check_unsealed(
    repository: Repository, project: Project, runs: Iterable[StoredRun]
) -> Iterator[Problem]:
    """No run lost its process without being sealed, and none is in the git directory only."""
    gone = {run.run_id: project.root / run.path for run in runs if is_abandoned(run.record)}
    free: list[str] = []
    held: dict[str, str] = {}
    for live, path, run_dir in _second_homes(repository, project):
        record = _record_in(live)
        if record is not None and is_abandoned(record):
            gone[live.name] = run_dir
        elif _is_away(record, run_dir):
            holder = holder_of(repository, path)
            if holder is None:
                free.append(live.name)
            else:
                held[live.name] = holder

    def mend() -> None:
        heal(project.ledger_dir, repository)
        for run_dir in gone.values():
            if (run_dir / RECORD_NAME).exists():
                seal_gone(run_dir)

    if gone:
        yield Problem(
            area=_AREA,
            title=f"{count(len(gone))} lost {'its' if len(gone) == 1 else 'their'} process",
            where=some(sorted(gone)),
            why="the record is open: no end, no summary, and a commit with it is refused",
            fix="ledger ls" if len(gone) > 1 else f"ledger seal {min(gone)}",
            mend=mend,
        )
    if free:
        yield Problem(
            area=_AREA,
            title=f"{count(len(free))} in the git directory only, and no commit can hold it there",
            where=some(free),
            why="git took the folder away while the run ran (stash, clean, checkout)",
            fix="ledger ls",
            mend=mend,
        )
    yield from map(_held, held.items())


def _held(item: tuple[str, str]) -> Problem:
    run_id, holder = item
    return Problem(
        area=_AREA,
        title=f"a run is in the git directory only, because {holder} holds its place",
        where=run_id,
        why="git would refuse to bring that back over it",
        fix=f"apply or drop {holder} (a branch: check it out), then: ledger ls",
    )


def _second_homes(repository: Repository, project: Project) -> Iterator[tuple[Path, str, Path]]:
    """Yield (second home, path relative to the top, folder) of the runs of ``project``."""
    for live, where in live_homes(repository.private_dir):
        run_dir = folder_here(where, repository.top, project.ledger_dir)
        if run_dir is not None:
            yield live, where.path, run_dir


def _is_away(record: RunRecord | None, run_dir: Path) -> bool:
    is_sealed = record is not None and "files" in record.document
    return is_sealed and not (run_dir / RECORD_NAME).exists()


def _record_in(folder: Path) -> RunRecord | None:
    try:
        return parse_record((folder / RECORD_NAME).read_bytes())
    except (OSError, LedgerError):
        return None

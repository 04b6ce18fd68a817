"""PyTorch: ``start`` for a loop of your own, which may run as many processes.

A loop logs with ``run.log`` as any program does; scalar tensors are numbers. What is added here is
that the processes of ``torchrun``, or of a process group, are one run: rank 0 owns the record, and
each further rank has a table of its own. PyTorch is never imported by a process that is alone.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
from pathlib import Path

from ledger.errors import LedgerError
from ledger.integrations.torch_ranks import SECONDS_FOR_RANK_0, Meeting, this_rank
from ledger.integrations.unrecorded import Unrecorded
from ledger.project import find_project
from ledger.storage.git import clean_environment, find_repository
from ledger.writer import current
from ledger.writer.narrate import say, warn
from ledger.writer.reopen import remember, remembered
from ledger.writer.start import starting_points
from ledger.writer.worker_files import wait_for_workers


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ledger.integrations.torch_ranks import Rank
    from ledger.writer.run import Run

SECONDS_FOR_LATE_RANKS = 10.0
"""How long rank 0 waits, when it finishes the run, for ranks that have not yet joined it."""
SECONDS_FOR_RANKS = 30.0
"""How long it then waits until those that have joined have closed their parts."""


def start(name: str, **options: Any) -> Run | Unrecorded:  # noqa: ANN401  # those of `ledger.start`
    """Start the run of this training, or this rank's part in it; see ``ledger.start``.

    Call it on every rank, under ``torchrun`` or after ``init_process_group``. Rank 0 starts the
    run, and its arguments count; each further rank gets a part with tables of its own,
    metrics.rank1.csv and so on, which rank 0 takes over when it finishes the run. When ``torchrun``
    starts the processes again, the run that they then record follows the one before, or goes on
    with it where nothing stands against that.

    A rank that cannot join, on a node that does not see the disk of rank 0, is told so once and
    trains on; what it logs is not recorded.

    Args:
        name: what the run is about.
        options: as for ``ledger.start``.

    Raises:
        LedgerError: on rank 0, as for ``ledger.start``.
    """
    rank = this_rank(os.environ)
    if rank.world == 1 and rank.job is None:
        return current.start(name, **options)
    try:
        meeting = Meeting(rank, os.environ) if rank.world > 1 else None
    except (RuntimeError, ValueError) as error:
        warn(
            f"rank {rank.number}: only rank 0 is recorded: {error}; call start after "
            "init_process_group, or use torchrun"
        )
        meeting = None
    if rank.number == 0:
        return _own(rank, meeting, name, options)
    return Unrecorded() if meeting is None else _join(rank, meeting)


def autolog(**options: Any) -> Callable[[], None]:  # noqa: ANN401, ARG001  # as other integrations have it
    """Say that a loop of one's own has no place where it could be recorded by itself."""
    say("a loop of your own in PyTorch is recorded by ledger.integrations.pytorch.start")
    return lambda: None


def _own(rank: Rank, meeting: Meeting | None, name: str, options: dict[str, Any]) -> Run:
    """Start the run that this process owns, as rank 0, and let the others know it."""
    run: Run | None = None
    folder = _folder(rank)
    before = remembered(folder) if folder is not None and rank.restarts else None
    try:
        begin = current.start if before is None else functools.partial(current.start_again, before)
        run = begin(name, **options)
    finally:
        with contextlib.suppress(RuntimeError):  # a store that fails now fails the training, too
            if meeting is not None:
                meeting.tell(None if run is None else run.id)
    if folder is not None:
        with contextlib.suppress(OSError):  # then the run of a restart does not know this one
            folder.mkdir(parents=True, exist_ok=True)
            remember(folder, run.id)
    _finish_last(run, meeting, folder)
    return run


def _join(rank: Rank, meeting: Meeting) -> Run | Unrecorded:
    worker = f"rank{rank.number}"
    try:
        run_id = meeting.ask(SECONDS_FOR_RANK_0)
        if run_id is None:
            return Unrecorded()
        run = current.join_running(run_id, worker)
        why = f"{run_id} is over, or not on a disk that this rank sees"
    except (LedgerError, RuntimeError, TimeoutError) as error:
        run, why = None, str(error)
    with contextlib.suppress(RuntimeError):
        meeting.come()
    if run is None:
        warn(f"{worker} trains on, and what it logs is not recorded: {why}")
    return run or Unrecorded()


def _finish_last(run: Run, meeting: Meeting | None, folder: Path | None) -> None:
    """Let ``run`` wait for the parts of the other ranks when it finishes; not when it fails."""
    seal = run.finish

    def finish(status: str = "finished", error: Any = None) -> None:  # noqa: ANN401
        if status == "finished" and run.is_open:
            if meeting is not None:
                _wait_for_ranks(run, meeting)
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
        seal(status, error)

    run.finish = finish  # type: ignore[method-assign]  # of this instance alone


def _wait_for_ranks(run: Run, meeting: Meeting) -> None:
    try:
        if not meeting.wait_for_others(SECONDS_FOR_LATE_RANKS):
            hint = "ledger.start records rank 0 alone"
            warn(f"{run.id}: not every rank has called start; {hint}")
    except RuntimeError:
        pass  # the store is gone, and with it the ranks that might have come
    if not wait_for_workers(run.dir, SECONDS_FOR_RANKS):
        warn(f"{run.id}: a rank has not closed its part; what it logs from now on is lost")


def _folder(rank: Rank) -> Path | None:
    """Return where the run of a training that may be started again is remembered."""
    if rank.job is None:
        return None
    try:
        project = find_project(starting_points())
        repository = find_repository(str(project.root), clean_environment(os.environ))
    except LedgerError:
        return None
    name = "".join(each if each.isalnum() else "_" for each in rank.job[:100])
    return Path(repository.private_dir, "torchrun", name)

"""The processes of a distributed search of KerasTuner: a chief that owns the run, and workers."""

from __future__ import annotations

import os
import time

from ledger.writer.current import join_running, start
from ledger.writer.narrate import say, warn
from ledger.writer.reopen import remembered
from ledger.writer.worker_files import wait_for_workers


TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from ledger.writer.run import Run

_CHIEF, _TUNER_ID = "KERASTUNER_ORACLE_IP", "KERASTUNER_TUNER_ID"
SECONDS_FOR_CHIEF = 120.0
"""How long a worker waits until the chief has attached its tuner."""
SECONDS_FOR_WORKERS = 30.0
"""How long a chief waits, when the search is over, until its workers have closed their parts."""
_PAUSE_SECONDS = 0.2


def is_worker() -> bool:
    """Whether this process asks a chief, in another one, for the trials it runs."""
    return is_distributed() and "chief" not in os.environ.get(_TUNER_ID, "")


def end_part(run: Run, *, is_part: bool) -> None:
    """See the search of this process end: a worker closes its part of ``run``, a chief waits.

    Workers are told that a search is over at about the time the chief is; a chief that sealed the
    run at once would write of them that they still run. It waits for SECONDS_FOR_WORKERS at most.
    """
    if is_part:
        run.finish()
    elif is_distributed():
        wait_for_workers(run.dir, SECONDS_FOR_WORKERS)


def join(tuner: Any, name: str, folder: Path, options: dict[str, Any]) -> Run:  # noqa: ANN401
    """Join the run that the chief of a distributed search records; without one start one."""
    deadline = time.monotonic() + SECONDS_FOR_CHIEF
    is_told = False
    while time.monotonic() < deadline:
        run_id = remembered(folder)
        run = None if run_id is None else join_running(run_id, str(tuner.tuner_id), **options)
        if run is not None:
            return run
        if not is_told:
            is_told = True
            say(f"waiting until the chief records the search, at most {SECONDS_FOR_CHIEF:.0f} s")
        time.sleep(_PAUSE_SECONDS)
    warn(f"the chief records nothing in {folder}; this worker's trials are a run of their own")
    return start(name, **options)


def is_chief_gone(error: Exception) -> bool:
    """Whether ``error`` is gRPC's word for a chief that does not answer."""
    code = getattr(error, "code", None)
    return callable(code) and getattr(code(), "name", None) == "UNAVAILABLE"


def is_distributed() -> bool:
    """Whether this process is the chief or a worker of a search of several."""
    return bool(os.environ.get(_CHIEF))

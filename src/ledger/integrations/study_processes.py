"""The processes that share a study of Optuna: one owns the run, the others join it."""

from __future__ import annotations

import contextlib
import os
import socket
import time

from ledger.writer.current import join_running, start, start_again
from ledger.writer.narrate import say, warn
from ledger.writer.one_at_a_time import one_at_a_time
from ledger.writer.worker_files import living_workers


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ledger.writer.run import Run

RUN_ID = "ledger.run_id"
"""The user attribute of a study that names the run which records it."""
SECONDS_WITHOUT_TRIAL = 30.0
"""How long a process that owns a run waits for one that has joined it, and runs no trial."""
_WORKER = "optuna-"
"""How the names of processes begin that have joined a run here."""
_UNNAMED = "no-name-"
_PAUSE_SECONDS = 0.2


def name_of(study: Any) -> str:  # noqa: ANN401
    """Return what a run of ``study`` is called: Optuna's own name for none is a long random one."""
    name = str(study.study_name)
    return "study" if name.startswith(_UNNAMED) else name


def begin_study(
    study: Any,  # noqa: ANN401
    name: str | None,
    run: Run | None,
    options: Mapping[str, Any],
) -> tuple[Run, bool]:
    """Return the run to record ``study`` into, and whether another process owns it.

    Args:
        study: whose user attribute leads to the run that records it.
        name: of a new run; the study's own where it is None.
        run: an open run to use instead.
        options: of a new run, as for ``ledger.start``.

    Raises:
        LedgerError: as for ``ledger.start``.
    """
    name = name or name_of(study)
    # two processes that begin at once must not both find that nobody records the study
    with one_at_a_time(f"optuna study {study.study_name}"):
        known = study.user_attrs.get(RUN_ID)
        if run is None and known is not None:
            worker = f"{_WORKER}{socket.gethostname().partition('.')[0]}-{os.getpid()}"
            part = join_running(str(known), worker, **options)
            if part is not None:
                return part, True
        if run is None:
            run = start(name, **options) if known is None else start_again(known, name, **options)
        try:
            study.set_user_attr(RUN_ID, run.id)
        except Exception as error:  # noqa: BLE001  # of whichever storage; the study goes on
            warn(f"{run.id}: further processes of the study record runs of their own: {error}")
        return run, False


def end_part(run: Run, study: Any, *, is_part: bool) -> None:  # noqa: ANN401
    """See this process come to the end of ``optimize``.

    One that has joined the run ends its part. The owner waits until the others have: what they
    record after its seal is lost. It waits no longer than SECONDS_WITHOUT_TRIAL for processes that
    run no trial of ``study``, and Ctrl-C ends the wait.
    """
    if is_part:
        run.finish()
        return
    with contextlib.suppress(KeyboardInterrupt):
        idle_since, is_told = time.monotonic(), False
        while time.monotonic() - idle_since < SECONDS_WITHOUT_TRIAL and _waits_for(run):
            if not is_told:
                say(f"{run.id}: waiting for other processes of the study; Ctrl-C goes on without")
                is_told = True
            if _runs_trial(study):
                idle_since = time.monotonic()
            time.sleep(_PAUSE_SECONDS)


def _runs_trial(study: Any) -> bool:  # noqa: ANN401
    """Whether a process runs a trial of ``study``, as far as its storage still says."""
    try:
        return any(trial.state.name == "RUNNING" for trial in study.get_trials(deepcopy=False))
    except Exception:  # noqa: BLE001  # of whichever storage; the study itself has ended well
        return False


def _waits_for(run: Run) -> bool:
    """Whether another process still writes its part; a run may have parts that are no study's."""
    return run.is_open and any(
        each.name.startswith(_WORKER) and each.document.get("pid") != os.getpid()
        for each in living_workers(run.dir)
    )

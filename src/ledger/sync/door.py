"""The Python door: ``log_to_mlflow`` and ``log_to_wandb`` for a run that has just ended.

The training is over and its record is safe: what cannot be sent is said on stderr in one line, and
stops nothing. ``ledger sync`` sends it later, and fails with an exit code.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from ledger.contract.json_text import as_object, as_text
from ledger.contract.layout import RECORD_NAME
from ledger.contract.record import RunRecord, parse_record
from ledger.errors import LedgerError, UnknownNameError
from ledger.project import Project, find_project
from ledger.reader.ledger import Ledger, StoredRun, open_ledger
from ledger.reader.reference import find_run
from ledger.reader.source import DiskSource
from ledger.reader.times import parse_time
from ledger.settings import OWN_FILE, Settings
from ledger.sync.mlflow import experiment_of, open_mlflow
from ledger.sync.plan import plan_run
from ledger.sync.sent_file import one_at_a_time, private_folder
from ledger.sync.wandb import open_wandb
from ledger.writer.narrate import say, warn
from ledger.writer.run import Run
from ledger.writer.start import starting_points


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from ledger.sync.outcome import Sent
    from ledger.sync.plan import Plan

    RunInfo: TypeAlias = Mapping[str, object] | Run | RunRecord | str | os.PathLike[str]


def log_to_mlflow(
    run_info: RunInfo,
    *,
    tracking_uri: str | None = None,
    experiment: str | None = None,
    with_artifacts: bool = True,
) -> Sent | None:
    """Send a finished run to MLflow: params, every row, tags, note, environment, what it made.

    Called again for the same run it adds nothing.

    Args:
        run_info: what ``log_run`` returned, a ``Run``, a run id, or a run's folder.
        tracking_uri: the server; None for ``mlflow.set_tracking_uri`` or MLFLOW_TRACKING_URI.
        experiment: its name there; None for MLFLOW_EXPERIMENT_NAME, else the project's name.
        with_artifacts: whether the model and whatever else the run made is sent too.

    Returns:
        What was sent; None where nothing could be, and stderr says why.
    """

    def send(plan: Plan, _: str | None) -> Sent:
        with open_mlflow(tracking_uri, experiment_of(experiment, plan.project)) as target:
            return target.send(plan, with_models=with_artifacts, is_dry=False)

    return _sent(run_info, "MLflow", send)


def log_to_wandb(
    run_info: RunInfo, *, project: str | None = None, with_artifacts: bool = True
) -> Sent | None:
    """Send a finished run to Weights & Biases; arguments and answer as for ``log_to_mlflow``.

    Args:
        run_info: what ``log_run`` returned, a ``Run``, a run id, or a run's folder.
        project: its name there; None for WANDB_PROJECT, else the project's name.
        with_artifacts: whether the model and whatever else the run made is sent too.
    """

    def send(plan: Plan, folder: str | None) -> Sent:
        name = project or os.environ.get("WANDB_PROJECT") or plan.project
        with open_wandb(name, folder) as target:
            return target.send(plan, with_models=with_artifacts, is_dry=False)

    return _sent(run_info, "Weights & Biases", send)


def find_info(run_info: RunInfo) -> tuple[Ledger, StoredRun]:
    """Return the run that ``run_info`` means, and the ledger that holds it.

    A record that no ledger here holds, as ``log_run`` leaves one without a project, is a ledger of
    its own.

    Raises:
        LedgerError: there is no such run, or it is still being recorded.
    """
    if isinstance(run_info, Run):
        if run_info.is_open:
            message = f"{run_info.id} is still being recorded"
            raise LedgerError(message, hint="call its finish() first")
        return _in_folder(run_info.dir)
    document = run_info.document if isinstance(run_info, RunRecord) else run_info
    if isinstance(document, Mapping):
        return _of_document(document)
    path = Path(document)
    if (path / RECORD_NAME).is_file():
        return _in_folder(path)
    ledger = _ledger_of(starting_points())
    return ledger, find_run(ledger, os.fspath(document))


def _sent(run_info: RunInfo, tracker: str, send: Callable[[Plan, str | None], Sent]) -> Sent | None:
    try:
        ledger, run = find_info(run_info)
        plan = plan_run(ledger, run)
        folder = private_folder(ledger.project)
        with one_at_a_time(folder):
            sent = send(plan, folder)
    except LedgerError as error:
        warn(f"nothing was sent to {tracker}: {error}")
        return None
    except OSError as error:
        warn(f"nothing was sent to {tracker}: {error.filename}: {error.strerror}")
        return None
    for note in sent.notes:
        warn(f"{sent.run_id}: {note}")
    where = f": {sent.where}" if sent.where else ""
    say(f"[OK] {sent.run_id} {sent.state} in {tracker}{where}")
    return sent


def _of_document(document: Mapping[str, object]) -> tuple[Ledger, StoredRun]:
    run_id = document.get("run_id")
    if not isinstance(run_id, str):
        message = "run_info has no run_id"
        raise LedgerError(message, hint="give what log_run returned, a run id or a folder")
    try:
        ledger = _ledger_of(starting_points())
        return ledger, ledger.load(run_id)
    except LedgerError as error:
        outputs = as_object(as_object(document.get("artifacts")).get("output"))  # type: ignore[arg-type]  # JSON
        folder = as_text(outputs.get("path"))
        if folder is not None and (Path(folder) / RECORD_NAME).is_file():
            return _alone(Path(folder))
        message = f"no run is called {run_id!r}"
        raise UnknownNameError(message, hint="give its folder") from error


def _in_folder(folder: Path) -> tuple[Ledger, StoredRun]:
    """Return the run whose record lies in ``folder``; the one in the ledger where it has one."""
    record = parse_record((folder / RECORD_NAME).read_bytes())
    try:
        ledger = _ledger_of([folder, *starting_points()])
        return ledger, ledger.load(record.run_id)
    except LedgerError:
        return _alone(folder)


def _alone(folder: Path) -> tuple[Ledger, StoredRun]:
    folder = folder.absolute()
    record = parse_record((folder / RECORD_NAME).read_bytes())
    started = parse_time(record.started)
    if started is None:
        message = f"{record.started!r} is no date"
        raise LedgerError(message, hint="mend timestamp.start", path=folder / RECORD_NAME)
    project = Project(root=folder, settings=Settings(), settings_path=folder / OWN_FILE)
    ledger = Ledger(project, DiskSource(str(folder), project.settings.dir), datetime.now(tz=UTC))
    names = tuple(sorted(os.listdir(folder)))
    return ledger, StoredRun(record=record, path=".", names=names, started=started)


def _ledger_of(starts: list[Path]) -> Ledger:
    return open_ledger(find_project(starts), datetime.now(tz=UTC))

"""Finished runs in MLflow: an MLflow run for each, found again by the tag ``ledger.run_id``.

A tag with the digest of all that was sent is written last: a run that has it is whole, and a second
sync of it sends nothing. Times come from the record, so that a number is the same one every time.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from ledger.contract.redaction import strip_user_info
from ledger.errors import LedgerError
from ledger.sync.guest import load, reason, settled, told
from ledger.sync.mlflow_names import fitting_names
from ledger.sync.mlflow_subject import DIGEST, PARENT, RUN_ID, TRIAL, Sender
from ledger.sync.outcome import Sent


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ledger.sync.files import Model
    from ledger.sync.mlflow_subject import Client, Existing
    from ledger.sync.plan import Plan

_URI = "MLFLOW_TRACKING_URI"
_EXPERIMENT = "MLFLOW_EXPERIMENT_NAME"
_SQLITE = "sqlite:///"
_UPLOADED = "ledger.uploaded."
_PAGE = 1000
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
# By default a server that is down is asked for four minutes; one that answered may be busy.
_IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
_PATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "4"}
_LOGGERS = ("mlflow", "alembic", "urllib3.connectionpool")


class MlflowTarget:
    """One experiment of an MLflow server.

    Args:
        client: of the server.
        experiment: its name.
        experiment_id: None where it is not there yet.
        shown: the server's address, without credentials.
        artifacts: where a new experiment keeps its files; None where the server knows.
    """

    def __init__(
        self,
        client: Client,
        experiment: str,
        experiment_id: str | None,
        shown: str,
        artifacts: str | None,
    ) -> None:
        self._client = client
        self._experiment = experiment
        self._experiment_id = experiment_id
        self._shown = shown
        self._artifacts = artifacts

    def send(self, plan: Plan, *, with_models: bool, is_dry: bool) -> Sent:
        """Send ``plan``, or what of it is not there yet.

        Args:
            plan: the run.
            with_models: whether what it made is sent too, not only its record.
            is_dry: whether to write nothing.

        Raises:
            LedgerError: the server refused something or is gone; the run there is not marked whole.
        """
        with told(f"{plan.run_id} could not be sent to {self._shown}", "sync it again later"):
            found = self._find(plan.run_id)
            models, notes = _sendable(plan, found, is_wanted=with_models)
            there = found.info.run_id if found is not None else None
            is_whole = found is not None and found.data.tags.get(DIGEST) == plan.digest
            sent = Sent(
                run_id=plan.run_id,
                state="unchanged",
                there=there,
                n_points=0,
                n_trials=len(plan.trials),
                where=self._address(there),
                notes=notes,
            )
            if is_whole and not models:
                return sent
            fields = {name: getattr(sent, name) for name in ("run_id", "n_trials")}
            if is_dry:
                return Sent(
                    **fields,
                    state="would send" if found is None else "would update",
                    there=there,
                    n_points=0 if is_whole else plan.n_points,
                    where=sent.where,
                    notes=(*plan.warnings, *notes),
                )
            run_id, n_points, more = self._write(plan, found, models)
            return Sent(
                **fields,
                state="sent" if found is None else "updated",
                there=run_id,
                n_points=n_points,
                where=self._address(run_id),
                notes=(*plan.warnings, *more, *notes),
            )

    def _find(self, run_id: str) -> Existing | None:
        """Return the run that was made of ``run_id``, the first one of several."""
        if self._experiment_id is None:
            return None
        found = self._client.search_runs(
            [self._experiment_id],
            f"tags.`{RUN_ID}` = '{run_id}'",  # an id holds no quotes
            order_by=["attributes.start_time ASC"],
        )
        whole = [run for run in found if DIGEST in run.data.tags]
        return next(iter([*whole, *found]), None)

    def _write(
        self, plan: Plan, found: Existing | None, models: tuple[Model, ...]
    ) -> tuple[str, int, tuple[str, ...]]:
        """Write what is new; return the id, how many numbers were new, and notes."""
        if self._experiment_id is None:
            self._experiment_id = self._client.create_experiment(
                self._experiment, artifact_location=self._artifacts
            )
        sender = Sender(self._client, self._experiment_id)
        run_id = sender.send(plan.run, found, _tags_of(plan))
        held = {} if found is None else self._trials(run_id)
        for trial in plan.trials:
            mine = held.get(trial.trial_id or "")
            tags = {PARENT: run_id, TRIAL: trial.trial_id or "", "mlflow.runName": trial.name}
            sender.send_whole(trial, mine, tags)
        sender.end(run_id, plan.run)
        notes = [*sender.notes, *self._upload(plan, run_id, models)]
        sender.mark(run_id, plan.digest)
        return run_id, sender.n_points, tuple(notes)

    def _trials(self, parent: str) -> dict[str, Existing]:
        """Return the runs made of the trials of ``parent``, by trial."""
        found: dict[str, Existing] = {}
        token = None
        while True:
            page = self._client.search_runs(
                [self._experiment_id or ""],
                f"tags.`{PARENT}` = '{parent}'",
                max_results=_PAGE,
                page_token=token,
            )
            found |= {run.data.tags[TRIAL]: run for run in page if TRIAL in run.data.tags}
            token = page.token
            if not token:
                return found

    def _upload(self, plan: Plan, run_id: str, models: tuple[Model, ...]) -> Iterator[str]:
        """Store the record's files and ``models``; yield a line for each that could not be."""
        with tempfile.TemporaryDirectory() as folder:
            for each in plan.files:
                Path(folder, each.path).write_bytes(each.data)
            self._client.log_artifacts(run_id, folder)
        names = fitting_names(model.name for model in models)
        for model in models:
            try:
                for file, place in model.files():
                    below = f"artifacts/{names[model.name]}/{place}".rpartition("/")[0]
                    self._client.log_artifact(run_id, str(file), below)
            except OSError as error:
                yield f"artifact {model.name}: {reason(error)}"
                continue
            self._client.set_tag(run_id, f"{_UPLOADED}{names[model.name]}", model.hash)

    def _address(self, run_id: str | None) -> str:
        is_server = self._shown.startswith(("http://", "https://"))
        if run_id is None or not is_server:
            return ""
        return f"{self._shown.rstrip('/')}/#/experiments/{self._experiment_id}/runs/{run_id}"


@contextlib.contextmanager
def open_mlflow(uri: str | None, experiment: str) -> Iterator[MlflowTarget]:
    """Yield the experiment of the server at ``uri``; it is made when the first run is sent.

    Args:
        uri: the server; None for what MLFLOW_TRACKING_URI or ``mlflow.set_tracking_uri`` say.
        experiment: its name there.

    Raises:
        LedgerError: MLflow is not installed, no server is named, it does not answer, or the
            experiment is deleted.
    """
    # the import sets the levels of MLflow's loggers: theirs are set after it
    with settled(_QUIET), contextlib.nullcontext(load("mlflow")) as library, settled({}, _LOGGERS):
        address = uri or _ambient()
        shown = strip_user_info(address)
        hint = "is the server up, and the address right? --tracking-uri names another"
        with settled(_IMPATIENT), told(f"MLflow at {shown} cannot be used", hint):
            client = library.MlflowClient(tracking_uri=address)
            found = client.get_experiment_by_name(experiment)
        if found is not None and found.lifecycle_stage != "active":
            message = f"the experiment {experiment!r} is deleted there"
            restore = f"mlflow experiments restore --experiment-id {found.experiment_id}"
            raise LedgerError(message, hint=f"`{restore}`, or name another with --experiment")
        experiment_id = None if found is None else found.experiment_id
        with settled(_PATIENT):
            artifacts = _beside_database(address)
            yield MlflowTarget(client, experiment, experiment_id, shown, artifacts)


def experiment_of(named: str | None, project: str) -> str:
    """Return the experiment: ``named``, what the environment says, else the project's name."""
    return named or os.environ.get(_EXPERIMENT) or project


def _ambient() -> str:
    tracking = load("mlflow.tracking")
    if not tracking.is_tracking_uri_set():
        message = "no MLflow server is named"
        hint = f"give --tracking-uri, or set {_URI}"
        raise LedgerError(message, hint=hint)
    return str(tracking.get_tracking_uri())


def _beside_database(address: str) -> str | None:
    """Return where files go beside a database in a file; MLflow's own word is the working folder.

    None for anything else: a server has a place of its own.
    """
    file = address.removeprefix(_SQLITE)
    if file in {address, "", ":memory:"}:
        return None
    return (Path(file.partition("?")[0]).absolute().parent / "mlruns").as_uri()


def _sendable(
    plan: Plan, found: Existing | None, *, is_wanted: bool
) -> tuple[tuple[Model, ...], tuple[str, ...]]:
    """Return the models that are to be sent and are not there yet, and why others cannot be."""
    if not is_wanted:
        return (), ()
    names = fitting_names(model.name for model in plan.models)
    held: Mapping[str, str] = {} if found is None else found.data.tags
    new = [
        model
        for model in plan.models
        if not model.is_place
        and (not model.hash or held.get(f"{_UPLOADED}{names[model.name]}") != model.hash)
    ]
    reasons = {model.name: model.why_not() for model in new}
    notes = tuple(f"artifact {name} {why}: not sent" for name, why in reasons.items() if why)
    return tuple(model for model in new if reasons[model.name] is None), notes


def _tags_of(plan: Plan) -> dict[str, str]:
    """Return the tags of the run itself, MLflow's own among them."""
    said = plan.run.tags
    command = said.get("ledger.command", "")
    own = {
        RUN_ID: plan.run_id,
        "mlflow.runName": plan.run_id,
        "mlflow.note.content": plan.note,
        "mlflow.source.name": command,
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": said.get("git.commit", ""),
        "mlflow.source.git.branch": said.get("git.branch", ""),
        "mlflow.source.git.repoURL": said.get("git.remote", ""),
    }
    models = {
        f"ledger.artifact.{model.name}": f"{model.path} {model.hash}".strip()
        for model in plan.models
    }
    return {key: text for key, text in own.items() if text} | models

"""Finished runs in Weights & Biases: a run there for each, its id made of ours.

It cannot be asked offline what is there, and appending to a run loses rows. So what was sent is
remembered in the git directory; an id is used once; a run that has changed, or whose sending broke
off, is sent whole under a new id, ``<id>-r2``. Nothing of the machine that sends is captured.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from pathlib import Path

from ledger.errors import LedgerError
from ledger.sync.guest import load, settled, told
from ledger.sync.outcome import Sent
from ledger.sync.sent_file import Remembered, SentFile
from ledger.sync.wandb_rows import history_of


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeAlias

    from ledger.sync.files import Model
    from ledger.sync.outcome import State
    from ledger.sync.plan import Plan
    from ledger.sync.subject import Subject

    Library: TypeAlias = Any
    """wandb, whose types are not asked for where it is not installed; so for its run."""
    Live: TypeAlias = Any

MAX_ID = 64
MAX_LABEL = 64
_MAX_PROJECT = 128
_QUIET = {"WANDB_ERROR_REPORTING": "false", "WANDB_SILENT": "true"}
_LOGGERS = ("wandb", "urllib3.connectionpool")
_OURS = "ledger"
_EXIT_CODES = {"finished": 0, "interrupted": 130}
"""What a process that ended so returns; 1 for any other end."""
_DIGITS = 8


class WandbTarget:
    """One project of Weights & Biases.

    Args:
        library: wandb itself.
        project: its name.
        is_offline: whether files are written that ``wandb sync`` sends later.
        folder: where those files are written, in a folder ``wandb``.
        sent: what was sent before.
    """

    def __init__(
        self, library: Library, project: str, *, is_offline: bool, folder: str, sent: SentFile
    ) -> None:
        self._library = library
        self._project = project
        self._is_offline = is_offline
        self._folder = folder
        self._sent = sent

    def send(self, plan: Plan, *, with_models: bool, is_dry: bool) -> Sent:
        """Send ``plan`` unless it was sent as it is; arguments and errors as for MLflow."""
        with told(f"{plan.run_id} could not be sent to Weights & Biases", "sync it again later"):
            models, notes = _sendable(plan) if with_models else ((), ())
            held = self._sent.get(plan.run_id)
            is_whole = held is not None and held.digest == plan.digest
            if held is not None and is_whole and _marks(models) <= {*held.models}:
                return self._told(plan, held, "unchanged", 0, notes)
            if is_dry:
                state: State = "would send" if held is None else "would update"
                return self._told(plan, held, state, plan.n_points, (*plan.warnings, *notes))
            return self._write(plan, held, models, notes)

    def _write(
        self,
        plan: Plan,
        held: Remembered | None,
        models: tuple[Model, ...],
        notes: tuple[str, ...],
    ) -> Sent:
        n_points = 0
        for trial in plan.trials:
            key = f"{plan.run_id}#{trial.trial_id}"
            known = self._sent.get(key)
            if known is None or known.digest != trial.digest:
                self._send(plan, trial, key, trial.digest, ())
                n_points += trial.n_points
        entry = self._send(plan, plan.run, plan.run_id, plan.digest, models)
        n_points += plan.run.n_points
        again = () if held is None else (f"sent whole as {entry.id}; {held.id} is an older state",)
        state: State = "sent" if held is None else "updated"
        return self._told(plan, entry, state, n_points, (*plan.warnings, *again, *notes))

    def _send(
        self, plan: Plan, subject: Subject, key: str, digest: str, models: tuple[Model, ...]
    ) -> Remembered:
        """Send one subject under an id that was never used, and remember it."""
        held = self._sent.get(key)
        entry = Remembered(id=_next_id(key, held), digest=None, where="")
        run = self._library.init(**self._options(plan, subject, entry.id))
        code = 1
        try:
            self._sent.put(key, entry)  # not before: a key that is refused uses no id up
            _log(run, subject)
            if subject.trial_id is None:
                _save(run, plan, models)
            where = str(run.settings.sync_dir if self._is_offline else run.url)
            code = _EXIT_CODES.get(subject.status, 1)
        finally:
            run.finish(exit_code=code)
        marks = tuple(sorted(_marks(models)))
        entry = Remembered(id=entry.id, digest=digest, where=where, models=marks)
        self._sent.put(key, entry)
        return entry

    def _options(self, plan: Plan, subject: Subject, run_id: str) -> dict[str, object]:
        """Return the arguments of ``wandb.init``: the record's facts, none of this process."""
        is_trial = subject.trial_id is not None
        kind = "trial" if is_trial else "sweep" if plan.trials else "train"
        labels = [label[:MAX_LABEL] for label in (plan.branch, *plan.labels) if label]
        settings = self._library.Settings(
            console="off",
            disable_code=True,
            disable_git=True,
            host="",
            program=subject.tags.get("ledger.command", "ledger"),
            root_dir=self._folder,
            save_code=False,
            silent=True,
            x_disable_machine_info=True,
            x_disable_meta=True,
            x_disable_stats=True,
            x_save_requirements=False,
        )
        return {
            "id": run_id,
            "name": subject.name,
            "project": self._project,
            "group": plan.run_id if plan.trials else None,
            "job_type": kind,
            "notes": None if is_trial else plan.note,
            "tags": list(dict.fromkeys(labels)),
            "config": _config(plan, subject),
            "resume": "never",
            "reinit": "create_new",
            "mode": "offline" if self._is_offline else "online",
            "settings": settings,
        }

    def _told(
        self,
        plan: Plan,
        held: Remembered | None,
        state: State,
        n_points: int,
        notes: tuple[str, ...],
    ) -> Sent:
        return Sent(
            run_id=plan.run_id,
            state=state,
            there=None if held is None else held.id,
            n_points=n_points,
            n_trials=len(plan.trials),
            where="" if held is None else held.where,
            notes=notes,
        )


@contextlib.contextmanager
def open_wandb(project: str, folder: str | None) -> Iterator[WandbTarget]:
    """Yield the project ``project`` of Weights & Biases.

    WANDB_MODE says whether it is sent or written to files; WANDB_DIR where the files go.

    Args:
        project: its name there.
        folder: our part of the git directory; None without git.

    Raises:
        LedgerError: wandb is not installed, no key is known, or the project cannot be called so.
    """
    bad = next((char for char in project if char in "/\\#?%:"), None)
    if bad is not None or not 0 < len(project) <= _MAX_PROJECT:
        message = f"{project!r} cannot be a project of Weights & Biases"
        raise LedgerError(message, hint=r"use --project, up to 128 characters without /\#?%:")
    mode = os.environ.get("WANDB_MODE") or "online"
    if mode == "disabled":
        message = "WANDB_MODE is disabled: nothing would be sent"
        raise LedgerError(message, hint="unset it, or set WANDB_MODE=offline")
    is_offline = mode in {"offline", "dryrun"}
    with settled(_QUIET, _LOGGERS):
        library = load("wandb")
        if not is_offline and not library.login(prompt=False, verify=False):
            message = "no key of Weights & Biases is known here"
            hint = "run `wandb login`, or set WANDB_MODE=offline to write files for `wandb sync`"
            raise LedgerError(message, hint=hint)
        entity = os.environ.get("WANDB_ENTITY", "")
        sent = SentFile(folder, f"wandb:{entity}/{project}" + (":offline" if is_offline else ""))
        files = os.environ.get("WANDB_DIR") or folder or os.getcwd()
        with told(f"the files below {files} cannot be written", "mend that, or set WANDB_DIR"):
            tempfile.TemporaryFile(dir=files).close()  # wandb itself would silently go elsewhere
        yield WandbTarget(library, project, is_offline=is_offline, folder=files, sent=sent)


def wandb_id(key: str, revision: int = 1) -> str:
    """Return the id of the subject ``key`` there: at most 64 characters, none that it refuses.

    Args:
        key: a run id, or ``<run id>#<trial id>``.
        revision: from 1; each has an id of its own.
    """
    plain = re.sub(r"[^A-Za-z0-9._-]", "-", key)
    end = f"-r{revision}" if revision > 1 else ""
    if plain != key or len(plain) + len(end) > MAX_ID:
        mark = "-" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
        plain = plain[: MAX_ID - len(mark) - len(end)] + mark
    return plain + end


def _next_id(key: str, held: Remembered | None) -> str:
    if held is None:
        return wandb_id(key)
    found = re.search(r"-r([0-9]{1,9})$", held.id)
    number = int(found[1]) if found and held.id == wandb_id(key, int(found[1])) else 1
    return wandb_id(key, number + 1)


def _config(plan: Plan, subject: Subject) -> dict[str, object]:
    """Return the params, nested as they were, and what the record says besides."""
    config = dict(plan.config) if subject.trial_id is None else {}
    params = {} if subject.trial_id is None else dict(subject.params)
    said = {
        "git_commit": plan.run.tags.get("git.commit"),
        "git_dirty": plan.run.tags.get("git.dirty"),
        "python_version": plan.environment.get("python"),
    }
    about: dict[str, object] = {
        **plan.run.tags,
        **subject.tags,
        "ledger.run_id": plan.run_id,
        "ledger.status": subject.status,
        "ledger.started_ms": subject.started_ms,
        "ledger.ended_ms": subject.ended_ms,
        "environment": dict(plan.environment),
        "artifacts": {model.name: f"{model.path} {model.hash}".strip() for model in plan.models},
    }
    name = _OURS
    while name in config or name in params:
        name += "_"
    return {**said, **config, **params, name: about}


def _log(run: Live, subject: Subject) -> None:
    """Log the rows in rising steps, one call for each, then what stands for the whole."""
    history = history_of(subject.rows)
    for name, axis in history.axes.items():
        run.define_metric(name, step_metric=axis)
    for step, values in history.rows:
        run.log(values, step=step)
    for name, number in subject.finals.items():
        run.summary[name] = number
    for best in subject.best:
        run.summary[f"best/{best.metric}"] = best.number
        run.summary[f"best/{best.metric}_step"] = best.step


def _save(run: Live, plan: Plan, models: tuple[Model, ...]) -> None:
    """Put the record's files, and what the run made, beside the run."""
    folder = Path(run.dir, _OURS)
    folder.mkdir(parents=True)
    for each in plan.files:
        (folder / each.path).write_bytes(each.data)
        run.save(str(folder / each.path), base_path=run.dir, policy="now")
    for number, model in enumerate(models, 1):
        below = folder / "artifacts" / (re.sub(r"[^\w.-]", "_", model.name) or str(number))
        for file, place in model.files():
            copy = below / place
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.symlink_to(file.resolve())
            run.save(str(copy), base_path=run.dir, policy="now")


def _sendable(plan: Plan) -> tuple[tuple[Model, ...], tuple[str, ...]]:
    wanted = [model for model in plan.models if not model.is_place]
    reasons = {model.name: model.why_not() for model in wanted}
    notes = tuple(f"artifact {name} {why}: not sent" for name, why in reasons.items() if why)
    return tuple(model for model in wanted if reasons[model.name] is None), notes


def _marks(models: tuple[Model, ...]) -> set[str]:
    return {f"{model.name} {model.hash}" for model in models}

"""Lightning: ``LedgerLogger`` records what a trainer logs as a run.

Lightning is imported, as ``lightning`` or as ``pytorch_lightning``, when ``LedgerLogger`` is first
asked for. The run starts when a training begins: its hyperparameters are known by then.
"""

from __future__ import annotations

import functools
import os
import sys
import weakref
from datetime import UTC, datetime
from importlib import import_module
from types import SimpleNamespace

from ledger.contract.config import to_json
from ledger.contract.json_text import as_object
from ledger.contract.layout import encode_token, make_run_id
from ledger.contract.redaction import redact_text
from ledger.integrations.framework import needs, run_or_name
from ledger.integrations.recording import recording
from ledger.writer.current import give_signals_back, join_running, start, take_signals
from ledger.writer.join import RUN_ID
from ledger.writer.narrate import warn
from ledger.writer.scalars import position
from ledger.writer.seal import outcome


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Self

    from ledger.writer.run import Run

_PACKAGES = ("lightning.pytorch", "pytorch_lightning")
_MARK = "_ledger_records"
_TOKEN_BYTES = 5


def __getattr__(name: str) -> Any:  # noqa: ANN401  # PEP 562
    if name == "LedgerLogger":
        return _logger_class()
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return ["LedgerLogger", "autolog"]


def autolog(**options: Any) -> Callable[[], None]:  # noqa: ANN401  # those of `ledger.start`
    """Record every ``Trainer.fit`` from now on, except where a ``LedgerLogger`` does it already.

    Args:
        options: of new runs, as for ``ledger.start``.

    Returns:
        what takes it back.
    """
    undo = [_record_fits(name, options) for name in _PACKAGES if name in sys.modules]

    def take_back() -> None:
        for each in undo:
            each()

    return take_back


@functools.cache
def _logger_class() -> type:
    names = sorted(_PACKAGES, key=lambda name: name not in sys.modules)
    try:
        base = import_module(names[0]).loggers.Logger
    except ImportError:
        with needs("lightning"):
            base = import_module(names[1]).loggers.Logger

    class LedgerLogger(_Recorder, base):  # type: ignore[misc, valid-type]  # whichever Lightning there is
        """Records what the trainer logs, on rank 0.

        One logger is one run. It starts with the first ``fit``, ``validate`` or ``test``, and what
        these log belongs to it, until ``logger.experiment.finish()`` or the end of the process; an
        exception or Ctrl-C in the trainer ends it at once. Rows carry Lightning's ``step`` and
        ``epoch``; what ``test`` finds is stated as final metrics.

        Args:
            run: the name of a new run; or an open one, which stays yours to finish.
            save_dir: below it Lightning keeps checkpoints, in ``<name>/<run id>``; its
                ``default_root_dir`` where it is None.
            start_options: of a new run, as for ``ledger.start``. Without ``config`` it is the
                hyperparameters that Lightning logs; without ``objective`` what a checkpoint
                callback, or early stopping, monitors.
        """

    LedgerLogger.__qualname__ = "LedgerLogger"  # found by it when it is sent to another process
    return LedgerLogger


class _Recorder:
    """What ``LedgerLogger`` does, whichever Lightning it is for."""

    def __init__(
        self,
        run: Run | str,
        *,
        save_dir: str | os.PathLike[str] | None = None,
        **start_options: Any,  # noqa: ANN401
    ) -> None:
        super().__init__()
        self._run, name = run_or_name(run)
        self._is_ours = self._run is None
        if self._run is None:
            self._name = str(name)
            self._id = str(start_options.pop("run_id", None) or _new_id(self._name))
        else:
            self._name, self._id = str(self._run.document["name"]), self._run.id
        self.is_in_paths = True
        """Whether Lightning may name the folder of checkpoints after the run."""
        self._options = start_options
        self._save_dir = None if save_dir is None else os.fspath(save_dir)
        self._hyperparameters: dict[str, Any] = {}
        self._trainer: Callable[[], Any] = _nothing
        self._last = {"step": -1, "epoch": -1}
        self._offset = {"step": 0, "epoch": 0}
        self._names: dict[str, str] = {}
        self._unhashed: dict[str, str] = {}

    @property
    def name(self) -> str:
        """The name of the run."""
        return self._name if self.is_in_paths else ""

    @property
    def version(self) -> str:
        """The id of the run, also before it has started."""
        return self._id if self.is_in_paths else ""

    @property
    def save_dir(self) -> str | None:
        """Where Lightning keeps checkpoints, None for its own default."""
        return self._save_dir

    @property
    def experiment(self) -> Any:  # noqa: ANN401  # a run, or nothing, that looks like one
        """The run; it starts when something is asked of it. On other ranks than 0 nothing."""
        return _Lazy(self) if _is_rank_zero() else _Nothing()

    def log_hyperparams(self, params: Any, *_: Any, **__: Any) -> None:  # noqa: ANN401
        """Take hyperparameters: the config of the run, if it has not started yet."""
        given = _as_config(params)
        self._hyperparameters |= given
        if self._run is not None and _is_rank_zero():
            known = as_object(as_object(self._run.document.get("config")).get("resolved"))
            new = sorted(key for key, item in given.items() if known.get(key) != item)
            if new and self._run.is_open:
                told = f"{', '.join(new)} came after its start: not recorded in its config"
                warn(f"{self._run.id}: {told}")

    def log_graph(self, model: Any, input_array: Any = None) -> None:  # noqa: ANN401, ARG002
        """See the trainer begin: hyperparameters are told, its signal handlers come next."""
        if not _is_rank_zero():
            return
        trainer = getattr(model, "_trainer", None)
        self._trainer = _nothing if trainer is None else weakref.ref(trainer)
        doing = _doing(trainer)
        if doing == "predict" or trainer is None:
            return
        self.started()
        is_anew = not trainer.global_step and not trainer.ckpt_path
        if doing == "fit" and is_anew:  # another training: its rows are not those of the first
            self._offset = {name: last + 1 for name, last in self._last.items()}
        give_signals_back()

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Write a row; what ``test`` finds is stated."""
        trainer = self._trainer()
        if not _is_rank_zero() or getattr(trainer, "sanity_checking", False):
            return
        run = self.started()
        take_signals()
        row = dict(metrics)
        if _doing(trainer) == "test" and "epoch" in row:  # not of a single batch
            run.final({name: item for name, item in row.items() if name != "epoch"})
            return
        if step is not None:
            row["step"] = step
        run.log(
            {
                **{name: self._place(name, row[name]) for name in self._last if name in row},
                **{name: item for name, item in row.items() if name not in self._last},
            }
        )

    def after_save_checkpoint(self, checkpoint_callback: Any) -> None:  # noqa: ANN401
        """Record the best checkpoint so far, or the last where none is told to be the best."""
        path = checkpoint_callback.best_model_path or checkpoint_callback.last_model_path
        if not path or not _is_rank_zero():
            return
        n = len(self._names) + 1
        key = checkpoint_callback.state_key
        name = self._names.setdefault(key, "checkpoint" if n == 1 else f"checkpoint{n}")
        self._unhashed[name] = path
        self.started().artifact(name, path, is_hashed=False)  # it may be replaced soon

    def finalize(self, status: str) -> None:
        """See the trainer end; a run goes on after success, for the test that may follow."""
        run = self._run
        if run is None or not run.is_open or not _is_rank_zero():
            return
        give_signals_back()  # Lightning has taken away what was put over its own
        take_signals()
        for name, path in self._unhashed.items():
            run.artifact(name, path)
        self._unhashed = {}
        if status in {"success", "finished"}:
            if _is_helper():  # nothing follows in this process
                run.finish()
            return
        error = sys.exception()
        ended, cause = ("failed", None) if error is None else outcome(error)
        if type(error).__name__ == "SIGTERMException":
            ended, cause = "interrupted", None
        if self._is_ours or ended == "interrupted":  # Lightning turns Ctrl-C into an exit code
            run.finish(ended, cause)

    def started(self) -> Run:
        """Return the run, started now if it was not, or if an earlier one has ended."""
        if self._run is None and not self._is_ours:
            self._run = join_running(self._id, "trainer")  # we are a copy in another process
            self._is_ours = self._run is None
        if self._run is None or (self._is_ours and not self._run.is_open):
            self._run = self._start(self._run)
            self._id = self._run.id
        return self._run

    def _start(self, before: Run | None) -> Run:
        """Start a run; one that follows ``before`` where that has ended."""
        objective = _objective(self._trainer())
        told = {"config": self._hyperparameters or None, "objective": objective, "seed": _seed()}
        if before is not None:
            return start(self._name, **{**told, "parent": before.id, **self._options})
        own = {} if RUN_ID in os.environ else {"run_id": self._id}
        return start(self._name, **{**told, **own, **self._options})

    def _place(self, name: str, item: Any) -> Any:  # noqa: ANN401
        """Return ``item`` as the run counts epochs and steps: on from an earlier training."""
        given = position(item)
        if given is None:
            return item
        place = given + self._offset[name]
        self._last[name] = max(self._last[name], place)
        return place

    def __deepcopy__(self, _: object) -> Self:
        """Return the logger itself: a run has one writer."""
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process may know of the logger; an open run it can only join."""
        is_ours = self._is_ours and self._run is None
        return {**self.__dict__, "_run": None, "_trainer": _nothing, "_is_ours": is_ours}


class _Lazy:
    """Stands for the run of a logger; Lightning looks at it before hyperparameters are known."""

    def __init__(self, logger: _Recorder) -> None:
        self._logger = logger

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._logger.started(), name)


class _Nothing:
    """Stands for the run on ranks that record nothing."""

    def __getattr__(self, _: str) -> Callable[..., None]:
        return _nothing


def _new_id(name: str) -> str:
    """Return an id for a run that has not started; that of the `ledger run` around it, if any."""
    token = encode_token(os.urandom(_TOKEN_BYTES))
    made = make_run_id(redact_text(name), datetime.now(tz=UTC), token)
    return os.environ.get(RUN_ID) or made


def _nothing(*_: object, **__: object) -> None:
    return None


def _is_rank_zero() -> bool:
    from lightning_utilities.core.rank_zero import rank_zero_only

    return not getattr(rank_zero_only, "rank", 0)


def _is_helper() -> bool:
    """Whether this is a process of multiprocessing, which ends with what it was started for."""
    process = sys.modules.get("multiprocessing.process")
    return process is not None and process.parent_process() is not None


def _as_config(params: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return hyperparameters as JSON; one that cannot be read is named by what it raises."""
    found: dict[str, Any] = {}
    items = params if hasattr(params, "keys") else vars(params or SimpleNamespace())
    for key in items:
        try:
            found[str(key)] = to_json(items[key])
        except Exception as error:  # noqa: BLE001  # OmegaConf's, for a value that is missing
            found[str(key)] = f"<{type(error).__name__}>"
    return found


def _seed() -> int | None:
    """Return the seed that Lightning's own ``seed_everything`` has set."""
    seed = os.environ.get("PL_GLOBAL_SEED", "")
    return int(seed) if seed.isdecimal() else None


def _doing(trainer: Any) -> str:  # noqa: ANN401
    """Return what ``trainer`` was asked for: fit, validate, test or predict; else nothing."""
    asked = getattr(getattr(trainer, "state", None), "fn", None)
    return str(getattr(asked, "value", asked or ""))


def _objective(trainer: Any) -> tuple[str, str] | None:  # noqa: ANN401
    """Return what is monitored: by a checkpoint callback, else by early stopping."""
    for kind in ("checkpoint_callback", "early_stopping_callback"):
        callback = getattr(trainer, kind, None)
        metric, goal = getattr(callback, "monitor", None), getattr(callback, "mode", None)
        if metric and goal in {"min", "max"}:
            return str(metric), str(goal)
    return None


def _record_fits(package: str, options: dict[str, Any]) -> Callable[[], None]:
    trainer_class = import_module(package).Trainer
    fit = trainer_class.fit
    if hasattr(fit, _MARK):
        return _nothing

    @functools.wraps(fit)
    def recorded(self: Any, model: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        is_done = any(isinstance(each, _Recorder) for each in self.loggers)
        if is_done or self.fast_dev_run or not _is_rank_zero():
            return fit(self, model, *args, **kwargs)
        config = _config(model, *args, *kwargs.values())
        told = {"config": config, "objective": _objective(self), "seed": _seed()}
        with recording(type(model).__name__, **{**told, **options}) as run:
            if run is None:
                return fit(self, model, *args, **kwargs)
            before = self.loggers
            ours = _logger_class()(run)
            ours.is_in_paths = bool(
                before
            )  # without a logger checkpoints have a place of their own
            self.loggers = [*before, ours]
            try:
                return fit(self, model, *args, **kwargs)
            finally:
                self.loggers = before

    setattr(recorded, _MARK, True)
    trainer_class.fit = recorded

    def take_back() -> None:
        if trainer_class.fit is recorded:
            trainer_class.fit = fit

    return take_back


def _config(*given: Any) -> dict[str, Any] | None:  # noqa: ANN401
    """Return the hyperparameters that a model and a data module have saved; None without any."""
    found: dict[str, Any] = {}
    for each in given:
        if getattr(each, "_log_hyperparams", False):
            found |= _as_config(each.hparams_initial)
    return found or None

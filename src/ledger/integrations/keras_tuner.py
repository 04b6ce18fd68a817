"""KerasTuner: a search is one run, each of its trials rows of the run's tables.

Nothing here imports KerasTuner, Keras or a backend: a tuner is known by its methods.
"""

from __future__ import annotations

import contextlib
import functools
import math
import os
import weakref
from pathlib import Path

from ledger.errors import LedgerError
from ledger.integrations import masterlog
from ledger.integrations.tuner_params import ActiveParams, active_params, possible_values
from ledger.integrations.tuner_processes import end_part, is_worker, join
from ledger.writer.current import start, start_again
from ledger.writer.reopen import remember, remembered
from ledger.writer.seal import outcome


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ledger.writer.run import Run
    from ledger.writer.sweep import Attempt, Sweep

_MARK = "_ledger_trials"
"""The attribute of a tuner that leads to what records it."""
_COMPLETED = "COMPLETED"
_HOOKED = ("search", "on_trial_begin", "on_epoch_end", "on_trial_end")


def attach(
    tuner: Any,  # noqa: ANN401  # any class that has a tuner's methods
    name: str | None = None,
    *,
    run: Run | None = None,
    **start_options: Any,  # noqa: ANN401  # those of `ledger.start`
) -> Run:
    """Record the search of ``tuner`` as one run, from now on; return the run.

    It works on any tuner object, those of your own classes and ``SklearnTuner`` included. Each
    epoch of each trial is a row of metrics.csv, with the hyperparameters as they are at that
    moment; trials.csv says how each attempt at a trial ended. The run stays open after the search,
    for what you state of it, until it is finished or the process ends.

    Args:
        tuner: a KerasTuner tuner whose search has not begun.
        name: what the run is about; the tuner's project_name where it is None.
        run: a run that is open already, instead of a new one.
        start_options: as for ``ledger.start``: config, data, seed, tags, hypothesis, parent.

    Raises:
        LedgerError: the tuner is attached to an open run already, or as for ``ledger.start``.
    """
    before = run_of(tuner)
    if before is not None and before.is_open:
        message = f"the tuner is attached to {before.id}"
        raise LedgerError(message, hint="finish that run first")
    if run is not None and (name is not None or start_options):
        given = ", ".join([*(["name"] if name is not None else []), *start_options])
        message = f"{run.id} is open already: {given} would not be recorded"
        raise LedgerError(message, hint="give these to ledger.start")
    objective = _objective(tuner)
    if run is None:
        run = _start(tuner, name, {"objective": objective, **start_options})
    if before is None:
        _hook(tuner)
    trials = _Trials(tuner, run)
    # a function: who copies the tuner, with a callback that holds it, shares what it returns
    tuner.__dict__[_MARK] = lambda: trials
    run.sweep.describe(
        tuner=type(tuner).__name__,
        max_trials=getattr(tuner.oracle, "max_trials", None),
        objective=objective,
    )
    if not trials.is_part:
        trials.safely("the search space", trials.describe_space)
    trials.announce("running")
    return run


def run_of(tuner: Any) -> Run | None:  # noqa: ANN401
    """Return the run that ``tuner`` was attached to last, None where it never was."""
    trials: Callable[[], _Trials] | None = vars(tuner).get(_MARK)
    return None if trials is None else trials().run


def make_logging_tuner(tuner_class: type) -> type:
    """Return a subclass of ``tuner_class`` that records each search as a run.

    Its constructor takes two more arguments: ``run_name``, and ``run_options``, a mapping of what
    ``ledger.start`` takes. The run starts with the first search; ``ledger_run`` of the tuner is it.
    """

    class LoggingTuner(tuner_class):  # type: ignore[misc]  # whatever class the caller has
        """Records its searches."""

        def __init__(
            self,
            *args: Any,  # noqa: ANN401  # those of the class
            run_name: str | None = None,
            run_options: Mapping[str, Any] | None = None,
            **kwargs: Any,  # noqa: ANN401
        ) -> None:
            super().__init__(*args, **kwargs)
            self.run_name = run_name
            self.run_options = dict(run_options or {})

        @property
        def ledger_run(self) -> Run | None:
            """The run of the last search, None before the first."""
            return run_of(self)

        def search(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            """Search as the class does, and record it."""
            if self.ledger_run is None or not self.ledger_run.is_open:
                attach(self, self.run_name, **self.run_options)
                return self.search(*args, **kwargs)  # the hook of the instance
            return super().search(*args, **kwargs)

    LoggingTuner.__name__ = f"Logging{tuner_class.__name__}"
    LoggingTuner.__qualname__ = LoggingTuner.__name__
    return LoggingTuner


class _Progress:
    """What is known of the attempt at a trial that is running."""

    def __init__(self, attempt: Attempt, params: ActiveParams) -> None:
        self.attempt = attempt
        self.params = params
        self.execution = -1
        self.epoch = -1
        self.model: Callable[[], object] = lambda: None
        self.logged: set[str] = set()
        self.best: float | None = None
        self.best_epoch: int | None = None

    def place(self, model: object, epoch: int) -> None:
        """See an epoch end; another model, or an epoch that comes again, is another training."""
        if self.execution < 0 or self.model() is not model or epoch <= self.epoch:
            self.execution += 1
            # not the model itself, which would stay in memory while the next one is built
            self.model = weakref.ref(model)
        self.epoch = epoch


class _Trials:
    """Writes what the hooks of a tuner tell."""

    def __init__(self, tuner: Any, run: Run) -> None:  # noqa: ANN401
        self._oracle: Callable[[], Any] = lambda: tuner.oracle
        self.run = run
        self._open: dict[str, _Progress] = {}
        self._n_space = -1
        self.is_part = is_worker() and remembered(_folder(tuner)) == run.id
        """Whether another process, the chief's, owns the run."""
        self._manifest: masterlog.Manifest | None = None

    @property
    def _sweep(self) -> Sweep:
        return self.run.sweep

    def safely(self, what: str, step: Callable[..., object], *given: object) -> None:
        """Do ``step(*given)``; what goes wrong is said in the record, and never ends the search."""
        try:
            step(*given)
        except Exception as error:  # noqa: BLE001  # recorded in the run
            self._sweep.lose(what, error)

    def announce(self, status: str) -> None:
        """Let kt-masterviz know of the search: running, completed or failed."""
        with contextlib.suppress(OSError, RuntimeError):  # a viewer's convenience; no home, no word
            if self.is_part:
                return
            if self._manifest is not None:
                masterlog.write(self._manifest, status)
            elif status == "running":
                table, name = self.run.dir / "metrics.csv", self.run.id
                self._manifest = masterlog.announce(name, table, os.environ)

    def describe_space(self) -> None:
        """Say what may be tuned, where that is more than was said."""
        oracle = self._oracle()
        # get_space() copies all of it, which takes longer than a dozen rows; a client has no other
        space = (getattr(oracle, "hyperparameters", None) or oracle.get_space()).space
        if len(space) != self._n_space:
            self._n_space = len(space)
            self._sweep.describe(space={each.name: possible_values(each) for each in space})

    def begin(self, trial: Any) -> _Progress:  # noqa: ANN401
        """See a trial begin."""
        params = ActiveParams()
        attempt = self._sweep.begin(str(trial.trial_id), params.of(trial))
        progress = self._open[trial.trial_id] = _Progress(attempt, params)
        return progress

    def epoch(self, trial: Any, model: object, epoch: int, logs: Mapping[str, Any] | None) -> None:  # noqa: ANN401
        """See an epoch end."""
        progress = self._open.get(trial.trial_id) or self.begin(trial)
        progress.place(model, int(epoch))
        metrics = logs or {}
        progress.logged.update(metrics)
        params = progress.params.of(trial)
        progress.attempt.log(metrics, params=params, epoch=int(epoch), execution=progress.execution)
        self._see_best(progress, metrics)

    def end(self, trial: Any, *, is_completed: bool) -> None:  # noqa: ANN401
        """See a trial end.

        Args:
            trial: with the status that its tuner gave it.
            is_completed: whether it came to its end, before its score was looked at.
        """
        progress = self._open.pop(trial.trial_id, None)
        if progress is None:
            return
        final = self._oracle().get_trial(trial.trial_id)
        score, message = final.score if is_completed else None, trial.message
        if is_completed:
            self._log_rest(progress, final)
            is_nan = isinstance(score, float) and math.isnan(score)
            message = "the score is nan" if is_nan else None
        progress.attempt.end(
            "finished" if final.status == _COMPLETED else "failed",
            score=score,
            best_epoch=progress.best_epoch,
            execution=max(progress.execution, 0),
            message=message,
            params=progress.params.of(trial),
        )
        if not self.is_part:
            self.describe_space()

    def stop(self, error: BaseException) -> None:
        """See the search end by ``error``: what runs ends with it."""
        status, _ = outcome(error)
        for progress in self._open.values():
            progress.attempt.end(
                "interrupted" if status == "finished" else status,
                best_epoch=progress.best_epoch,
                execution=max(progress.execution, 0),
                message=f"{type(error).__name__}: {error}",
            )
        self._open.clear()

    def _see_best(self, progress: _Progress, metrics: Mapping[str, Any]) -> None:
        objective = self._oracle().objective
        if not metrics or not objective.has_value(metrics):
            return
        number = float(objective.get_value(metrics))
        is_better = progress.best is None or objective.better_than(number, progress.best)
        if math.isfinite(number) and is_better:
            progress.best, progress.best_epoch = number, progress.epoch

    def _log_rest(self, progress: _Progress, final: Any) -> None:  # noqa: ANN401
        """Write what a trial was found to be, and no epoch said: cross validation has none."""
        found = final.metrics.metrics
        rest = {
            name: final.metrics.get_last_value(name)
            for name in found
            if name not in progress.logged
        }
        if rest:
            execution = max(progress.execution, 0)
            progress.attempt.log(rest, params=active_params(final), execution=execution)


def _hook(tuner: Any) -> None:  # noqa: ANN401
    """Let the instance ``tuner`` tell what happens; its class stays as it is."""
    # Plain functions: a callback that holds its tuner is deep-copied for each trial, and a copied
    # method would copy the run.
    old: dict[str, Any] = {name: getattr(tuner, name, None) for name in _HOOKED}

    def trials() -> _Trials:
        found: _Trials = vars(tuner)[_MARK]()
        return found

    def search(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        trials().announce("running")
        try:
            answer = old["search"](*args, **kwargs)
        except BaseException as error:
            trials().safely("the end of the search", trials().stop, error)
            trials().announce("failed")
            raise
        trials().announce("completed")
        end_part(trials().run, is_part=trials().is_part)
        return answer

    def on_trial_begin(trial: Any) -> Any:  # noqa: ANN401
        trials().safely("the begin of a trial", trials().begin, trial)
        return old["on_trial_begin"](trial)

    def on_epoch_end(trial: Any, model: Any, epoch: int, logs: Any = None) -> Any:  # noqa: ANN401
        found = trials()
        found.safely("an epoch", found.epoch, trial, model, epoch, logs)
        return old["on_epoch_end"](trial, model, epoch, logs=logs)

    def on_trial_end(trial: Any) -> Any:  # noqa: ANN401
        is_completed = trial.status == _COMPLETED
        try:
            return old["on_trial_end"](trial)
        finally:
            ending = functools.partial(trials().end, trial, is_completed=is_completed)
            trials().safely("the end of a trial", ending)

    for hook in (search, on_trial_begin, on_epoch_end, on_trial_end):
        if callable(old[hook.__name__]):
            setattr(tuner, hook.__name__, hook)


def _start(tuner: Any, name: str | None, options: dict[str, Any]) -> Run:  # noqa: ANN401
    """Start the run of a search, or go on with that of the search that ``tuner`` resumes."""
    name = name or str(getattr(tuner, "project_name", None) or "search")
    folder = _folder(tuner)
    if is_worker():
        return join(tuner, name, folder, options)
    before = remembered(folder)  # `overwrite=True` has removed it with all else
    run = start(name, **options) if before is None else start_again(before, name, **options)
    with contextlib.suppress(OSError):  # no folder of this machine: then a resumed search is new
        remember(folder, run.id)
    return run


def _folder(tuner: Any) -> Path:  # noqa: ANN401
    """Return where ``tuner`` keeps its state; its processes share it."""
    return Path(str(getattr(tuner, "project_dir", ".")))


def _objective(tuner: Any) -> tuple[str, str] | None:  # noqa: ANN401
    objective = getattr(tuner.oracle, "objective", None)
    goal = getattr(objective, "direction", None)
    return (str(objective.name), goal) if objective is not None and goal in {"min", "max"} else None

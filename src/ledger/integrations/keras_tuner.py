"""KerasTuner: a search is one run, each of its trials rows of the run's tables.

Nothing here imports KerasTuner, Keras or a backend: a tuner is known by its methods.
"""

from __future__ import annotations

import contextlib
import functools

from ledger.errors import LedgerError
from ledger.integrations.framework import expect, needs
from ledger.integrations.patched import patched
from ledger.integrations.recording import is_recorded, outermost
from ledger.integrations.tuner_processes import end_part, is_worker, join
from ledger.integrations.tuner_trials import COMPLETED, Trials, folder_of
from ledger.writer.current import current_run, start, start_again
from ledger.writer.narrate import warn_once
from ledger.writer.reopen import remember, remembered


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ledger.writer.run import Run

_MARK = "_ledger_trials"
"""The attribute of a tuner that leads to what records it."""
_HOOKED = ("search", "on_trial_begin", "on_epoch_end", "on_trial_end")


def attach(
    tuner: Any,  # noqa: ANN401  # any class that has a tuner's methods
    name: str | None = None,
    *,
    run: Run | None = None,
    extra_fields: Mapping[str, object] | None = None,
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
        extra_fields: the same in every row and of every trial: the name of a data set, a tag.
        start_options: as for ``ledger.start``: config, data, seed, tags, hypothesis, parent.

    Raises:
        LedgerError: the tuner is attached to an open run already, or as for ``ledger.start``.
    """
    expect(tuner, "a tuner of KerasTuner", "search", "oracle")
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
    trials = Trials(tuner, run, extra_fields or {})
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


def autolog(**options: Any) -> Callable[[], None]:  # noqa: ANN401  # those of `ledger.start`
    """Record each search from now on; return what takes that back.

    A tuner that is attached is left alone. A search writes into the run that is open, or is a run
    of its own that ends with it; what it trains records nothing of its own.

    Args:
        options: of new runs, as for ``ledger.start``: config, data, seed, tags.
    """
    with needs("keras"):
        from keras_tuner.engine import base_tuner

    def search(old: Callable[..., Any], tuner: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        known = run_of(tuner)
        if is_recorded() or (known is not None and known.is_open):
            return old(tuner, *args, **kwargs)
        outer = _open_run()
        try:
            run = attach(tuner, run=outer) if outer else attach(tuner, **options)
        except Exception as error:  # noqa: BLE001  # said; no search ends of it
            warn_once(f"this search is not recorded: {error}")
            return old(tuner, *args, **kwargs)
        with contextlib.nullcontext() if outer else run:
            return _searched(tuner, lambda: old(tuner, *args, **kwargs))

    return patched([([(base_tuner.BaseTuner, "search")], search)])


def _open_run() -> Run | None:
    try:
        return current_run()
    except LedgerError:
        return None


def run_of(tuner: Any) -> Run | None:  # noqa: ANN401
    """Return the run that ``tuner`` was attached to last, None where it never was."""
    trials: Callable[[], Trials] | None = vars(tuner).get(_MARK)
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


def _hook(tuner: Any) -> None:  # noqa: ANN401
    """Let the instance ``tuner`` tell what happens; its class stays as it is."""
    # Plain functions: a callback that holds its tuner is deep-copied for each trial, and a copied
    # method would copy the run.
    old: dict[str, Any] = {name: getattr(tuner, name, None) for name in _HOOKED}

    def trials() -> Trials:
        found: Trials = vars(tuner)[_MARK]()
        return found

    def search(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        if not trials().run.is_open:  # another search, which `autolog` may record
            return old["search"](*args, **kwargs)
        return _searched(tuner, lambda: old["search"](*args, **kwargs))

    def on_trial_begin(trial: Any) -> Any:  # noqa: ANN401
        trials().safely("the begin of a trial", trials().begin, trial)
        return old["on_trial_begin"](trial)

    def on_epoch_end(trial: Any, model: Any, epoch: int, logs: Any = None) -> Any:  # noqa: ANN401
        found = trials()
        found.safely("an epoch", found.epoch, trial, model, epoch, logs)
        return old["on_epoch_end"](trial, model, epoch, logs=logs)

    def on_trial_end(trial: Any) -> Any:  # noqa: ANN401
        is_completed = trial.status == COMPLETED
        try:
            return old["on_trial_end"](trial)
        finally:
            ending = functools.partial(trials().end, trial, is_completed=is_completed)
            trials().safely("the end of a trial", ending)

    for hook in (search, on_trial_begin, on_epoch_end, on_trial_end):
        if callable(old[hook.__name__]):
            setattr(tuner, hook.__name__, hook)


def _searched(tuner: Any, search: Callable[[], Any]) -> Any:  # noqa: ANN401
    """Search, and see how it ends."""
    trials: Trials = vars(tuner)[_MARK]()
    with outermost():  # what it trains is a part of it
        trials.announce("running")
        try:
            answer = search()
        except BaseException as error:
            trials.safely("the end of the search", trials.stop, error)
            trials.announce("failed")
            raise
        end_part(trials.run, is_part=trials.is_part)
        trials.announce("completed")  # when the workers have closed their parts
        return answer


def _start(tuner: Any, name: str | None, options: dict[str, Any]) -> Run:  # noqa: ANN401
    """Start the run of a search, or go on with that of the search that ``tuner`` resumes."""
    name = name or str(getattr(tuner, "project_name", None) or "search")
    folder = folder_of(tuner)
    if is_worker():
        return join(tuner, name, folder, options)
    before = remembered(folder)  # `overwrite=True` has removed it with all else
    run = start(name, **options) if before is None else start_again(before, name, **options)
    with contextlib.suppress(OSError):  # no folder of this machine: then a resumed search is new
        remember(folder, run.id)
    return run


def _objective(tuner: Any) -> tuple[str, str] | None:  # noqa: ANN401
    objective = getattr(tuner.oracle, "objective", None)
    goal = getattr(objective, "direction", None)
    return (str(objective.name), goal) if objective is not None and goal in {"min", "max"} else None

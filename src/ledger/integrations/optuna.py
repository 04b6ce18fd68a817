"""Optuna: a study is one run, its trials rows of the run's tables.

``attach`` makes a study record itself; ``LedgerCallback`` does it from the first trial that ends.
Optuna is imported only by ``autolog``: a study is known by its methods.
"""

from __future__ import annotations

import functools
import inspect
import threading

from ledger.errors import LedgerError
from ledger.integrations.framework import expect, needs, run_or_name
from ledger.integrations.hooked import hook, release, told_by
from ledger.integrations.patched import patched
from ledger.integrations.recording import outermost, recording
from ledger.integrations.study_processes import begin_study, end_part, name_of
from ledger.integrations.study_trials import StudyTrials
from ledger.writer.narrate import warn_once


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ledger.writer.run import Run

_attaching = threading.Lock()
"""Held while a callback attaches its study: several threads may end their first trials at once."""


def attach(
    study: Any,  # noqa: ANN401  # Optuna is not typed here
    name: str | None = None,
    *,
    run: Run | None = None,
    **start_options: Any,  # noqa: ANN401  # those of `ledger.start`
) -> Run:
    """Record the trials of ``study`` as one run, from now on; return the run.

    Whether they come from ``optimize`` or from ``ask`` and ``tell``: a trial is there when it
    starts, each value it reports is a row with its ``step``, and trials.csv says how it ended. The
    run stays open after ``optimize``, for what you state of it, until it is finished or the process
    ends. Processes that share the study's storage share the run; see the guide.

    Args:
        study: whose trials are to be recorded; those it has already are not.
        name: what the run is about; the study's name where it is None.
        run: a run that is open already, instead of a new one.
        start_options: as for ``ledger.start``: config, data, seed, tags, hypothesis, parent.

    Raises:
        LedgerError: the study is attached to an open run already, or as for ``ledger.start``.
    """
    expect(study, "a study of Optuna", "ask", "tell", "optimize")
    before = told_by(study)
    if isinstance(before, _Study) and before.run.is_open:
        message = f"the study is attached to {before.run.id}"
        raise LedgerError(message, hint="finish that run first")
    if run is not None and (name is not None or start_options):
        given = ", ".join([*(["name"] if name is not None else []), *start_options])
        message = f"{run.id} is open already: {given} would not be recorded"
        raise LedgerError(message, hint="give these to ledger.start")
    told = _Study(study, functools.partial(begin_study, study, name, run, start_options))
    hook(study, told, _HOOKS)
    return told.run


class LedgerCallback:
    """Records a study: ``study.optimize(objective, callbacks=[LedgerCallback("name")])``.

    A callback is first called when a trial has ended: that trial is recorded then, and the study is
    attached, so that the next ones are seen from their start.

    Args:
        run: an open run; or the name of a new one, which stays open until it is finished or the
            process ends.
        start_options: of a new run, as for ``ledger.start``.
    """

    def __init__(self, run: Run | str, **start_options: Any) -> None:  # noqa: ANN401
        self.run, self._name = run_or_name(run)
        self._options = start_options

    def __call__(self, study: Any, trial: Any) -> None:  # noqa: ANN401
        """Record a trial that has ended; where no run can be started the study goes on without."""
        try:
            with _attaching:
                told = self._attached(study)
        except LedgerError as error:
            warn_once(f"this study is not recorded: {error}")
            return
        if isinstance(told, _Study):
            told.end(study, trial)

    def _attached(self, study: Any) -> Any:  # noqa: ANN401
        """Return what records ``study``, which is attached now if it was not."""
        told = told_by(study)
        if told is None or (self._name is not None and not told.run.is_open):
            run = self.run if self._name is None else None
            self.run = attach(study, self._name, run=run, **self._options)
        return told_by(study)


def autolog(**options: Any) -> Callable[[], None]:  # noqa: ANN401  # those of `ledger.start`
    """Record every ``optimize`` from now on; return what takes it back.

    Args:
        options: of the runs, as for ``ledger.start``.
    """
    with needs("optuna"):
        import optuna

    def optimize(old: Callable[..., Any], study: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        plain = functools.partial(old, study)
        given = inspect.signature(plain).bind(*args, **kwargs).arguments.get("callbacks") or ()
        if told_by(study) is not None:
            return plain(*args, **kwargs)
        if any(isinstance(each, LedgerCallback) for each in given):
            with outermost():
                return plain(*args, **kwargs)
        parts: list[bool] = []

        def begin(name: str, **options: Any) -> Run:  # noqa: ANN401  # those of `start`
            run, is_part = begin_study(study, name, None, options)
            parts.append(is_part)
            return run

        with recording(name_of(study), begin, **options) as run:
            if run is None:
                return plain(*args, **kwargs)
            # further processes join a run that was open before, too
            known = (run, parts[0]) if parts else begin_study(study, None, run, {})
            told = _Study(study, lambda: known)
            hook(study, told, _HOOKS)
            try:
                return told.optimize(plain, *args, **kwargs)
            finally:
                release(study)

    return patched([([(optuna.study.Study, "optimize")], optimize)])


class _Study:
    """Records the trials of a study into the run that ``begin`` gives."""

    def __init__(self, study: Any, begin: Callable[[], tuple[Run, bool]]) -> None:  # noqa: ANN401
        self._begin = begin
        self.run, self._is_part = begin()
        self._trials = StudyTrials(self.run, study)

    def end(self, study: Any, frozen: Any) -> None:  # noqa: ANN401
        """See that a trial has ended."""
        self._trials.end(study, frozen)

    def ask(self, trial: Any) -> Any:  # noqa: ANN401
        """See a trial begin, and what it reports from now on."""
        self._trials.begin(trial)
        hook(trial, self._trials, _REPORTS)
        return trial

    def optimize(self, plain: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Let a study optimize by ``plain``; return what that returns."""
        if self._is_part and not self.run.is_open:  # an earlier optimize has ended it
            self.run, self._is_part = self._begin()
            self._trials = StudyTrials(self.run, self._trials.study)
        bound = inspect.signature(plain).bind(*args, **kwargs)
        bound.arguments["func"] = self._trials.watched(bound.arguments["func"])
        bound.arguments["callbacks"] = [self.end, *(bound.arguments.get("callbacks") or ())]
        try:
            answer = plain(*bound.args, **bound.kwargs)
        finally:
            self._trials.settle()
        end_part(self.run, self._trials.study, is_part=self._is_part)
        return answer


def _optimize(told: _Study, old: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
    with outermost() as is_outermost:
        return told.optimize(old, *args, **kwargs) if is_outermost else old(*args, **kwargs)


def _ask(told: _Study, old: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
    return told.ask(old(*args, **kwargs))


def _tell(told: _Study, old: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
    frozen = old(*args, **kwargs)
    told.end(old.__self__, frozen)  # type: ignore[attr-defined]  # a method
    return frozen


def _report(told: StudyTrials, old: Callable[..., Any], value: Any, step: int) -> Any:  # noqa: ANN401
    answer = old(value, step)
    told.report(old.__self__, value, step)  # type: ignore[attr-defined]  # as above
    return answer


_HOOKS = {"optimize": _optimize, "ask": _ask, "tell": _tell}
_REPORTS = {"report": _report}

"""The trials of a study of Optuna as rows of a run."""

from __future__ import annotations

import math
import threading
import traceback
from numbers import Real

from ledger.writer.seal import outcome


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ledger.writer.run import Run
    from ledger.writer.sweep import Attempt

_GOALS = {"MINIMIZE": "min", "MAXIMIZE": "max"}
_STATUS = {"COMPLETE": "finished", "PRUNED": "pruned", "FAIL": "failed"}
REPORTED = "intermediate_value"
"""The metric that holds what a trial reports on its way: it is not the objective's own value."""


class _Progress:
    """What is known of a trial that is running."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self.steps: set[int] = set()
        self.error: BaseException | None = None


class StudyTrials:
    """Writes the trials of ``study`` that this process runs into ``run``."""

    def __init__(self, run: Run, study: Any) -> None:  # noqa: ANN401  # Optuna is not typed here
        self.study = study
        self._run = run
        self._sweep = run.sweep
        self._lock = threading.RLock()
        self._open: dict[int, _Progress] = {}
        self._ended: set[int] = set()
        self._space: dict[str, object] = {}
        self._goals: dict[str, str] = {}
        self._safely("the study", self._describe)
        run.before_seal(self.settle)

    def watched(self, objective: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return ``objective``, so that what it raises is known when its trial ends."""

        def watched(trial: Any) -> Any:  # noqa: ANN401
            try:
                return objective(trial)
            except BaseException as error:
                progress = self._open.get(trial.number)
                if progress is not None:
                    progress.error = error
                raise

        return watched

    def begin(self, trial: Any) -> None:  # noqa: ANN401
        """See a trial begin."""
        self._safely("the begin of a trial", lambda: self._begun(trial))

    def report(self, trial: Any, value: Any, step: int) -> None:  # noqa: ANN401
        """See a trial report a value; of one step the first counts, as for Optuna."""
        self._safely("a reported value", lambda: self._reported(trial, int(step), float(value)))

    def end(self, study: Any, frozen: Any) -> None:  # noqa: ANN401
        """See that a trial has ended; told twice, the first counts.

        Args:
            study: the study.
            frozen: the trial as it is then.
        """
        self._safely("the end of a trial", lambda: self._ends(study, frozen))

    def settle(self) -> None:
        """End the trials that have ended without a word: what they raised has ended the study."""

        def look() -> None:
            if self._open:
                for frozen in self.study.get_trials(deepcopy=False):
                    if frozen.number in self._open and frozen.state.is_finished():
                        self._ends(self.study, frozen)

        self._safely("the end of trials", look)

    def _safely(self, what: str, step: Callable[[], object]) -> None:
        """Call ``step``; what goes wrong is said in the record, and never ends the study."""
        try:
            with self._lock:
                step()
        except Exception as error:  # noqa: BLE001  # recorded in the run
            self._sweep.lose(what, error)

    def _describe(self) -> None:
        """Say how the study optimizes; its metrics may have been given names in the meantime."""
        names = _names(self.study)
        directions = [_GOALS.get(each.name) for each in self.study.directions]
        goals = {name: goal for name, goal in zip(names, directions, strict=True) if goal}
        is_single = len(names) == 1 and len(goals) == 1
        if goals != self._goals:
            self._goals = goals
            own = {REPORTED: goals[names[0]]} if is_single else {}
            self._run.set_goals({**goals, **own})
            self._sweep.describe(
                tuner=type(self.study.sampler).__name__,
                objective=(names[0], goals[names[0]]) if is_single else None,
            )

    def _begun(self, trial: Any) -> _Progress:  # noqa: ANN401
        known = self._open.get(trial.number)
        if known is None:
            attempt = self._sweep.begin(str(trial.number), _params(trial))
            known = self._open[trial.number] = _Progress(attempt)
        return known

    def _reported(self, trial: Any, step: int, value: float) -> None:  # noqa: ANN401
        progress = self._open.get(trial.number)
        if progress is not None and step not in progress.steps:
            progress.steps.add(step)
            progress.attempt.log({REPORTED: value}, params=_params(trial), step=step)

    def _ends(self, study: Any, frozen: Any) -> None:  # noqa: ANN401
        if frozen.number in self._ended or not frozen.state.is_finished():
            return
        progress = self._begun(frozen)
        for step, value in frozen.intermediate_values.items():
            self._reported(frozen, step, value)
        self._describe()
        self._widen_space(frozen)
        status = _STATUS[frozen.state.name]
        found = dict(zip(_names(study), frozen.values or (), strict=False))
        score = next(iter(found.values())) if status == "finished" and len(found) == 1 else None
        rest = {**_numbers(frozen.user_attrs), **(found if status == "finished" else {})}
        if rest:
            progress.attempt.log(rest, params=_params(frozen))
        if isinstance(progress.error, KeyboardInterrupt | SystemExit):
            status = outcome(progress.error)[0]
        message = _message(frozen, progress.error)
        progress.attempt.end(status, score=score, message=message, params=_params(frozen))
        self._ended.add(frozen.number)
        del self._open[frozen.number]

    def _widen_space(self, frozen: Any) -> None:  # noqa: ANN401
        """Say what may be chosen: Optuna knows it of the params that a trial has asked for."""
        possible = {name: _possible(each) for name, each in frozen.distributions.items()}
        if not possible.items() <= self._space.items():
            self._space |= possible
            self._sweep.describe(space=self._space)


def _names(study: Any) -> list[str]:  # noqa: ANN401
    """Return the names of the objectives; where none were set those of Optuna's own tables."""
    if study.metric_names:
        return [str(name) for name in study.metric_names]
    n = len(study.directions)
    return ["value"] if n == 1 else [f"values_{i}" for i in range(n)]


def _params(trial: Any) -> dict[str, object]:  # noqa: ANN401
    # a choice that is None is a choice like others: it has no empty cell
    return {str(name): "None" if item is None else item for name, item in trial.params.items()}


def _possible(distribution: Any) -> dict[str, object]:  # noqa: ANN401
    facts = {key.lstrip("_"): item for key, item in vars(distribution).items() if item is not None}
    return {"type": type(distribution).__name__, **facts}


def _numbers(attributes: Mapping[str, Any]) -> dict[str, Real]:
    """Return what the user noted of a trial, as far as it is numbers."""
    return {
        name: item
        for name, item in attributes.items()
        if isinstance(item, Real) and not isinstance(item, bool)  # numpy's, too
    }


def _message(frozen: Any, error: BaseException | None) -> str | None:  # noqa: ANN401
    if frozen.state.name == "PRUNED":
        step = frozen.last_step
        value = math.nan if step is None else frozen.intermediate_values[step]
        return "pruned" if step is None else f"pruned at step {step}: {REPORTED} {value}"
    if frozen.state.name != "FAIL":
        return None
    if error is None:
        return "told to have failed, or its value is no number"
    return "".join(traceback.format_exception(error)).strip()

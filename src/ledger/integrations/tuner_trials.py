"""What happens to the trials of a KerasTuner search, as the rows and lines of its run."""

from __future__ import annotations

import contextlib
import math
import os
import weakref
from pathlib import Path

from ledger.errors import LedgerError
from ledger.integrations import masterlog
from ledger.integrations.recording import named
from ledger.integrations.tuner_params import ActiveParams, possible_values
from ledger.integrations.tuner_processes import is_distributed, is_worker
from ledger.writer.reopen import remembered
from ledger.writer.seal import outcome


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ledger.writer.run import Run
    from ledger.writer.sweep import Attempt, Sweep

COMPLETED = "COMPLETED"
"""What KerasTuner calls a trial that came to its end."""
MERGED_NAME = "ledger-metrics.csv"
"""In the folder of a search whose run has several tables: all their rows so far, for the viewer."""
_PARENT = "tuner/trial_id"
"""The hyperparameter by which Hyperband names the trial that a promoted one continues; its
``tuner/bracket`` is that of the moment, not always the trial's own."""


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


class Trials:
    """Writes what the hooks of a tuner tell."""

    def __init__(self, tuner: Any, run: Run, extra_fields: Mapping[str, object]) -> None:  # noqa: ANN401
        self._oracle: Callable[[], Any] = lambda: tuner.oracle
        self.run = run
        self._extra = extra_fields
        self._open: dict[str, _Progress] = {}
        self._n_space = -1
        self.is_part = is_worker() and remembered(folder_of(tuner)) == run.id
        """Whether another process, the chief's, owns the run."""
        self._manifest: masterlog.Manifest | None = None
        self._merged = folder_of(tuner).absolute() / MERGED_NAME

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
            table = self._seen_by_viewer()
            if self.is_part:
                return
            if self._manifest is not None:
                masterlog.write(self._manifest.of(table), status)
            elif status == "running":
                self._manifest = masterlog.announce(self.run.id, table, os.environ)

    def _seen_by_viewer(self) -> Path:
        """Return the one table that the viewer reads; where the run has several, make it."""
        if not is_distributed() and len(self.run.table_names) == 1:
            return self.run.dir / "metrics.csv"
        if os.environ.get(masterlog.SWITCH) != "0":
            with contextlib.suppress(OSError, LedgerError):
                masterlog.merge(self.run.dir, self._merged)
        return self._merged

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
        params = ActiveParams(self._extra)
        parent = trial.hyperparameters.values.get(_PARENT)
        attempt = self._sweep.begin(
            str(trial.trial_id),
            params.of(trial),
            parent=None if parent is None else str(parent),
        )
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
            message = "the score is nan: INVALID to KerasTuner, failed here" if is_nan else None
        progress.attempt.end(
            "finished" if final.status == COMPLETED else "failed",
            score=score,
            best_epoch=progress.best_epoch,
            execution=max(progress.execution, 0),
            message=message,
            params=progress.params.of(trial),
        )
        if not self.is_part:
            self.describe_space()
        if self.is_part or len(self.run.table_names) > 1:
            self.announce("running")

    def stop(self, error: BaseException) -> None:
        """See the search end by ``error``: what runs ends with it."""
        status, _ = outcome(error)
        for progress in self._open.values():
            progress.attempt.end(
                "interrupted" if status == "finished" else status,
                best_epoch=progress.best_epoch,
                execution=max(progress.execution, 0),
                message=named(error),
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
            params = ActiveParams(self._extra).of(final)
            progress.attempt.log(rest, params=params, execution=execution)


def folder_of(tuner: Any) -> Path:  # noqa: ANN401
    """Return where ``tuner`` keeps its state; its processes share it."""
    return Path(str(getattr(tuner, "project_dir", ".")))

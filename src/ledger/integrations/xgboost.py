"""XGBoost: ``LedgerCallback`` writes a row of metrics for each boosting round.

XGBoost is imported when ``LedgerCallback`` is first asked for.
"""

from __future__ import annotations

import functools
import json

from ledger.integrations.boosting import Rounds, bound_call, settings_of
from ledger.integrations.framework import needs
from ledger.integrations.patched import patched
from ledger.integrations.recording import recording


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Self

    from ledger.writer.run import Run

_GREATER_IS_BETTER = ("auc", "aucpr", "pre", "map", "ndcg", "interval-regression-accuracy")
_LESS_IS_BETTER = (
    *("rmse", "rmsle", "mae", "mape", "mphe", "logloss", "error", "merror", "mlogloss"),
    *("poisson-nloglik", "gamma-nloglik", "cox-nloglik", "gamma-deviance", "tweedie-nloglik"),
    *("aft-nloglik", "quantile", "expectile"),
)
"""Metrics of XGBoost itself, by its documentation of ``eval_metric``; ``@`` and what follows is a
parameter of theirs. A metric of the user's own states no goal."""


def __getattr__(name: str) -> Any:  # noqa: ANN401  # PEP 562
    if name == "LedgerCallback":
        return _callback_class()
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return ["LedgerCallback", "autolog"]


def autolog(**options: Any) -> Callable[[], None]:  # noqa: ANN401  # those of `ledger.start`
    """Record every ``train``, ``cv`` and ``fit`` from now on; return what takes it back.

    Args:
        options: of the runs, as for ``ledger.start``.
    """
    with needs("xgboost"):
        import xgboost
        from xgboost import sklearn, training

    def stand_in(old: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        call = bound_call(old, args, kwargs)
        given = list(call.arguments["callbacks"] or ())
        if any(isinstance(each, _callback_class()) for each in given):
            return old(*args, **kwargs)
        config = settings_of(call)
        with recording(f"xgboost-{old.__name__}", **{"config": config, **options}) as run:
            if run is not None:
                told = _callback_class()(run)
                told.rounds.is_nested = False
                call.arguments["callbacks"] = [told, *given]
            return old(*call.args, **call.kwargs)

    trains = [(each, "train") for each in (training, xgboost, sklearn)]
    cvs = [(each, "cv") for each in (training, xgboost)]
    return patched([(trains, stand_in), (cvs, stand_in)])


@functools.cache
def _callback_class() -> type:
    with needs("xgboost"):
        import xgboost

    class LedgerCallback(xgboost.callback.TrainingCallback):  # type: ignore[misc]  # not looked at
        """Records a training as a run: ``train``, ``cv``, or ``fit`` of an estimator.

        Inside a search or a cross validation that is recorded it writes nothing.

        Args:
            run: an open run, which stays open after the training; or the name of a new one, which
                starts and ends with it.
            start_options: of a new run, as for ``ledger.start``; config is else the booster's.
        """

        def __init__(self, run: Run | str, **start_options: Any) -> None:  # noqa: ANN401
            super().__init__()
            self.rounds = Rounds(run, start_options)
            self._log: Mapping[str, Any] = {}
            self._n = 0

        @property
        def run(self) -> Run | None:
            """The run; of a name, that of the training that runs or ran last."""
            return self.rounds.run

        def before_training(self, model: Any) -> Any:  # noqa: ANN401
            """Start the run, where it is one of this training alone."""
            self._log, self._n = {}, 0
            self.rounds.begin(lambda: _configured(model), model.num_boosted_rounds())
            return model

        def after_iteration(self, model: Any, epoch: int, evals_log: Mapping[str, Any]) -> bool:  # noqa: ANN401, ARG002
            """Write what XGBoost says of the round."""
            self._log = evals_log
            self._write(epoch)
            return False

        def after_training(self, model: Any) -> Any:  # noqa: ANN401
            """State what early stopping has found, and seal the run that this training started."""
            while self._n < _length(self._log):  # a callback before this one has ended the training
                self._write(self._n)
            self.rounds.found(_found(model))
            self.rounds.end()
            return model

        def _write(self, epoch: int) -> None:
            self._n = epoch + 1
            row, goals = _row(self._log, epoch)
            self.rounds.log(epoch, row, goals)

        def __deepcopy__(self, _: object) -> Self:
            """Return the callback itself: estimators copy their params, a run has one writer."""
            return self

        def __reduce__(self) -> tuple[type, tuple[()]]:
            """Be a callback that does nothing in another process: the run is of this one."""
            return xgboost.callback.TrainingCallback, ()

    return LedgerCallback


def _row(log: Mapping[str, Any], epoch: int) -> tuple[dict[str, float], dict[str, str]]:
    """Return the metrics of a round, and the goals of those that are XGBoost's own."""
    row: dict[str, float] = {}
    goals: dict[str, str] = {}
    for data, metrics in log.items():
        for metric, scores in metrics.items():
            name, score = f"{data}-{metric}", scores[epoch]
            # of cross validation, as `cv` calls the columns that it returns
            is_mean = isinstance(score, tuple)
            cells = (
                {f"{name}-mean": score[0], f"{name}-std": score[1]} if is_mean else {name: score}
            )
            row |= cells
            goal = _goal(metric)
            if goal is not None:
                goals[next(iter(cells))] = goal
    return row, goals


def _goal(metric: str) -> str | None:
    name = metric.partition("@")[0]
    if name in _GREATER_IS_BETTER:
        return "max"
    return "min" if name in _LESS_IS_BETTER else None


def _length(log: Mapping[str, Any]) -> int:
    return max((len(scores) for metrics in log.values() for scores in metrics.values()), default=0)


def _found(model: Any) -> dict[str, float]:  # noqa: ANN401
    """Return best_iteration and best_score, where early stopping has set them."""
    if _folds(model) or model.attr("best_iteration") is None:
        return {}
    return {"best_iteration": model.best_iteration, "best_score": model.best_score}


def _configured(model: Any) -> dict[str, object]:  # noqa: ANN401
    """Return the params that are trained with, defaults included, as XGBoost groups them."""
    folds = _folds(model)
    learner = json.loads((folds[0].bst if folds else model).save_config())["learner"]
    return {name: item for name, item in learner.items() if name != "attributes"}


def _folds(model: Any) -> list[Any]:  # noqa: ANN401
    """Return the boosters of a cross validation; none of a booster."""
    found: list[Any] = getattr(model, "cvfolds", [])
    return found

"""LightGBM: ``LedgerCallback`` writes a row of metrics for each boosting round.

Nothing here imports LightGBM, but ``autolog``: a callback is any object that can be called.
"""

from __future__ import annotations

from ledger.integrations.boosting import Rounds, bound_call, settings_of
from ledger.integrations.framework import needs
from ledger.integrations.patched import patched
from ledger.integrations.recording import recording


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Self

    from ledger.writer.run import Run

_ORDER = 25
"""After LightGBM's own record of a round (20), before early stopping (30) ends the training."""

_OF_FOLDS = "cv_agg"
"""The data of a cross validation before LightGBM 4.7; its metrics name the real one: valid auc."""


class LedgerCallback:
    """Records a training as a run: ``train``, ``cv``, or ``fit`` of an estimator.

    A run of its own ends with the last round; where early stopping comes before that, with the next
    training or the program, for LightGBM tells its callbacks no end. Inside a search or a cross
    validation that is recorded it writes nothing.

    Args:
        run: an open run, which stays open after the training; or the name of a new one.
        start_options: of a new run, as for ``ledger.start``: config (without one: the params of the
            training), data, seed, objective.
    """

    def __init__(self, run: Run | str, **start_options: Any) -> None:  # noqa: ANN401
        self.order = _ORDER
        self.before_iteration = False
        self.rounds = Rounds(run, start_options)

    @property
    def run(self) -> Run | None:
        """The run; of a name, that of the training that runs or ran last."""
        return self.rounds.run

    def __call__(self, env: Any) -> None:  # noqa: ANN401  # a CallbackEnv
        """Write what LightGBM says of the round; the first starts the run, the last ends it."""
        n = env.iteration - env.begin_iteration
        if n == 0:
            self.rounds.begin(lambda: _settings(env), env.begin_iteration)
            self.rounds.at_end(lambda: _found(env.model))
        self.rounds.log(n, *_row(env.evaluation_result_list or ()))
        if env.iteration == env.end_iteration - 1:
            self.rounds.end()

    def __deepcopy__(self, _: object) -> Self:
        """Return the callback itself: a run has one writer."""
        return self

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        """Be a callback that does nothing in another process: the run is of this one."""
        return _Silent, ()


class _Silent:
    """A callback that does nothing."""

    def __call__(self, env: object) -> None:
        """Write nothing."""


def autolog(**options: Any) -> Callable[[], None]:  # noqa: ANN401  # those of `ledger.start`
    """Record every ``train``, ``cv`` and ``fit`` from now on; return what takes it back.

    Args:
        options: of the runs, as for ``ledger.start``.
    """
    with needs("lightgbm"):
        import lightgbm
        from lightgbm import engine, sklearn

    def stand_in(old: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        call = bound_call(old, args, kwargs)
        given = list(call.arguments["callbacks"] or ())
        if any(isinstance(each, LedgerCallback) for each in given):
            return old(*args, **kwargs)
        config = settings_of(call)
        with recording(f"lightgbm-{old.__name__}", **{"config": config, **options}) as run:
            if run is not None:
                told = LedgerCallback(run)
                told.rounds.is_nested = False
                call.arguments["callbacks"] = [told, *given]
            return old(*call.args, **call.kwargs)

    trains = [(each, "train") for each in (engine, lightgbm, sklearn)]
    cvs = [(each, "cv") for each in (engine, lightgbm)]
    return patched([(trains, stand_in), (cvs, stand_in)])


def _row(results: Any) -> tuple[dict[str, float], dict[str, str]]:  # noqa: ANN401
    """Return the metrics of a round, and which way each is better, as LightGBM has them.

    Args:
        results: (data, metric, value, whether greater is better) of each, of cross validation with
            the standard deviation as a fifth.
    """
    row: dict[str, float] = {}
    goals: dict[str, str] = {}
    for data, metric, score, is_higher_better, *stdv in map(tuple, results):
        if data == _OF_FOLDS:
            data, _, metric = metric.partition(" ")  # noqa: PLW2901  # one name, in two
        name = f"{data}-{metric}-mean" if stdv else f"{data}-{metric}"
        row[name] = score
        row |= {f"{data}-{metric}-stdv": each for each in stdv}
        goals[name] = "max" if is_higher_better else "min"
    return row, goals


def _settings(env: Any) -> dict[str, object]:  # noqa: ANN401
    return {**env.params, "num_iterations": env.end_iteration - env.begin_iteration}


def _found(booster: Any) -> Mapping[str, object]:  # noqa: ANN401
    """Return what early stopping has found in the meantime: the best number of rounds, and scores.

    LightGBM counts ``best_iteration`` from 1; 0 or less is none.
    """
    if booster.best_iteration < 1:
        return {}
    of_sets = getattr(booster, "best_score", {})  # of `cv` there are none
    scores = {
        f"best_score-{data}-{metric}": score
        for data, metrics in (of_sets.items() if isinstance(of_sets, dict) else ())
        for metric, score in metrics.items()
    }
    return {"best_iteration": booster.best_iteration, **scores}

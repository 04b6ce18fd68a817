"""Project folders that KerasTuner itself has just written, imported; no run recorded them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from unit.sync.importers.imported import only_run, record_in, rows_in, run_import, trials_in


if TYPE_CHECKING:
    from pathlib import Path

REASON = "the group is not installed: uv run --group test --group keras pytest tests/integrations"
pytest.importorskip("jax", reason=REASON)
keras = pytest.importorskip("keras", reason=REASON)
keras_tuner = pytest.importorskip("keras_tuner", reason=REASON)
pytestmark = [
    pytest.mark.timeout(240),
    # KerasTuner's own: old names of threading, metrics that are all nan
    pytest.mark.filterwarnings("default"),
]

X = np.random.default_rng(0).normal(size=(8, 2)).astype("float32")
Y = (X.sum(axis=1) > 0).astype("float32")


def build(hp: Any) -> Any:
    if hp.Boolean("drop"):
        with hp.conditional_scope("drop", [True]):
            hp.Float("rate", 0.1, 0.5)
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(hp.Float("lr", 0.01, 0.1))
    model.compile(optimizer, "mse", metrics=["mae"], run_eagerly=True)
    return model


OPTIONS = {"directory": "tuning", "project_name": "moons", "objective": "val_mae", "seed": 1}
TUNERS = {
    "RandomSearch": lambda: keras_tuner.RandomSearch(
        build, max_trials=2, executions_per_trial=2, **OPTIONS
    ),
    "BayesianOptimization": lambda: keras_tuner.BayesianOptimization(
        build, max_trials=2, **OPTIONS
    ),
    "GridSearch": lambda: keras_tuner.GridSearch(build, max_trials=2, **OPTIONS),
    "Hyperband": lambda: keras_tuner.Hyperband(build, max_epochs=3, factor=3, **OPTIONS),
}


@pytest.mark.parametrize("kind", TUNERS)
def test_search_is_as_its_tuner_tells_it(project: Path, kind: str) -> None:
    tuner = TUNERS[kind]()
    tuner.search(X, Y, validation_data=(X, Y), epochs=2, verbose=0)

    assert 0 == run_import("keras-tuner", "tuning").exit_code

    record, trials = record_in(only_run(project)), trials_in(only_run(project))
    assert [*tuner.oracle.start_order] == [*trials]
    for trial_id, known in tuner.oracle.trials.items():
        trial = trials[trial_id]
        hps = known.hyperparameters
        active = {name for name in hps.values if name.startswith("tuner/") or hps.is_active(name)}
        assert active == {*trial.params}
        assert ("finished", float(known.score)) == (trial.status, trial.score)
        first = hps.values.get("tuner/initial_epoch", 0)
        assert first + known.best_step == trial.best_epoch
    assert ("val_mae", "min") == record.objective
    sweep: Any = record["sweep"]
    assert tuner.oracle.get_best_trials()[0].trial_id == sweep["best_trial"]
    assert kind in {sweep.get("tuner"), "RandomSearch", "GridSearch"}
    assert {each.name for each in tuner.oracle.get_space().space} == {*sweep["space"]}
    assert len(trials) == len(rows_in(only_run(project)))
    assert "moons" == record["name"]


def test_trials_without_epochs_that_fail_or_are_nan(project: Path) -> None:
    class Own(keras_tuner.RandomSearch):  # type: ignore[misc]  # not typed
        def run_trial(self, trial: Any, *_: Any, **__: Any) -> Any:
            x = trial.hyperparameters.Float("x", 0.0, 1.0)
            if trial.trial_id == "0":
                message = "too large"
                raise keras_tuner.errors.FailedTrialError(message)
            return math.nan if trial.trial_id == "1" else x

    tuner = Own(directory="tuning", project_name="own", max_trials=4, seed=1)
    tuner.search()

    assert 0 == run_import("keras-tuner", "tuning/own").exit_code

    trials = trials_in(only_run(project))
    assert ["failed", "failed", "finished", "finished"] == [each.status for each in trials.values()]
    assert "too large" in str(trials["0"].message)
    best = tuner.oracle.get_best_trials()[0]
    sweep: Any = record_in(only_run(project))["sweep"]
    assert (best.trial_id, 2) == (sweep["best_trial"], sweep["n_failed"])
    assert ("default_objective", "min") == record_in(only_run(project)).objective

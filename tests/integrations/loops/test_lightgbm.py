"""Trainings of real LightGBM on the data of scikit-learn."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import ledger
from unit.writer.recording import only_run, read_record, read_rows, run_dirs


if TYPE_CHECKING:
    from pathlib import Path

REASON = "the group is not installed: uv run --group test --group loops pytest tests/integrations"
lightgbm = pytest.importorskip("lightgbm", reason=REASON)
pytestmark = [pytest.mark.timeout(240), pytest.mark.filterwarnings("default")]

from sklearn.datasets import load_breast_cancer  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402

from ledger.integrations.lightgbm import LedgerCallback, autolog  # noqa: E402
from ledger.integrations.sklearn import attach  # noqa: E402


X, Y = load_breast_cancer(return_X_y=True)
PARAMS = {
    "objective": "binary",
    "num_leaves": 4,
    "metric": ["auc", "binary_logloss"],
    "verbosity": -1,
    "num_threads": 1,
    "deterministic": True,
}


def train(*callbacks: Any, rounds: int = 4, params: Any = None, **options: Any) -> Any:
    fit = lightgbm.Dataset(X[:200], Y[:200])
    sets = [fit, fit.create_valid(X[200:300], Y[200:300]), fit.create_valid(X[300:], Y[300:])]
    told: dict[str, Any] = {}
    options = {"valid_sets": sets, "valid_names": ["train", "valid", "test"], **options}
    record = lightgbm.record_evaluation(told)
    booster = lightgbm.train(
        {**PARAMS, **(params or {})}, fit, rounds, callbacks=[*callbacks, record], **options
    )
    return booster, told


def column(run: Path, name: str) -> list[float]:
    return [float(row[name]) for row in read_rows(run)]


def test_each_round_is_a_row_and_goals_are_what_the_library_says(project: Path) -> None:
    _, told = train(LedgerCallback("leaves"))

    run = only_run(project)
    record = read_record(run)
    assert [row["step"] for row in read_rows(run)] == ["0", "1", "2", "3"]
    for data in ("train", "valid", "test"):
        for metric, goal in (("auc", "max"), ("binary_logloss", "min")):
            assert column(run, f"{data}-{metric}") == told[data][metric]
            assert record["columns"][f"{data}-{metric}"]["goal"] == goal
    assert (record["status"], record["name"]) == ("finished", "leaves")
    assert record["config"]["resolved"]["num_leaves"] == 4
    assert record["config"]["resolved"]["num_iterations"] == 4
    best = next(iter(ledger.query('best "valid-auc"', path=project)))
    assert best["value"] == max(told["valid"]["auc"])


@pytest.mark.parametrize("is_named", [True, False])
def test_early_stopping_is_stated_and_no_round_is_lost(project: Path, is_named: bool) -> None:
    run = "stopped" if is_named else ledger.start("stopped")
    callback = LedgerCallback(run)
    stop = lightgbm.early_stopping(3, verbose=False)
    booster, told = train(stop, callback, rounds=90, params={"learning_rate": 0.9})
    assert callback.run is not None
    assert callback.run.is_open
    callback.run.finish()

    record = read_record(only_run(project))
    assert len(told["valid"]["auc"]) < 90
    assert column(only_run(project), "valid-auc") == told["valid"]["auc"]
    assert record["metrics"]["best_iteration"] == booster.best_iteration
    scores = booster.best_score["valid"]
    assert record["metrics"]["best_score-valid-auc"] == scores["auc"]


def test_the_next_training_of_a_name_ends_the_run_that_was_stopped_early(project: Path) -> None:
    callback = LedgerCallback("again")
    stop = {"early_stopping_round": 2, "learning_rate": 0.9}
    train(callback, rounds=90, params=stop)
    train(callback, rounds=2)

    statuses = [read_record(each)["status"] for each in run_dirs(project)]
    assert statuses == ["finished", "finished"]


def test_continued_training_counts_on(project: Path) -> None:
    first, _ = train(LedgerCallback("first"))
    train(LedgerCallback("second"), rounds=2, init_model=first)

    assert [[row["step"] for row in read_rows(each)] for each in run_dirs(project)] == [
        ["0", "1", "2", "3"],
        ["4", "5"],
    ]


def test_an_open_run_keeps_no_model_of_earlier_trainings(project: Path) -> None:
    with ledger.start("many") as run:
        early = lightgbm.early_stopping(1, verbose=False)
        booster, _ = train(LedgerCallback(run), early, rounds=60, params={"learning_rate": 0.9})
        best, known = booster.best_iteration, weakref.ref(booster)
        del booster, early
        train(LedgerCallback(run))
        gc.collect()
        assert known() is None

    assert read_record(only_run(project))["metrics"]["best_iteration"] == best > 0


def test_cross_validation_has_means_and_deviations(project: Path) -> None:
    fit = lightgbm.Dataset(X[:200], Y[:200])
    found = lightgbm.cv(PARAMS, fit, 3, nfold=3, callbacks=[LedgerCallback("cv")])

    run = only_run(project)
    assert found
    for name, values in found.items():
        assert column(run, name.replace(" ", "-")) == values
    columns = read_record(run)["columns"]
    assert columns["valid-auc-mean"]["goal"] == "max"
    assert "goal" not in columns["valid-auc-stdv"]


@pytest.mark.usefixtures("project")
def test_an_estimator_and_a_metric_of_ones_own() -> None:
    def right(truth: Any, predictions: Any) -> tuple[str, float, bool]:
        return "right", float(np.mean((predictions > 0.5) == truth)), True

    model = lightgbm.LGBMClassifier(n_estimators=3, verbosity=-1, n_jobs=1)
    with ledger.start("fit", config={"n": 3}) as run:
        model.fit(X, Y, eval_set=[(X, Y)], eval_metric=right, callbacks=[LedgerCallback(run)])

    assert column(run.dir, "training-right") == model.evals_result_["training"]["right"]
    assert read_record(run.dir)["columns"]["training-right"]["goal"] == "max"


def test_without_validation_rounds_are_rows_all_the_same(project: Path) -> None:
    train(LedgerCallback("blind"), rounds=2, valid_sets=None, valid_names=None)

    assert read_rows(only_run(project)) == [{"step": "0"}, {"step": "1"}]


def test_a_search_over_estimators_is_recorded_once(project: Path) -> None:
    undo = autolog()
    try:
        model = lightgbm.LGBMClassifier(n_estimators=2, verbosity=-1, n_jobs=1)
        search = GridSearchCV(model, {"num_leaves": [2, 4]}, cv=2)
        with attach(search, "outer"):
            search.fit(X, Y, callbacks=[LedgerCallback("inner")])
    finally:
        undo()

    record = read_record(only_run(project))
    assert (record["name"], record["sweep"]["n_trials"]) == ("outer", 2)


def test_autolog_records_train_cv_and_fit_until_it_is_taken_back(project: Path) -> None:
    undo = autolog(tags=["auto"])
    try:
        booster, _ = train(rounds=90, params={"early_stopping_round": 2, "learning_rate": 0.9})
        callbacks = [lightgbm.log_evaluation(0)]
        fit = lightgbm.Dataset(X[:200], Y[:200])
        lightgbm.train(PARAMS, fit, 2, None, None, None, None, False, callbacks)
        lightgbm.cv(PARAMS, lightgbm.Dataset(X[:200], Y[:200]), 2, nfold=2)
        lightgbm.LGBMRegressor(n_estimators=2, verbosity=-1, n_jobs=1).fit(X, Y)
        train(LedgerCallback("mine"), rounds=1)
    finally:
        undo()
    train(rounds=1)

    records = [read_record(each) for each in run_dirs(project)]
    assert sorted(each["name"] for each in records) == [
        *("lightgbm-cv", "lightgbm-train", "lightgbm-train", "lightgbm-train", "mine"),
    ]
    (stopped,) = [each for each in records if "best_iteration" in each["metrics"]]
    assert stopped["metrics"]["best_iteration"] == booster.best_iteration
    assert stopped["config"]["resolved"]["learning_rate"] == 0.9
    assert stopped["config"]["resolved"]["num_boost_round"] == 90

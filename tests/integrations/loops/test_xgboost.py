"""Trainings of real XGBoost on the data of scikit-learn."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import ledger
from unit.writer.recording import only_run, read_record, read_rows, run_dirs


if TYPE_CHECKING:
    from pathlib import Path

REASON = "the group is not installed: uv run --group test --group loops pytest tests/integrations"
xgboost = pytest.importorskip("xgboost", reason=REASON)
pytestmark = [pytest.mark.timeout(240), pytest.mark.filterwarnings("default")]

from sklearn.datasets import load_breast_cancer, load_iris  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402

from ledger.integrations.sklearn import attach  # noqa: E402
from ledger.integrations.xgboost import LedgerCallback, autolog  # noqa: E402


X, Y = load_breast_cancer(return_X_y=True)
PARAMS = {"objective": "binary:logistic", "max_depth": 2, "eval_metric": ["auc", "logloss"]}


def matrices() -> tuple[Any, Any]:
    return xgboost.DMatrix(X[:200], Y[:200]), xgboost.DMatrix(X[200:300], Y[200:300])


def train(*callbacks: Any, rounds: int = 4, params: Any = None, **options: Any) -> Any:
    fit, valid = matrices()
    evals = [(fit, "train"), (valid, "valid")]
    told: dict[str, Any] = {}
    options = {"evals": evals, "evals_result": told, "verbose_eval": False, **options}
    booster = xgboost.train(
        {**PARAMS, **(params or {})}, fit, rounds, callbacks=[*callbacks], **options
    )
    return booster, told


def column(run: Path, name: str) -> list[float]:
    return [float(row[name]) for row in read_rows(run)]


def test_each_round_is_a_row_with_the_names_of_the_library(project: Path) -> None:
    booster, told = train(LedgerCallback("trees", seed=3))

    run = only_run(project)
    record = read_record(run)
    assert [row["step"] for row in read_rows(run)] == ["0", "1", "2", "3"]
    for data in ("train", "valid"):
        for metric in ("auc", "logloss"):
            assert column(run, f"{data}-{metric}") == told[data][metric]
    assert (record["status"], record["name"]) == ("finished", "trees")
    goals = {name: each.get("goal") for name, each in record["columns"].items()}
    assert (goals["valid-auc"], goals["valid-logloss"]) == ("max", "min")
    resolved = record["config"]["resolved"]
    assert resolved["gradient_booster"]["tree_train_param"]["max_depth"] == "2"
    assert resolved["objective"]["name"] == "binary:logistic"
    best = next(iter(ledger.query('best "valid-logloss"', path=project)))
    assert best["value"] == min(told["valid"]["logloss"])
    assert booster.num_boosted_rounds() == 4


@pytest.mark.parametrize("is_before", [True, False])
def test_early_stopping_is_stated_and_no_round_is_lost(project: Path, is_before: bool) -> None:
    stop = xgboost.callback.EarlyStopping(2, metric_name="logloss", data_name="valid")
    with ledger.start("stopped", config={"lr": 1}) as run:
        told_by = LedgerCallback(run)
        callbacks = [stop, told_by] if is_before else [told_by, stop]
        booster, told = train(*callbacks, rounds=60, params={"eta": 1.5})
        assert run.is_open

    record = read_record(only_run(project))
    assert len(told["valid"]["logloss"]) < 60
    assert column(run.dir, "valid-logloss") == told["valid"]["logloss"]
    assert record["metrics"]["best_iteration"] == booster.best_iteration
    assert record["metrics"]["best_score"] == booster.best_score
    assert record["config"]["resolved"] == {"lr": 1}


def test_continued_training_counts_on(project: Path) -> None:
    first, _ = train(LedgerCallback("first"))
    train(LedgerCallback("second"), rounds=2, xgb_model=first)

    assert [[row["step"] for row in read_rows(each)] for each in run_dirs(project)] == [
        ["0", "1", "2", "3"],
        ["4", "5"],
    ]


def test_a_second_training_of_an_open_run_counts_on(project: Path) -> None:
    with ledger.start("two") as run:
        told = LedgerCallback(run)
        train(told, rounds=2)
        train(told, rounds=1)
        train(LedgerCallback(run), rounds=1)

    assert [row["step"] for row in read_rows(only_run(project))] == ["0", "1", "2", "3"]


def test_without_validation_rounds_are_rows_all_the_same(project: Path) -> None:
    train(LedgerCallback("blind"), evals=[], rounds=2)

    assert read_rows(only_run(project)) == [{"step": "0"}, {"step": "1"}]


def test_cross_validation_has_means_and_deviations(project: Path) -> None:
    fit, _ = matrices()
    found = xgboost.cv(
        PARAMS, fit, 3, nfold=3, seed=0, as_pandas=False, callbacks=[LedgerCallback("cv")]
    )

    run = only_run(project)
    for name, values in found.items():
        assert column(run, name) == values
    columns = read_record(run)["columns"]
    assert columns["test-auc-mean"]["goal"] == "max"
    assert "goal" not in columns["test-auc-std"]


def test_a_metric_and_a_booster_of_ones_own(project: Path) -> None:
    def wrong(predictions: Any, data: Any) -> tuple[str, float]:
        return "wrong", float(np.mean((predictions > 0.5) != data.get_label()))

    dart = {"booster": "dart", "rate_drop": 0.5, "eval_metric": "logloss"}
    _, told = train(LedgerCallback("dart"), params=dart, custom_metric=wrong)

    assert column(only_run(project), "valid-wrong") == told["valid"]["wrong"]
    assert "goal" not in read_record(only_run(project))["columns"]["valid-wrong"]


def test_an_estimator_of_several_classes(project: Path) -> None:
    x, y = load_iris(return_X_y=True)
    model = xgboost.XGBClassifier(n_estimators=3, callbacks=[LedgerCallback("iris")])
    model.fit(x, y, eval_set=[(x, y)], verbose=False)

    scores = model.evals_result()["validation_0"]["mlogloss"]
    assert column(only_run(project), "validation_0-mlogloss") == scores
    again = pickle.loads(pickle.dumps(model))  # noqa: S301
    assert not isinstance(again.callbacks[0], LedgerCallback)
    assert list(again.predict(x)) == list(model.predict(x))
    again.fit(x, y)
    assert len(run_dirs(project)) == 1


def test_a_training_that_fails_leaves_the_truth(project: Path) -> None:
    class Failing(xgboost.callback.TrainingCallback):  # type: ignore[misc]  # not typed
        def after_iteration(self, *_: Any) -> bool:
            message = "out of memory"
            raise ValueError(message)

    with ledger.start("fails") as run, pytest.raises(ValueError, match="out of memory"):
        train(LedgerCallback(run), Failing())
    named = LedgerCallback("named")
    with pytest.raises(ValueError, match="out of memory"):
        train(named, Failing())
    train(named, rounds=1)

    assert len(read_rows(run.dir)) == 1
    found = sorted((each["name"], each["status"]) for each in map(read_record, run_dirs(project)))
    assert found == [("fails", "finished"), ("named", "failed"), ("named", "finished")]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_search_over_estimators_is_recorded_once(project: Path, n_jobs: int) -> None:
    undo = autolog()
    try:
        model = xgboost.XGBClassifier(n_estimators=2, callbacks=[LedgerCallback("inner")])
        search = GridSearchCV(model, {"max_depth": [1, 2]}, cv=2, n_jobs=n_jobs)
        with attach(search, "outer"):
            search.fit(X[:100], Y[:100])
    finally:
        undo()

    record = read_record(only_run(project))
    assert (record["name"], record["sweep"]["n_trials"]) == ("outer", 2)
    assert not [name for name in record["columns"] if "logloss" in name]
    assert "0x" not in (only_run(project) / "run.json").read_text(encoding="utf-8")


def test_autolog_records_train_cv_and_fit_until_it_is_taken_back(project: Path) -> None:
    fit, _ = matrices()
    undo = autolog(tags=["auto"])
    try:
        train(rounds=3, early_stopping_rounds=2)
        xgboost.cv(PARAMS, fit, 2, nfold=2, as_pandas=False)
        xgboost.XGBRegressor(n_estimators=2).fit(X[:50], Y[:50])
        train(LedgerCallback("mine"), rounds=1)
        with ledger.start("open"):
            train(rounds=1)
    finally:
        undo()
    train(rounds=1)

    records = {(each["name"], len(read_rows(run))): each for run, each in recorded(project)}
    assert set(records) == {
        *(("xgboost-train", 3), ("xgboost-cv", 2), ("xgboost-train", 2), ("mine", 1), ("open", 1)),
    }
    first = records["xgboost-train", 3]
    assert first["config"]["resolved"]["max_depth"] == 2
    assert first["config"]["resolved"]["num_boost_round"] == 3
    assert {"best_iteration", "best_score"} <= set(first["stated"])
    assert first["tags"] == ["auto"]


def recorded(project: Path) -> list[tuple[Path, dict[str, Any]]]:
    return [(each, read_record(each)) for each in run_dirs(project)]


def test_the_module_has_nothing_else() -> None:
    import ledger.integrations.xgboost as module

    assert dir(module) == ["LedgerCallback", "autolog"]
    with pytest.raises(AttributeError, match="no attribute 'Callback'"):
        module.Callback  # noqa: B018

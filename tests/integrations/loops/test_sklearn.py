"""Searches and cross validations of real scikit-learn, on the data it brings."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import ledger
from ledger.contract.trials import decode_trials
from ledger.errors import LedgerError
from unit.writer.recording import ledger_command, only_run, read_record, read_rows, run_dirs


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.contract.trials import Trial

REASON = "the group is not installed: uv run --group test --group loops pytest tests/integrations"
# the group of all tests has scikit-learn, but these are not for every day
pytest.importorskip("optuna", reason=REASON)
scipy = pytest.importorskip("scipy.stats", reason=REASON)
pytestmark = [pytest.mark.timeout(240), pytest.mark.filterwarnings("default")]

from sklearn.base import BaseEstimator, ClassifierMixin, clone  # noqa: E402
from sklearn.datasets import load_iris  # noqa: E402
from sklearn.exceptions import FitFailedWarning  # noqa: E402
from sklearn.experimental import enable_halving_search_cv  # noqa: E402, F401  # imports below
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.model_selection import (  # noqa: E402
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    KFold,
    RandomizedSearchCV,
    cross_validate,
)
from sklearn.model_selection._search import BaseSearchCV  # noqa: E402
from sklearn.pipeline import Pipeline  # noqa: E402
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler  # noqa: E402
from sklearn.svm import SVC  # noqa: E402
from sklearn.tree import DecisionTreeClassifier  # noqa: E402

from ledger.integrations.sklearn import attach, autolog  # noqa: E402
from ledger.integrations.sklearn import cross_validate as recorded  # noqa: E402


X, Y = load_iris(return_X_y=True)
X, Y = X[::3], Y[::3]


class Picky(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # not typed
    """Cannot be fitted on the data of some folds."""

    def __init__(self, limit: float = 0.0) -> None:
        self.limit = limit

    def fit(self, x: Any, y: Any) -> Picky:
        if float(x[0][0]) < self.limit:
            message = f"{float(x[0][0])} is too small"
            raise ValueError(message)
        self.classes_ = np.unique(y)
        return self

    def predict(self, x: Any) -> Any:
        return np.full(len(x), self.classes_[0])


def trials_of(run: Path) -> list[Trial]:
    return decode_trials((run / "trials.csv").read_bytes())


def means_of(run: Path) -> list[dict[str, str]]:
    return [row for row in read_rows(run) if "execution" not in row]


def sound(project: Path) -> bool:
    """Whether no check of the tables finds anything."""
    judged = ledger_command(project, "check", "--all", "--format", "json").stdout
    return "LED104" not in judged and "LED111" not in judged


def test_a_grid_search_is_a_sweep(project: Path) -> None:
    grid = {"max_depth": [1, 2, None], "criterion": ["gini", "entropy"]}
    search = GridSearchCV(
        DecisionTreeClassifier(random_state=0), grid, cv=3, return_train_score=True
    )
    with attach(search, "trees", hypothesis="deep ones win") as run:
        search.fit(X, Y)
        run.final(test_accuracy=search.score(X, Y))

    folder, results = only_run(project), search.cv_results_
    record, trials = read_record(folder), trials_of(folder)
    assert record["objective"] == {"metric": "mean_test_score", "goal": "max"}
    assert record["sweep"]["tuner"] == "GridSearchCV"
    assert record["sweep"]["space"] == grid
    assert record["sweep"]["max_trials"] == record["sweep"]["n_trials"] == 6
    assert record["sweep"]["best_trial"] == str(search.best_index_)
    assert [each.score for each in trials] == list(results["mean_test_score"])
    assert {each.status for each in trials} == {"finished"}
    assert [each.params["max_depth"] for each in trials] == ["1", "2", "None"] * 2
    rows = read_rows(folder)
    assert len(rows) == 6 * 3 + 6
    scores = {(row["trial_id"], row["execution"]): row for row in rows if "execution" in row}
    for trial in range(6):
        for split in range(3):
            row = scores[str(trial), str(split)]
            assert float(row["test_score"]) == results[f"split{split}_test_score"][trial]
            assert float(row["train_score"]) == results[f"split{split}_train_score"][trial]
    assert [float(row["mean_fit_time"]) for row in means_of(folder)] == list(
        results["mean_fit_time"]
    )
    assert record["metrics"]["best_score_"] == search.best_score_
    assert record["metrics"]["test_accuracy"] == search.score(X, Y)
    resolved = record["config"]["resolved"]
    assert (resolved["search"], resolved["estimator"]) == ("GridSearchCV", "DecisionTreeClassifier")
    assert (resolved["estimator__random_state"], resolved["cv"]) == (0, 3)
    assert not (folder / "metrics.2.csv").exists()
    best = ledger.query("best mean_test_score per trial", path=project)
    assert next(iter(best))["trial_id"] == str(search.best_index_)
    assert sound(project)


def test_what_is_saved_or_copied_is_an_ordinary_search(project: Path, tmp_path: Path) -> None:
    search = GridSearchCV(SVC(), {"C": [1, 10]}, cv=2)
    with attach(search, "once"):
        search.fit(X, Y)
        for other in (pickle.loads(pickle.dumps(search)), copy.deepcopy(search)):  # noqa: S301
            assert type(other) is GridSearchCV
            assert other.best_params_ == search.best_params_
        assert repr(search) == repr(copy.deepcopy(search))
        clone(search).fit(X, Y)
        assert read_record(only_run(project))["sweep"].get("max_trials") == 2
    assert read_record(only_run(project))["sweep"]["n_trials"] == 2
    saved = tmp_path / "search.pickle"
    saved.write_bytes(pickle.dumps(search))
    script = (
        "import pickle, sys; print(pickle.load(open(sys.argv[1], 'rb')).best_params_);"
        "assert not any(name.startswith('ledger') for name in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, str(saved)], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == str(search.best_params_)
    assert isinstance(search, GridSearchCV)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_folds_in_other_processes_and_threads(project: Path, backend: str) -> None:
    import joblib

    search = GridSearchCV(SVC(), {"C": [1, 10]}, cv=2, n_jobs=2)
    with joblib.parallel_config(backend=backend), attach(search, backend):
        search.fit(X, Y)

    assert [each.score for each in trials_of(only_run(project))] == list(
        search.cv_results_["mean_test_score"]
    )


def test_a_scorer_with_a_sign_is_better_when_greater(project: Path) -> None:
    search = GridSearchCV(
        LogisticRegression(),
        {"C": [0.001, 1.0]},
        cv=2,
        scoring=["neg_log_loss", "accuracy"],
        refit="neg_log_loss",
    )
    with attach(search, "losses"):
        search.fit(X, Y)

    record = read_record(only_run(project))
    assert record["objective"] == {"metric": "mean_test_neg_log_loss", "goal": "max"}
    assert record["sweep"]["best_trial"] == str(search.best_index_)
    assert record["columns"]["test_accuracy"]["goal"] == "max"
    assert record["columns"]["mean_test_accuracy"]["goal"] == "max"
    assert "goal" not in record["columns"]["mean_fit_time"]
    best = next(iter(ledger.query("best mean_test_neg_log_loss per trial", path=project)))
    assert (best["trial_id"], best["value"]) == (str(search.best_index_), search.best_score_)


def test_several_scorers_without_refit_have_no_objective(project: Path) -> None:
    search = GridSearchCV(
        SVC(), {"C": [1, 10]}, cv=2, scoring=["accuracy", "f1_macro"], refit=False
    )
    with attach(search, "two"):
        search.fit(X, Y)

    record = read_record(only_run(project))
    assert record["objective"] is None
    assert record["sweep"]["best_trial"] is None
    assert [each.score for each in trials_of(only_run(project))] == [None, None]
    assert record["columns"]["mean_test_f1_macro"]["goal"] == "max"


def test_one_scorer_without_refit_has_a_score(project: Path) -> None:
    search = GridSearchCV(SVC(), {"C": [1, 10]}, cv=2, refit=False)
    with attach(search, "unfitted"):
        search.fit(X, Y)

    record = read_record(only_run(project))
    assert record["sweep"]["best_trial"] == str(search.best_index_)
    assert "refit_time_" not in record["metrics"]


def test_a_scoring_function_of_several_scores(project: Path) -> None:
    def scoring(model: Any, x: Any, y: Any) -> dict[str, float]:
        right = float((model.predict(x) == y).mean())
        return {"right": right, "minus_wrong": right - 1}

    search = GridSearchCV(SVC(), {"C": [0.01, 10]}, cv=2, scoring=scoring, refit="minus_wrong")
    with attach(search, "callable"):
        search.fit(X, Y)

    record = read_record(only_run(project))
    assert record["objective"] == {"metric": "mean_test_minus_wrong", "goal": "max"}
    assert record["sweep"]["best_trial"] == str(search.best_index_)


def test_estimators_among_params_are_told_without_addresses(project: Path) -> None:
    pipeline = Pipeline(
        [
            ("scale", StandardScaler()),
            ("shift", FunctionTransformer(np.log1p)),
            ("svc", SVC(C=3)),
        ]
    )
    space = {
        "scale": [MinMaxScaler((0, 2)), "passthrough"],
        "svc__C": scipy.loguniform(0.1, 10),
        "shift__func": [np.log1p, np.exp],
    }
    search = RandomizedSearchCV(
        pipeline, space, n_iter=4, cv=KFold(2, shuffle=True, random_state=0), random_state=0
    )
    with attach(search):
        search.fit(X, Y)

    folder = only_run(project)
    record = read_record(folder)
    assert record["name"] == "RandomizedSearchCV"
    for path in (folder / "run.json", folder / "trials.csv", folder / "metrics.csv"):
        assert "0x" not in path.read_text(encoding="utf-8")
    assert record["sweep"]["space"]["svc__C"] == "loguniform(0.1, 10)"
    assert record["sweep"]["space"]["scale"][0] == "MinMaxScaler(feature_range=(0, 2))"
    assert record["sweep"]["space"]["scale"][1] == "passthrough"
    resolved = record["config"]["resolved"]
    assert (resolved["estimator__svc"], resolved["estimator__svc__C"]) == ("SVC", 3)
    assert resolved["cv"] == "KFold(n_splits=2, random_state=0, shuffle=True)"
    assert "log1p" in resolved["estimator__shift__func"]
    assert {each.params["scale"] for each in trials_of(folder)} <= {
        "MinMaxScaler(feature_range=(0, 2))",
        "passthrough",
    }


class _Speechless:
    """Cannot be shown."""

    def __repr__(self) -> str:
        message = "no words"
        raise RuntimeError(message)


def test_a_param_that_cannot_be_shown_ends_no_search(project: Path) -> None:
    steps = [("same", FunctionTransformer()), ("tree", DecisionTreeClassifier())]
    grid = {"same__kw_args": [{"word": _Speechless()}, None], "same__func": [_first_of]}
    search = GridSearchCV(Pipeline(steps), grid, cv=2)
    undo = autolog()
    try:
        search.fit(X, Y)
    finally:
        undo()

    assert {each.params["same__kw_args"] for each in trials_of(only_run(project))} == {
        "{'word': '<_Speechless>'}",
        "None",
    }


def test_a_search_whose_space_nobody_knows_ends_as_ever(project: Path) -> None:
    class Odd(GridSearchCV):  # type: ignore[misc]  # not typed
        search_spaces = 7
        param_grid = 7

        def __init__(self, estimator: Any) -> None:
            super().__init__(estimator, 7, cv=2)

        def _run_search(self, evaluate_candidates: Any) -> None:
            evaluate_candidates([{"max_depth": 1}, {"max_depth": 2}])

    search = Odd(DecisionTreeClassifier())
    with attach(search, "odd"):
        search.fit(X, Y)

    assert [each.status for each in trials_of(only_run(project))] == ["finished", "finished"]
    assert "what is searched was not recorded" in str(read_record(only_run(project))["incomplete"])


@pytest.mark.usefixtures("project")
def test_a_class_instead_of_an_estimator_is_for_scikit_learn_to_refuse() -> None:
    from sklearn import model_selection

    undo = autolog()
    try:
        with pytest.raises(TypeError, match="class"):
            model_selection.cross_validate(DecisionTreeClassifier, X, Y)
    finally:
        undo()


def _first_of(x: Any, **_: Any) -> Any:
    return x


@pytest.mark.parametrize("resource", ["n_samples", "max_iter"])
def test_rounds_of_halving_promote_or_prune_a_trial(project: Path, resource: str) -> None:
    options: dict[str, Any] = {} if resource == "n_samples" else {"max_resources": 200}
    search = HalvingGridSearchCV(
        LogisticRegression(tol=1e-9),
        {"C": [0.001, 0.1, 1, 100], "class_weight": [None, "balanced"]},
        **{"cv": 2, "factor": 2, "random_state": 0, "resource": resource, **options},
    )
    with attach(search, "halving"):
        search.fit(X, Y)

    folder, results = only_run(project), search.cv_results_
    record, trials = read_record(folder), trials_of(folder)
    assert record["sweep"]["n_trials"] == record["sweep"]["max_trials"] == 8
    last = results["iter"] == search.n_iterations_ - 1
    finished = [each for each in trials if each.status == "finished"]
    assert sorted(each.score or 0 for each in finished) == sorted(results["mean_test_score"][last])
    assert sum(each.status == "pruned" for each in trials) == 8 - last.sum()
    assert all(each.score is None for each in trials if each.status == "pruned")
    (best,) = [each for each in trials if each.trial_id == record["sweep"]["best_trial"]]
    assert float(best.params["C"]) == search.best_params_["C"]
    assert best.score == search.best_score_ == record["metrics"]["best_score_"]
    rounds = {(row["trial_id"], int(row["step"])) for row in read_rows(folder)}
    assert len(rounds) == len(results["params"])
    resources = {(int(row["step"]), int(row["n_resources"])) for row in read_rows(folder)}
    assert resources == set(zip(results["iter"], results["n_resources"], strict=True))
    out = next(each for each in trials if each.status == "pruned")
    assert f"with {search.n_resources_[0]} {resource}" in (out.message or "")
    asked = next(iter(ledger.query("best mean_test_score per trial", path=project)))
    assert asked["value"] == search.best_score_
    assert sound(project)


def test_halving_at_random(project: Path) -> None:
    search = HalvingRandomSearchCV(
        SVC(), {"C": scipy.uniform(0.1, 10)}, cv=2, factor=3, random_state=0
    )
    with attach(search, "halving"):
        search.fit(X, Y)

    record = read_record(only_run(project))
    assert record["sweep"]["n_trials"] == search.n_candidates_[0]
    assert record["metrics"]["best_score_"] == search.best_score_


def test_a_search_of_somebody_else_goes_on_from_what_it_found(project: Path) -> None:
    class Narrowing(BaseSearchCV):  # type: ignore[misc]  # not typed
        def __init__(self, estimator: Any, cv: Any = None) -> None:
            super().__init__(estimator=estimator, cv=cv)

        def _run_search(self, evaluate_candidates: Any) -> None:
            found = evaluate_candidates([{"C": 0.01}, {"C": 1}])
            best = found["params"][int(np.argmax(found["mean_test_score"]))]["C"]
            evaluate_candidates([{"C": best * 2}])

    search = Narrowing(SVC(), cv=2)
    with attach(search):
        search.fit(X, Y)

    trials = trials_of(only_run(project))
    assert [each.params["C"] for each in trials] == ["0.01", "1", "2"]
    assert [each.score for each in trials] == list(search.cv_results_["mean_test_score"])
    assert read_record(only_run(project))["sweep"]["max_trials"] == 3


def test_a_fold_that_fails_fails_its_trial_with_the_text_of_the_warning(project: Path) -> None:
    search = GridSearchCV(Picky(), {"limit": [0.0, 6.0]}, cv=KFold(3))
    with attach(search, "picky"), pytest.warns(FitFailedWarning, match="fits failed"):
        search.fit(X, Y)

    good, bad = trials_of(only_run(project))
    assert (good.status, bad.status) == ("finished", "failed")
    assert bad.score is not None
    assert np.isnan(bad.score)
    failed = [n for n in range(3) if np.isnan(search.cv_results_[f"split{n}_test_score"][1])]
    assert 0 < len(failed) < 3
    assert f"split {', '.join(map(str, failed))} is nan" in (bad.message or "")
    assert "is too small" in (bad.message or "")
    record = read_record(only_run(project))
    assert (record["status"], record["sweep"]["n_failed"]) == ("finished", 1)
    assert record["sweep"]["best_trial"] == "0"


def test_warnings_that_are_kept_quiet_still_leave_the_trial_failed(project: Path) -> None:
    search = GridSearchCV(Picky(), {"limit": [0.0, 6.0]}, cv=KFold(3))
    with attach(search, "quiet"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.fit(X, Y)

    assert [each.status for each in trials_of(only_run(project))] == ["finished", "failed"]


def test_a_search_that_fails_leaves_the_truth(project: Path) -> None:
    search = GridSearchCV(Picky(limit=9.0), {"limit": [9.0]}, cv=2)
    with pytest.raises(ValueError, match="All the 2 fits failed"), attach(search, "fails"):
        search.fit(X, Y)

    (trial,) = trials_of(only_run(project))
    assert trial.status == "failed"
    assert "is too small" in (trial.message or "")
    assert read_record(only_run(project))["status"] == "failed"


def test_two_searches_of_one_run_share_no_trial(project: Path) -> None:
    with ledger.start("both", config={"n": 2}) as run:
        for grid in ({"C": [1, 2]}, {"gamma": [0.1, 1.0]}):
            search = GridSearchCV(SVC(), grid, cv=2)
            attach(search, run=run)
            search.fit(X, Y)

    assert [each.trial_id for each in trials_of(only_run(project))] == ["0", "1", "2", "3"]
    assert read_record(only_run(project))["config"]["resolved"] == {"n": 2}


def test_what_attach_cannot_do_is_said(project: Path) -> None:
    search = GridSearchCV(SVC(), {"C": [1]}, cv=2)
    with ledger.start("open") as run:
        with pytest.raises(LedgerError, match="name, tags would not be recorded"):
            attach(search, "other", run=run, tags=["x"])
        attach(search, run=run)
        with pytest.raises(LedgerError, match="is attached to"):
            attach(search)
    with attach(search) as second:
        search.fit(X, Y)
    assert second.id != run.id
    assert len(run_dirs(project)) == 2


def test_a_cross_validation_is_a_trial_whose_folds_are_rows(project: Path) -> None:
    options: dict[str, Any] = {"cv": 3, "return_train_score": True, "return_estimator": True}
    with ledger.start("folds") as run:
        found = recorded(run, SVC(C=2), X, Y, **options)
        recorded(run, DecisionTreeClassifier(max_depth=1), X, Y, cv=3)

    expected = cross_validate(SVC(C=2), X, Y, **options)
    assert list(found["test_score"]) == list(expected["test_score"])
    record, rows = read_record(only_run(project)), read_rows(only_run(project))
    assert record["objective"] == {"metric": "mean_test_score", "goal": "max"}
    first = [row for row in rows if row["trial_id"] == "0" and "execution" in row]
    for name in ("test_score", "train_score", "fit_time", "score_time"):
        assert [float(row[name]) for row in first] == list(found[name])
    one, other = trials_of(only_run(project))
    assert one.score == np.mean(expected["test_score"])
    assert one.params["estimator"] == "SVC(C=2)"
    assert other.params["estimator"] == "DecisionTreeClassifier(max_depth=1)"
    assert sound(project)


def test_a_fold_of_a_cross_validation_that_fails(project: Path) -> None:
    with ledger.start("fails") as run, pytest.warns(FitFailedWarning):
        recorded(run, Picky(limit=6.0), X, Y, cv=KFold(3), scoring=["accuracy", "f1_macro"])

    (trial,) = trials_of(only_run(project))
    assert (trial.status, trial.score) == ("failed", None)
    assert "is too small" in (trial.message or "")
    assert read_record(only_run(project))["objective"] is None


def test_autolog_records_searches_and_cross_validations_until_it_is_taken_back(
    project: Path,
) -> None:
    from sklearn import model_selection

    undo = autolog(tags=["auto"])
    try:
        model_selection.GridSearchCV(SVC(), {"C": [1, 2]}, cv=2).fit(X, Y)
        model_selection.cross_val_score(SVC(), X, Y, cv=2)
        halving = HalvingGridSearchCV(SVC(), {"C": [1, 2, 3]}, cv=2, random_state=0)
        model_selection.cross_validate(halving, X, Y, cv=2)
        halving.fit(X, Y)
    finally:
        undo()
    GridSearchCV(SVC(), {"C": [1, 2]}, cv=2).fit(X, Y)

    records = [read_record(each) for each in run_dirs(project)]
    found = sorted((each["name"], each["sweep"]["n_trials"]) for each in records)
    assert found == [
        *(("GridSearchCV", 2), ("HalvingGridSearchCV", 3)),
        *(("cross_validate", 1), ("cross_validate", 1)),
    ]
    assert all(each["tags"] == ["auto"] for each in records)
    best = {each["name"]: each["metrics"].get("best_score_") for each in records}
    assert best["HalvingGridSearchCV"] == halving.best_score_
    assert type(halving) is HalvingGridSearchCV


def test_autolog_leaves_an_attached_search_alone_and_writes_into_an_open_run(
    project: Path,
) -> None:
    undo = autolog()
    try:
        search = GridSearchCV(SVC(), {"C": [1, 2]}, cv=2)
        with attach(search, "mine"):
            search.fit(X, Y)
        with ledger.start("open", config={"lr": 1}):
            GridSearchCV(SVC(), {"C": [3]}, cv=2).fit(X, Y)
    finally:
        undo()

    records = [read_record(each) for each in run_dirs(project)]
    found = {each["name"]: each["sweep"]["n_trials"] for each in records}
    assert found == {"mine": 2, "open": 1}

"""One line before the imports, and real frameworks that are imported after it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from unit.writer.recording import LIMIT_SECONDS, read_record, run_dirs


if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(240)

FIRST = "import ledger\nledger.autolog(tags=['auto'])\n"
DATA = """
import numpy as np
X = np.random.default_rng(0).normal(size=(40, 2)).astype("float32")
y = (X.sum(axis=1) > 0).astype(int)
"""
SCRIPTS = {
    "sklearn": """
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).fit(X, y)
""",
    "xgboost": """
import xgboost
data = xgboost.DMatrix(X, label=y)
xgboost.train({"max_depth": 2}, data, num_boost_round=3, evals=[(data, "train")])
""",
    "lightgbm": """
import lightgbm
model = lightgbm.LGBMClassifier(n_estimators=3, min_child_samples=2, verbose=-1)
model.fit(X, y, eval_X=(X,), eval_y=(y,))
""",
    "optuna": """
import optuna
optuna.create_study().optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
""",
    "keras": """
import keras
model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse", run_eagerly=True)
model.fit(X, y, epochs=2, verbose=0)
""",
    "keras_tuner": """
import keras, keras_tuner
def build(hp):
    layers = [keras.layers.Input((2,)), keras.layers.Dense(hp.Int("n", 1, 2))]
    model = keras.Sequential([*layers, keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    return model
tuner = keras_tuner.RandomSearch(build, "val_loss", max_trials=2, directory="tuning")
tuner.search(X, y, validation_data=(X, y), epochs=1, verbose=0)
""",
}
NESTED = {
    "boosting in a search": """
from sklearn.model_selection import GridSearchCV
from xgboost import XGBClassifier
GridSearchCV(XGBClassifier(n_estimators=2), {"max_depth": [1, 2]}, cv=2).fit(X, y)
""",
    "boosting and cross validation in a study": """
import optuna
from lightgbm import LGBMClassifier
from sklearn.model_selection import cross_validate
from xgboost import XGBClassifier
def objective(trial):
    depth = trial.suggest_int("depth", 1, 3)
    XGBClassifier(n_estimators=2, max_depth=depth).fit(X, y)
    model = LGBMClassifier(n_estimators=2, max_depth=depth, min_child_samples=2, verbose=-1)
    return cross_validate(model, X, y, cv=2)["test_score"].mean()
optuna.create_study(direction="maximize").optimize(objective, n_trials=2)
""",
}


def needs(*modules: str) -> None:
    for name in modules:
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed: it is in the groups keras and loops")


def run(project: Path, script: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=project,
        env={**os.environ, "LEDGER_QUIET": "1", "OMP_NUM_THREADS": "1", **env},
        capture_output=True,
        text=True,
        timeout=3 * LIMIT_SECONDS,
        check=False,
    )


def recorded(project: Path, script: str, **env: str) -> list[dict[str, Any]]:
    done = run(project, script, **env)
    assert done.returncode == 0, done.stderr
    return [read_record(run_dir) for run_dir in run_dirs(project)]


@pytest.mark.parametrize("framework", SCRIPTS)
def test_a_framework_that_is_imported_later_records_itself(project: Path, framework: str) -> None:
    needs(framework)
    (record,) = recorded(project, FIRST + DATA + SCRIPTS[framework])

    assert (record["status"], record["tags"]) == ("finished", ["auto"])
    assert [each for each in record["columns"].values() if each["role"] == "metric"]


def test_frameworks_that_are_imported_already_record_themselves(project: Path) -> None:
    needs("sklearn", "optuna", "xgboost", "lightgbm")
    imports = "import optuna, xgboost, lightgbm, sklearn.model_selection\n"
    made = recorded(project, imports + FIRST + DATA + SCRIPTS["optuna"] + SCRIPTS["sklearn"])

    assert sorted(record["sweep"]["n_trials"] for record in made) == [2, 2]


@pytest.mark.parametrize("what", NESTED)
def test_what_a_training_trains_inside_is_part_of_it(project: Path, what: str) -> None:
    needs("sklearn", "optuna", "xgboost", "lightgbm")
    (record,) = recorded(project, FIRST + DATA + NESTED[what])

    assert record["sweep"]["n_trials"] == 2


def test_trainings_write_into_the_run_that_is_open(project: Path) -> None:
    needs("xgboost")
    body = (DATA + SCRIPTS["xgboost"]).replace("\n", "\n    ")
    begin = "with ledger.start('mine', config={'a': 1}) as run:\n"
    (record,) = recorded(project, f"{FIRST}{begin}    pass{body}\n    run.final(done=1)\n")

    assert (record["name"], record["tags"], record["metrics"]["done"]) == ("mine", [], 1)
    assert record["summary"]


@pytest.mark.parametrize(
    ("before", "env"),
    [
        (FIRST, {"LEDGER_AUTOLOG": "0"}),
        (f"{FIRST}ledger.autolog()()\n", {}),
        ("import ledger\nwith ledger.autolog():\n    import xgboost\n", {}),
    ],
)
def test_off_is_off(project: Path, before: str, env: dict[str, str]) -> None:
    needs("xgboost")
    assert recorded(project, before + DATA + SCRIPTS["xgboost"], **env) == []


def test_a_second_call_counts_and_the_first_is_forgotten(project: Path) -> None:
    needs("xgboost")
    second = "import xgboost\nledger.autolog(tags=['new'], hypothesis='it learns')\n"
    (record,) = recorded(project, FIRST + second + DATA + SCRIPTS["xgboost"])

    assert record["tags"] == ["new"]


def test_without_a_ledger_the_training_goes_on_and_that_is_said(tmp_path: Path) -> None:
    needs("xgboost")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    twice = SCRIPTS["xgboost"] * 2
    done = run(elsewhere, FIRST + DATA + twice + "print('trained')\n")

    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "trained")
    assert done.stderr.count("ledger: this training is not recorded: ") == 1
    assert done.stderr.count("ledger init") == 1


def test_a_file_of_the_user_that_has_the_name_of_a_framework_is_left_alone(project: Path) -> None:
    needs("optuna")
    (project / "optuna.py").write_text("best = 3\n", encoding="utf-8")
    done = run(project, FIRST + "import optuna\nprint(optuna.best)\n")

    assert (done.returncode, done.stdout) == (0, "3\n")
    assert done.stderr.count("ledger: autolog leaves optuna alone: ") == 1


def test_nothing_is_imported_for_it(project: Path) -> None:
    tried = "import sys, json\nprint(json.dumps([name.partition('.')[0] for name in sys.modules]))"
    loaded = json.loads(run(project, FIRST + tried).stdout)

    frameworks = {"keras", "keras_tuner", "sklearn", "xgboost", "lightgbm", "optuna", "torch"}
    assert frameworks & set(loaded) == set()

"""Searches of the real KerasTuner, with Keras on JAX, and what they leave in the ledger."""

from __future__ import annotations

import csv
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import ledger
from ledger.contract.trials import decode_trials
from ledger.integrations.keras_tuner import attach, make_logging_tuner
from unit.writer.recording import (
    ledger_command,
    only_run,
    read_record,
    read_rows,
    run_dirs,
)


if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.contract.trials import Trial

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
KEY = ("trial_id", "attempt", "execution", "epoch")


def model_of(hp: Any) -> Any:
    """Return a model of a few weights, always of one shape: compiling another takes seconds."""
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(hp.Float("lr", 0.01, 0.1))
    model.compile(optimizer, "mse", metrics=["mae"], run_eagerly=True)
    return model


def build(hp: Any) -> Any:
    """Return a model with a hyperparameter that only some trials have."""
    hp.Int("units", 1, 4)
    if hp.Boolean("drop"):
        with hp.conditional_scope("drop", [True]):
            hp.Float("rate", 0.1, 0.5)
    return model_of(hp)


def search(tuner: Any, epochs: int = 2, **options: Any) -> None:
    tuner.search(X, Y, validation_data=(X, Y), epochs=epochs, verbose=0, **options)


def random_search(hypermodel: Any = build, max_trials: int = 2, **options: Any) -> Any:
    known = {"objective": "val_loss", "directory": "tuning", "project_name": "p", "seed": 1}
    return keras_tuner.RandomSearch(hypermodel, max_trials=max_trials, **{**known, **options})


def trials_of(project: Path) -> list[Trial]:
    return decode_trials((only_run(project) / "trials.csv").read_bytes())


def keys(project: Path) -> list[tuple[str, ...]]:
    """Return what tells the rows of the run's tables apart; it must tell all of them apart."""
    found = [tuple(row.get(name, "") for name in KEY) for row in read_rows(only_run(project))]
    assert len(found) == len(set(found))
    return found


def tuner_of(kind: str) -> Any:
    options = {"directory": "tuning", "project_name": kind, "seed": 1, "objective": "val_loss"}
    if kind == "Hyperband":
        return keras_tuner.Hyperband(build, max_epochs=2, factor=2, **options)
    return getattr(keras_tuner, kind)(build, max_trials=3, executions_per_trial=2, **options)


@pytest.mark.parametrize("kind", ["RandomSearch", "GridSearch", "BayesianOptimization"])
def test_each_epoch_of_each_execution_is_a_row(project: Path, kind: str) -> None:
    tuner = tuner_of(kind)
    with attach(tuner):
        search(tuner)

    assert len(keys(project)) == 3 * 2 * 2
    rows = read_rows(only_run(project))
    for row in rows:
        values = tuner.oracle.trials[row["trial_id"]].hyperparameters.values
        assert {"lr", "units", "drop"} <= row.keys()
        assert row["units"] == str(values["units"])
        assert (row["drop"] == "true") == ("rate" in row)
        assert float(row["val_loss"]) >= 0
    assert any("rate" in row for row in rows) or kind == "GridSearch"
    for trial in trials_of(project):
        known = tuner.oracle.trials[trial.trial_id]
        assert (trial.status, trial.score) == ("finished", float(known.score))
    record = read_record(only_run(project))
    assert record["objective"] == {"metric": "val_loss", "goal": "min"}
    assert record["sweep"]["tuner"] == kind
    assert record["sweep"]["n_trials"] == 3
    assert record["sweep"]["best_trial"] == tuner.oracle.get_best_trials()[0].trial_id
    assert record["name"] == kind
    assert "incomplete" not in record
    assert "tensorflow" not in sys.modules


def test_promotions_of_hyperband_name_the_trial_they_continue(project: Path) -> None:
    tuner = tuner_of("Hyperband")
    with attach(tuner, name="bands"):
        search(tuner)

    found = keys(project)
    rows = {trial.trial_id: trial for trial in trials_of(project)}
    promoted = {
        one: each.params["tuner/trial_id"]
        for one, each in rows.items()
        if "tuner/trial_id" in each.params
    }
    assert promoted
    assert promoted == {one: each.parent for one, each in rows.items() if each.parent}
    for one, parent in promoted.items():
        assert parent in rows
        last = max(int(key[3]) for key in found if key[0] == parent)
        assert min(int(key[3]) for key in found if key[0] == one) == last + 1
    listed = list(ledger.query("trials", path=project))
    assert {row["trial_id"]: row["parent"] for row in listed if row["parent"]} == promoted


def test_failures_retries_and_nan_say_what_happened(project: Path) -> None:
    results = [math.nan, ValueError("out of memory"), 0.5]

    class Flawed(keras_tuner.HyperModel):
        def build(self, hp: Any) -> Any:
            return model_of(hp)

        def fit(self, _hp: Any, model: Any, *args: Any, **kwargs: Any) -> float:
            model.fit(*args, **kwargs)
            result = results.pop(0)
            if isinstance(result, ValueError):
                raise result
            return result

    tuner = random_search(Flawed(), max_trials=2, max_retries_per_trial=1)
    with attach(tuner):
        search(tuner, epochs=1)

    keys(project)
    told = [(each.trial_id, each.attempt, each.status) for each in trials_of(project)]
    assert told == [("0", 0, "failed"), ("0", 1, "failed"), ("1", 0, "finished")]
    nan, broken, _ = trials_of(project)
    assert nan.message == "the score is nan: INVALID to KerasTuner, failed here"
    assert math.isnan(nan.score or 0)
    assert "ValueError: out of memory" in (broken.message or "")
    assert broken.score is None
    assert read_record(only_run(project))["sweep"]["n_failed"] == 1


def test_hyperparameters_chosen_in_fit_and_metrics_that_come_late(project: Path) -> None:
    class Fitted(keras_tuner.HyperModel):
        def build(self, hp: Any) -> Any:
            return model_of(hp)

        def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
            return model.fit(*args, batch_size=hp.Choice("batch_size", [4, 8]), **kwargs)

    tuner = random_search(Fitted(), max_trials=2)
    with attach(tuner):
        search(tuner, epochs=3, validation_freq=2)

    rows = read_rows(only_run(project))
    assert [("val_loss" in row) for row in rows] == [False, True, False] * 2
    for row in rows:
        values = tuner.oracle.trials[row["trial_id"]].hyperparameters.values
        assert row["batch_size"] == str(values["batch_size"])
    assert "batch_size" in read_record(only_run(project))["sweep"]["space"]
    assert [trial.best_epoch for trial in trials_of(project)] == [1, 1]


def test_two_trainings_in_one_fit_are_two_executions(project: Path) -> None:
    """Fine-tuning trains one model twice, cross-validation several: epochs begin again."""

    class Twice(keras_tuner.HyperModel):
        def build(self, hp: Any) -> Any:
            return model_of(hp)

        def fit(self, _hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
            model.fit(*args, **kwargs)
            return model.fit(*args, **kwargs)

    tuner = random_search(Twice(), max_trials=1)
    with attach(tuner):
        search(tuner)

    assert keys(project) == [("0", "0", str(n // 2), str(n % 2)) for n in range(4)]


def test_trials_without_epochs_have_a_row_too(project: Path) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model", reason=REASON)
    oracle = keras_tuner.oracles.RandomSearchOracle(
        keras_tuner.Objective("score", "max"), max_trials=2, seed=1
    )
    tuner = keras_tuner.tuners.SklearnTuner(
        oracle,
        lambda hp: linear_model.Ridge(hp.Float("alpha", 0.1, 1)),
        directory="tuning",
        project_name="p",
    )
    with attach(tuner):
        tuner.search(np.tile(X, (3, 1)), np.tile(Y, 3))

    assert [key[:3] for key in keys(project)] == [("0", "0", "0"), ("1", "0", "0")]
    for row, trial in zip(read_rows(only_run(project)), trials_of(project), strict=True):
        assert float(row["score"]) == trial.score
        assert row["alpha"] == trial.params["alpha"]
        assert trial.status == "finished"
    best = list(ledger.query("best score per trial", path=project))
    assert best[0]["value"] == tuner.oracle.get_best_trials()[0].score


def test_a_tuner_of_ones_own_that_runs_its_trials_itself(project: Path) -> None:
    class Own(keras_tuner.RandomSearch):
        def run_trial(self, trial: Any) -> float:
            x = trial.hyperparameters.Float("x", -2.0, 2.0)
            return float(x * x)

    tuner = Own(max_trials=2, directory="tuning", project_name="p", seed=1)
    with attach(tuner):
        tuner.search()

    for row, trial in zip(read_rows(only_run(project)), trials_of(project), strict=True):
        assert float(row["default_objective"]) == trial.score
        assert row["x"] == trial.params["x"]


def test_hooks_of_ones_own_class_run_and_may_end_a_trial(project: Path) -> None:
    seen: list[int] = []

    class Pruning(keras_tuner.RandomSearch):
        def on_epoch_end(self, _trial: Any, _model: Any, epoch: int, **_: Any) -> None:
            seen.append(epoch)
            if epoch == 1:
                message = "pruned"
                raise keras_tuner.errors.FailedTrialError(message)

    options = {"directory": "tuning", "project_name": "p", "seed": 1}
    tuner = Pruning(build, objective="val_loss", max_trials=1, **options)
    with attach(tuner):
        search(tuner, epochs=3)

    assert seen == [0, 1]
    assert [key[3] for key in keys(project)] == ["0", "1"]
    (trial,) = trials_of(project)
    assert trial.status == "failed"
    assert "pruned" in (trial.message or "")


@pytest.mark.usefixtures("project")
def test_what_cannot_be_written_never_ends_the_search() -> None:
    tuner = random_search(max_trials=2)
    run = attach(tuner)
    for name in ("metrics.csv", "trials.csv"):
        (run.dir / name).mkdir()
    search(tuner, epochs=1)
    for name in ("metrics.csv", "trials.csv"):
        (run.dir / name).rmdir()
    run.finish()

    assert [each.status for each in tuner.oracle.trials.values()] == ["COMPLETED"] * 2
    assert "could not be written" in read_record(run.dir)["incomplete"]


def test_a_tuner_that_we_do_not_understand_is_searched_all_the_same(project: Path) -> None:
    class Odd(keras_tuner.RandomSearch):
        def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
            self.on_epoch_end(trial, None, "first")
            return super().run_trial(trial, *args, **kwargs)

    options = {"directory": "tuning", "project_name": "p", "seed": 1}
    tuner = Odd(model_of, objective="val_loss", max_trials=1, **options)
    with attach(tuner):
        search(tuner, epochs=1)

    assert [each.status for each in tuner.oracle.trials.values()] == ["COMPLETED"]
    assert "ValueError" in read_record(only_run(project))["incomplete"]


def test_a_callback_may_hold_its_tuner(project: Path) -> None:
    """Callbacks are deep-copied for each trial, and their tuner with them."""

    class Holding(keras.callbacks.Callback):
        def __init__(self, tuner: Any) -> None:
            super().__init__()
            self.tuner = tuner

    tuner = random_search(max_trials=1)
    with attach(tuner):
        search(tuner, epochs=1, callbacks=[Holding(tuner)])

    assert [trial.status for trial in trials_of(project)] == ["finished"]


class Interrupting(keras.callbacks.Callback):
    """Ends the search within the second epoch of the second trial."""

    seen: list[int] = []

    def on_epoch_end(self, epoch: int, *_: Any) -> None:
        self.seen.append(epoch)
        if len(self.seen) == 4:
            raise KeyboardInterrupt


def interrupted_search() -> Path:
    """Return the run of a search of three trials that was interrupted in the second."""
    Interrupting.seen.clear()
    tuner = random_search(max_trials=3)
    run = attach(tuner)
    run.wait_for_capture()
    with pytest.raises(KeyboardInterrupt), run:
        search(tuner, callbacks=[Interrupting()])
    return run.dir


def test_an_interrupted_search_goes_on_in_its_run(project: Path) -> None:
    folder = interrupted_search()
    before = [(each.trial_id, each.status) for each in trials_of(project)]
    assert before == [("0", "finished"), ("1", "interrupted")]
    assert trials_of(project)[1].message == "KeyboardInterrupt"
    assert read_record(folder)["status"] == "interrupted"

    tuner = random_search(max_trials=3)  # reloads its project
    with attach(tuner):
        search(tuner)

    assert run_dirs(project) == [folder]
    log = [(each.trial_id, each.attempt, each.status) for each in trials_of(project)]
    assert log == [
        *(("0", 0, "finished"), ("1", 0, "interrupted")),
        *(("1", 1, "finished"), ("2", 0, "finished")),
    ]
    assert [key[:2] + key[3:] for key in keys(project)] == [
        *(("0", "0", "0"), ("0", "0", "1"), ("1", "0", "0")),
        *(("1", "1", "0"), ("1", "1", "1"), ("2", "0", "0"), ("2", "0", "1")),
    ]
    record = read_record(folder)
    assert (record["status"], len(record["sessions"])) == ("finished", 2)
    assert record["sweep"]["n_trials"] == 3


@pytest.mark.usefixtures("project")
def test_a_search_that_begins_anew_is_a_run_of_its_own() -> None:
    folder = interrupted_search()
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}

    tuner = random_search(max_trials=1, overwrite=True)
    with attach(tuner) as run:
        search(tuner, epochs=1)

    assert run.dir != folder
    assert read_record(run.dir)["parent"] is None
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == kept


MANIFEST_KEYS = {
    *("schema_version", "run_id", "project_name", "csv_path", "pid", "hostname"),
    *("started_at", "ended_at", "status"),
}


def manifests(project: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_bytes()) for path in (project.parent / "registry").glob("*.json")]


def test_the_viewer_of_master_logs_finds_the_search(project: Path) -> None:
    tuner = random_search(max_trials=1)
    run = attach(tuner)
    (before,) = manifests(project)
    search(tuner, epochs=1)
    run.finish()

    (manifest,) = manifests(project)
    assert (before["status"], before["ended_at"]) == ("running", None)
    assert manifest.keys() == MANIFEST_KEYS
    assert (manifest["status"], manifest["schema_version"]) == ("completed", 1)
    assert Path(manifest["csv_path"]) == run.dir / "metrics.csv"
    header = (run.dir / "metrics.csv").read_text().splitlines()[0].split(",")
    assert {"trial_id", "epoch", "lr", "val_loss"} <= set(header)


def test_the_viewer_sees_all_rows_where_the_run_has_several_tables(project: Path) -> None:
    """Params that come late, one after the other, begin a further table."""

    class Growing(keras_tuner.RandomSearch):
        def run_trial(self, trial: Any) -> float:
            x = float(trial.hyperparameters.Float("x", -2.0, 2.0))
            trial.hyperparameters.values[f"late{trial.trial_id}"] = 1
            return x * x

    tuner = Growing(max_trials=4, directory="tuning", project_name="p", seed=1)
    with attach(tuner) as run:
        tuner.search()
    assert (run.dir / "metrics.2.csv").exists()

    (manifest,) = manifests(project)
    assert manifest["status"] == "completed"
    with open(manifest["csv_path"], encoding="utf-8", newline="") as file:
        seen = list(csv.DictReader(file))
    assert [row["trial_id"] for row in seen] == ["0", "1", "2", "3"]
    assert {row["x"] for row in seen} == {row["x"] for row in read_rows(run.dir)}


def test_the_viewers_word_can_be_switched_off_and_is_never_fatal(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tuner = random_search(max_trials=1)
    monkeypatch.setenv("LEDGER_KT_MANIFEST", "0")
    attach(tuner).finish()
    assert manifests(project) == []

    monkeypatch.delenv("LEDGER_KT_MANIFEST")
    monkeypatch.setenv("KT_MASTERLOG_REGISTRY_DIR", str(project / "ledger.toml" / "no_folder"))
    with attach(tuner):
        search(tuner, epochs=1)
    assert [trial.status for trial in trials_of(project)] == ["finished"]


def test_a_logging_tuner_starts_its_run_with_the_search(project: Path) -> None:
    logging = make_logging_tuner(keras_tuner.RandomSearch)
    options = {"objective": "val_loss", "directory": "tuning", "project_name": "p", "seed": 1}
    tuner = logging(build, max_trials=1, run_name="sugar", run_options={"seed": 7}, **options)
    assert run_dirs(project) == []
    search(tuner, epochs=1)
    tuner.ledger_run.finish()

    assert isinstance(tuner, keras_tuner.RandomSearch)
    assert logging.__name__ == "LoggingRandomSearch"
    assert len(keys(project)) == 1
    record = read_record(only_run(project))
    assert (record["name"], record["random"]["seed"]) == ("sugar", 7)


def test_two_classes_of_one_name_are_two_logging_tuners() -> None:
    def own() -> type:
        class Own(keras_tuner.RandomSearch):
            pass

        return Own

    first, second = own(), own()
    assert issubclass(make_logging_tuner(first), first)
    assert issubclass(make_logging_tuner(second), second)
    assert not issubclass(make_logging_tuner(second), first)


def test_a_tuner_belongs_to_one_open_run(project: Path) -> None:
    tuner = random_search()
    with attach(tuner) as run, pytest.raises(ledger.LedgerError, match=run.id):
        attach(tuner)
    assert run_dirs(project) == [run.dir]


def test_a_search_may_be_part_of_an_open_run(project: Path) -> None:
    tuner = random_search(max_trials=1)
    with ledger.start("whole", config={"n": 8}) as run:
        with pytest.raises(ledger.LedgerError, match="config would not be recorded"):
            attach(tuner, run=run, config={"n": 9})
        assert attach(tuner, run=run) is run
        search(tuner, epochs=1)

    record = read_record(only_run(project))
    assert record["objective"] == {"metric": "val_loss", "goal": "min"}
    assert record["sweep"]["n_trials"] == 1
    assert len(keys(project)) == 1


def test_a_search_answers_and_passes_the_checks(project: Path) -> None:
    tuner = random_search(max_trials=2)
    with attach(tuner, hypothesis="smaller is better") as run:
        search(tuner)
    note = run.dir / "run.md"
    lines = [line for line in note.read_text().splitlines() if not line.startswith("[")]
    note.write_text(
        "\n".join(f"{line}\nnone\n" if line.startswith("##") else line for line in lines)
    )

    rows = list(ledger.query("best val_loss per trial", path=project))
    assert {row["trial_id"] for row in rows} == {"0", "1"}
    listed = list(ledger.query("trials", path=project))
    assert [row["status"] for row in listed] == ["finished", "finished"]
    shown = ledger_command(project, "show", run.id)
    assert shown.returncode == 0, shown.stderr
    judged = ledger_command(project, "check", "--all", "--format", "json")
    assert json.loads(judged.stdout)["findings"] == []


@pytest.fixture
def automatic(project: Path) -> Iterator[Path]:
    """Return a project in which both frameworks record themselves."""
    from ledger.integrations import keras as of_keras
    from ledger.integrations import keras_tuner as of_tuner

    undo = [of_keras.autolog(), of_tuner.autolog(seed=1)]
    yield project
    for each in undo:
        each()


def test_a_search_records_itself_and_what_it_trains_does_not(automatic: Path) -> None:
    tuner = random_search(max_trials=2)
    search(tuner)

    record = read_record(only_run(automatic))
    assert (record["name"], record["status"], record["random"]["seed"]) == ("p", "finished", 1)
    assert len(keys(automatic)) == 4
    tuner.get_best_models()[0].fit(X, Y, verbose=0)  # somebody starts this one
    assert len(run_dirs(automatic)) == 2


def test_searches_of_one_tuner_are_recorded_each(automatic: Path) -> None:
    tuner = random_search(max_trials=1)
    search(tuner, epochs=1)
    tuner.oracle.max_trials = 2
    search(tuner, epochs=1)

    # the second goes on with the run of the first
    record = read_record(only_run(automatic))
    assert (len(record["sessions"]), record["sweep"]["n_trials"]) == (2, 2)


def test_an_attached_search_and_an_open_run_are_left_alone(automatic: Path) -> None:
    tuner = random_search(max_trials=1)
    with attach(tuner, name="mine") as run:
        search(tuner, epochs=1)
        assert run.is_open
    assert read_record(only_run(automatic))["name"] == "mine"
    assert len(keys(automatic)) == 1

    with ledger.start("open") as run:
        search(random_search(max_trials=1, project_name="q"), epochs=1)
        assert run.is_open
    assert len(run_dirs(automatic)) == 2
    assert read_record(run.dir)["sweep"]["n_trials"] == 1


def test_a_search_of_scikit_learn_records_itself(automatic: Path) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model", reason=REASON)
    oracle = keras_tuner.oracles.RandomSearchOracle(
        keras_tuner.Objective("score", "max"), max_trials=2, seed=1
    )
    tuner = keras_tuner.tuners.SklearnTuner(
        oracle, lambda hp: linear_model.Ridge(hp.Float("alpha", 0.1, 1)), directory="tuning"
    )
    tuner.search(np.tile(X, (3, 1)), np.tile(Y, 3))
    assert read_record(only_run(automatic))["sweep"]["n_trials"] == 2


def test_an_interrupted_search_is_interrupted_by_itself(automatic: Path) -> None:
    Interrupting.seen.clear()
    with pytest.raises(KeyboardInterrupt):
        search(random_search(max_trials=3), callbacks=[Interrupting()])
    assert read_record(only_run(automatic))["status"] == "interrupted"
    assert [each.status for each in trials_of(automatic)] == ["finished", "interrupted"]

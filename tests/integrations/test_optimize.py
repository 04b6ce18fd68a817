"""``optimize`` with the real KerasTuner: any strategy, and what comes out is what is recorded."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import ledger
from ledger.contract.trials import decode_trials
from ledger.errors import LedgerError
from ledger.integrations.tuning import STRATEGIES, TunerConfig, TuningResult, optimize
from ledger.value import as_dict
from unit.writer.recording import only_run, read_record, read_rows, run_dirs


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
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(hp.Float("lr", 0.01, 0.1, step=0.03))
    model.compile(optimizer, "mse", metrics=["mae"], run_eagerly=True)
    return model


def config_of(strategy: str = "random", **fields: Any) -> TunerConfig:
    known = {"project_name": "p", "output_dir": "tuning", "seed": 1}
    return TunerConfig(
        strategy=strategy, **{**known, "max_trials": 2, "search_epochs": 2, **fields}
    )


def search(config: TunerConfig, builder: Any = build, **options: Any) -> TuningResult:
    return optimize(builder, (X, Y), (X, Y), config, search_kwargs={"verbose": 0}, **options)


@pytest.mark.parametrize("strategy", ["random", "grid", "bayesian", "hyperband"])
def test_another_strategy_is_another_word(project: Path, strategy: str) -> None:
    result = search(config_of(strategy))

    record = read_record(only_run(project))
    assert record["config"]["resolved"]["strategy"] == strategy
    assert record["status"] == "finished"
    assert record["sweep"]["n_trials"] == len(result.trials) == 2  # max_trials is for all of them
    assert (result.run_id, result.run_dir) == (record["run_id"], only_run(project))
    assert result.best_trial == record["sweep"]["best_trial"]
    assert result.best_hps is not None
    assert 0.01 <= result.best_hps["lr"] <= 0.1
    # the model has the weights of the best epoch, not fresh ones
    loss = result.model.evaluate(X, Y, verbose=0, return_dict=True)["loss"]
    assert math.isclose(loss, result.best_score or 0, rel_tol=1e-4)
    fresh = build(keras_tuner.HyperParameters()).evaluate(X, Y, verbose=0, return_dict=True)
    assert not math.isclose(fresh["loss"], loss, rel_tol=1e-3)


def test_a_search_of_scikit_learn_is_another_word_too(project: Path) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model", reason=REASON)
    config = config_of(
        "sklearn",
        objective_metric="score",
        objective_direction="max",
        strategy_kwargs={"oracle": "random"},
    )
    x, y = np.tile(X, (3, 1)), np.tile(Y, 3)
    result = optimize(
        lambda hp: linear_model.Ridge(hp.Float("alpha", 0.1, 1)), (x, y), None, config
    )

    assert [each.status for each in result.trials] == ["finished", "finished"]
    scores = [each.score for each in result.trials]
    assert scores == sorted(scores, reverse=True)
    assert result.best_score == scores[0]
    assert result.model.predict(x).shape == (24,)
    assert read_record(only_run(project))["sweep"]["tuner"] == "SklearnTuner"


class Parabola(keras_tuner.RandomSearch):
    def run_trial(self, trial: Any) -> float:
        return float(trial.hyperparameters.Float("x", -2.0, 2.0) ** 2)


def test_a_strategy_of_ones_own(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STRATEGIES, "parabola", Parabola)
    config = config_of("parabola", objective_metric="default_objective")
    result = optimize(None, None, None, config)  # type: ignore[arg-type]  # it builds no model
    assert result.best_score == min(float(row["x"]) ** 2 for row in read_rows(only_run(project)))

    named = config_of("keras_tuner.tuners:GridSearch", project_name="q")
    assert type(search(named).tuner) is keras_tuner.GridSearch


def test_a_search_that_is_over_is_not_repeated(project: Path) -> None:
    first = search(config_of())
    kept = {path.name: path.read_bytes() for path in first.run_dir.iterdir()}
    second = search(config_of())

    assert run_dirs(project) == [first.run_dir]
    assert {path.name: path.read_bytes() for path in first.run_dir.iterdir()} == kept
    told = [
        {k: v for k, v in as_dict(each).items() if k not in {"model", "tuner"}}
        for each in (first, second)
    ]
    assert told[0] == told[1]
    weights = zip(first.model.get_weights(), second.model.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in weights)


class Interrupting(keras.callbacks.Callback):
    """Ends the search within the second trial."""

    seen: list[int] = []

    def on_epoch_end(self, epoch: int, *_: Any) -> None:
        self.seen.append(epoch)
        if len(self.seen) == 3:
            raise KeyboardInterrupt


def test_an_interrupted_search_is_interrupted_and_goes_on(project: Path) -> None:
    Interrupting.seen.clear()
    with pytest.raises(KeyboardInterrupt):
        search(config_of(), callbacks=[Interrupting()])
    folder = only_run(project)
    assert read_record(folder)["status"] == "interrupted"
    before = (folder / "metrics.csv").read_text()

    result = search(config_of())
    assert run_dirs(project) == [folder]
    assert (folder / "metrics.csv").read_text().startswith(before)
    log = decode_trials((folder / "trials.csv").read_bytes())
    assert [(each.trial_id, each.status) for each in log] == [
        *(("0", "finished"), ("1", "interrupted"), ("1", "finished")),
    ]
    assert [each.status for each in result.trials] == ["finished", "finished"]
    assert read_record(folder)["status"] == "finished"


class Counting(keras.callbacks.Callback):
    """Counts the epochs it sees; what is copied for each trial counts into one list."""

    seen: list[str] = []

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def on_epoch_end(self, *_: Any) -> None:
        self.seen.append(self.name)


@pytest.mark.parametrize(("direction", "epochs"), [("max", 2), ("min", 4)])
def test_early_stopping_knows_the_objectives_direction_and_keeps_company(
    project: Path, direction: str, epochs: int
) -> None:
    """The error falls in each epoch: where it is to rise, each but the first is one too many."""
    Counting.seen.clear()
    config = config_of(
        objective_metric="val_mae",
        objective_direction=direction,
        max_trials=1,
        search_epochs=4,
        early_stop_patience=1,
        reduce_lr=True,
    )
    kwargs = {"verbose": 0, "callbacks": [Counting("search")]}
    optimize(build, (X, Y), (X, Y), config, search_kwargs=kwargs, callbacks=[Counting("call")])

    rows = read_rows(only_run(project))
    errors = [float(row["val_mae"]) for row in rows]
    assert errors == sorted(errors, reverse=True)
    assert len(rows) == epochs
    assert sorted(Counting.seen) == ["call"] * epochs + ["search"] * epochs
    assert ("learning_rate" in rows[0]) is True  # what ReduceLROnPlateau adds


def test_early_stopping_may_be_left_out(project: Path) -> None:
    config = config_of(early_stop_patience=None, max_trials=1, objective_direction="max")
    search(config)
    assert len(read_rows(only_run(project))) == 2


def test_what_failed_is_in_the_table(project: Path) -> None:
    def broken(hp: Any) -> Any:
        n = hp.Int("n", 0, 2)
        if n == 1:
            message = "no room"
            raise keras_tuner.errors.FailedTrialError(message)
        return build(keras_tuner.HyperParameters())

    config = config_of("grid", max_trials=None, project_name="broken", extra_fields={"set": "toy"})
    result = search(config, broken)

    table = result.table()
    assert {row["status"] for row in table} == {"finished", "failed"}
    assert table[-1]["score"] is None
    assert "no room" in str(table[-1]["message"])
    assert result.best_trial == table[0]["trial_id"]
    assert "failed" in result.summary()
    assert {row["set"] for row in read_rows(only_run(project))} == {"toy"}


def test_a_result_saves_itself(project: Path) -> None:
    result = search(config_of(), hypothesis="fast is better", tags=["night"])
    saved = json.loads(result.path.read_text())
    assert TunerConfig.from_dict(saved["config"]) == result.config
    assert (saved["best_score"], saved["best_hps"]) == (result.best_score, result.best_hps)
    assert len(saved["trials"]) == 2
    record = read_record(only_run(project))
    assert record["artifacts"]["ledger-result"]["path"] == "tuning/p/ledger-result.json"
    best = record["artifacts"]["best_trial"]
    assert best["path"] == f"tuning/p/trial_{result.best_trial}"
    assert best["bytes"] > 0
    assert record["tags"] == ["night"]
    told = result.summary()
    assert f"best: trial {result.best_trial}, val_loss {result.best_score:.6g}" in told
    assert "  lr: " in told


def test_an_open_run_takes_the_search_and_nothing_is_dropped_silently(project: Path) -> None:
    with ledger.start("whole") as run:
        with pytest.raises(LedgerError, match="tags would not be recorded"):
            search(config_of(), run=run, tags=["night"])
        result = search(config_of(project_name="other", max_trials=1), run=run)
        assert run.is_open
    assert result.run_id == read_record(only_run(project))["run_id"]


def test_no_trial_need_succeed(project: Path) -> None:
    def nan(hp: Any) -> Any:
        model = build(hp)
        model.compile("sgd", lambda _, p: keras.ops.sum(p) * math.nan, run_eagerly=True)
        return model

    result = search(config_of(max_trials=1), nan)
    assert (result.best_trial, result.best_hps, result.best_score, result.model) == (None,) * 4
    assert [each.status for each in result.trials] == ["failed"]
    assert "no trial has a finite val_loss" in result.summary()
    assert read_record(only_run(project))["sweep"]["best_trial"] is None


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"strategy": "hyperbnd"}, "did you mean hyperband"),
        ({"strategy": "nowhere:Tuner"}, "strategy: nowhere:Tuner: No module named 'nowhere'"),
        ({"strategy_kwargs": {"fcator": 2}, "strategy": "hyperband"}, "did you mean factor"),
        ({"strategy_kwargs": {"directory": "x"}}, "strategy_kwargs.directory"),
        ({"strategy": "sklearn"}, 'objective_metric to "score"'),
        ({"strategy_kwargs": {"oracle": "tea"}, "strategy": "sklearn"}, "strategy_kwargs.oracle"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_recorded(
    project: Path, fields: dict[str, Any], told: str
) -> None:
    if fields.get("strategy_kwargs", {}).get("oracle"):
        fields = {**fields, "objective_metric": "score"}
    with pytest.raises(LedgerError, match=told):
        search(config_of(**fields))
    assert run_dirs(project) == []

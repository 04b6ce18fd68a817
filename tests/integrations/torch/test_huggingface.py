"""Trainings of the real Trainer of Transformers: a tiny model made from a config, no download."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

import ledger
from ledger.contract.trials import decode_trials
from unit.writer.recording import only_run, read_record, read_rows, run_dirs, train


if TYPE_CHECKING:
    from pathlib import Path

REASON = "no CPU build of torch: `.ci/run` installs one where pip offers it"
torch = pytest.importorskip("torch", reason=REASON)
transformers = pytest.importorskip("transformers", reason=REASON)
# what Transformers and torch say of each other
pytestmark = [pytest.mark.timeout(240), pytest.mark.filterwarnings("default")]

DATA = [{"input_ids": [1, 2, 3, n % 7], "labels": n % 2} for n in range(8)]


def make_model(*_: Any) -> Any:
    size = {"hidden_size": 8, "intermediate_size": 8, "vocab_size": 9}
    depth = {"num_hidden_layers": 1, "num_attention_heads": 2, "num_labels": 2}
    return transformers.BertForSequenceClassification(transformers.BertConfig(**size, **depth))


def trainer(*callbacks: Any, is_searched: bool = False, **options: Any) -> Any:
    known = {
        "output_dir": "out",
        "num_train_epochs": 2,
        "per_device_train_batch_size": 4,
        "logging_steps": 1,
        "eval_strategy": "epoch",
        "save_strategy": "epoch",
        "report_to": "none",
        "use_cpu": True,
        "disable_tqdm": True,
        "seed": 3,
    }
    return transformers.Trainer(
        model=None if is_searched else make_model(),
        model_init=make_model if is_searched else None,
        args=transformers.TrainingArguments(**{**known, **options}),
        train_dataset=DATA,
        eval_dataset=DATA[:4],
        callbacks=[*callbacks],
    )


def callback(*arguments: Any, **options: Any) -> Any:
    from ledger.integrations.huggingface import LedgerCallback

    return LedgerCallback(*arguments, **options)


def test_a_training_is_a_run_and_the_evaluation_after_it_belongs_to_it(project: Path) -> None:
    told = callback("tiny", tags=["bert"])
    best = {"load_best_model_at_end": True, "metric_for_best_model": "loss"}
    ours = trainer(told, hub_token="hf_secretsecretsecret", **best)
    ours.train()
    assert told.run.is_open
    found = ours.evaluate(metric_key_prefix="test")
    told.run.finish()

    record, rows = read_record(only_run(project)), read_rows(only_run(project))
    assert (record["status"], record["name"], record["tags"]) == ("finished", "tiny", ["bert"])
    config = record["config"]["resolved"]
    assert (config["per_device_train_batch_size"], config["seed"]) == (4, 3)
    assert (config["model"]["hidden_size"], config["model"]["model_type"]) == (8, "bert")
    assert "secret" not in (only_run(project) / "run.json").read_text(encoding="utf-8")
    assert record["random"]["seed"] == 3
    assert record["objective"] == {"metric": "eval_loss", "goal": "min"}
    losses = [row for row in rows if "loss" in row]
    assert [row["step"] for row in losses] == ["1", "2", "3", "4"]
    assert [float(row["metric.epoch"]) for row in losses] == [0.5, 1.0, 1.5, 2.0]
    evaluated = [(row["step"], float(row["eval_loss"])) for row in rows if "eval_loss" in row]
    logged = [
        (str(each["step"]), each["eval_loss"])
        for each in ours.state.log_history
        if "eval_loss" in each
    ]
    assert evaluated == logged
    assert record["metrics"]["test_loss"] == found["test_loss"]
    assert {"train_runtime", "train_loss"} <= set(record["stated"])
    saved = record["artifacts"]["checkpoint"]
    assert saved["path"] == ours.state.best_model_checkpoint.removeprefix(f"{project}/")
    assert saved["hash"]
    assert "warnings" not in record


def test_an_open_run_takes_all_and_stays_open(project: Path) -> None:
    with ledger.start("open") as run:
        ours = trainer(callback(run), num_train_epochs=1)
        ours.train()
        ours.train()
        assert run.is_open
    rows = [row for row in read_rows(only_run(project)) if "loss" in row]
    assert [row["step"] for row in rows] == ["1", "2", "4", "5"]


def test_each_training_of_a_name_is_a_run(project: Path) -> None:
    told = callback("each")
    ours = trainer(told, num_train_epochs=1)
    ours.train()
    first = told.run
    ours.train()
    told.run.finish()
    assert not first.is_open
    records = [read_record(folder) for folder in run_dirs(project)]
    assert [record["status"] for record in records] == ["finished", "finished"]


@pytest.mark.usefixtures("project")
def test_a_resumed_training_goes_on_with_its_steps() -> None:
    trainer(callback("first"), num_train_epochs=1).train()
    first = ledger.current_run()
    first.finish()
    told = callback("resumed", parent=first.id)
    trainer(told).train(resume_from_checkpoint=True)
    told.run.finish()

    record = read_record(told.run.dir)
    assert record["parent"] == first.id
    assert [row["step"] for row in read_rows(told.run.dir) if "loss" in row] == ["3", "4"]


def breaking(error: BaseException) -> Any:
    class Breaks(transformers.TrainerCallback):  # type: ignore[misc,name-defined]
        def on_epoch_end(self, *_: Any, **__: Any) -> None:
            raise error

    return Breaks()


@pytest.mark.usefixtures("project")
def test_a_training_that_fails_is_told_when_another_begins() -> None:
    told = callback("fails")
    with pytest.raises(ValueError, match="no memory"):
        trainer(told, breaking(ValueError("no memory"))).train()
    failed = told.run
    trainer(told, num_train_epochs=1).train()
    told.run.finish()

    record = read_record(failed.dir)
    assert (record["status"], record["error"]["type"]) == ("failed", "TrainingEnded")
    assert read_record(told.run.dir)["status"] == "finished"


@pytest.mark.parametrize(
    ("error", "status"),
    [(ValueError("no memory"), "failed"), (KeyboardInterrupt(), "interrupted")],
)
def test_an_open_run_knows_what_stopped_the_training(
    project: Path, error: BaseException, status: str
) -> None:
    with pytest.raises(type(error)), ledger.start("stopped") as run:
        trainer(callback(run), breaking(error)).train()
    assert read_record(only_run(project))["status"] == status


SCRIPT = """
import transformers
from ledger.integrations.huggingface import LedgerCallback

class Breaks(transformers.TrainerCallback):
    def on_step_end(self, args, state, control, **_):
        if state.global_step == 2:
            raise ValueError("no memory")

sizes = dict(hidden_size=8, intermediate_size=8, vocab_size=9, num_hidden_layers=1,
             num_attention_heads=2, num_labels=2)
transformers.Trainer(
    model=transformers.BertForSequenceClassification(transformers.BertConfig(**sizes)),
    args=transformers.TrainingArguments("out", logging_steps=1, use_cpu=True, report_to="none"),
    train_dataset=[{"input_ids": [1, 2], "labels": n % 2} for n in range(32)],
    callbacks=[LedgerCallback("script"), Breaks()],
).train()
"""


def test_a_script_that_fails_leaves_the_truth(project: Path) -> None:
    assert train(project, SCRIPT).returncode == 1
    record = read_record(only_run(project))
    assert (record["status"], record["error"]["message"]) == ("failed", "no memory")
    assert len(read_rows(only_run(project))) == 1


def test_other_processes_record_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = trainer(callback("ranks"), num_train_epochs=1, save_strategy="no")
    monkeypatch.setattr(ours, "is_world_process_zero", lambda: False)
    ours.state.is_world_process_zero = False
    ours.train()
    assert run_dirs(project) == []


def test_a_copy_is_the_callback_itself(project: Path) -> None:
    told = callback("copied")
    assert copy.deepcopy(told) is told
    assert run_dirs(project) == []


def space(trial: Any) -> dict[str, float]:
    return {"learning_rate": trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True)}


@pytest.mark.parametrize("strategy", ["epoch", "no"])
def test_a_search_is_a_sweep(project: Path, strategy: str) -> None:
    pytest.importorskip("optuna")
    told = callback("search", objective=("eval_loss", "min"))
    ours = trainer(told, is_searched=True, eval_strategy=strategy, save_strategy="no")
    best = ours.hyperparameter_search(hp_space=space, n_trials=3, direction="minimize")
    told.run.finish()

    folder = only_run(project)
    record = read_record(folder)
    assert (record["status"], record["sweep"]["n_trials"]) == ("finished", 3)
    assert record["sweep"]["best_trial"] == best.run_id
    config = record["config"]["resolved"]
    assert "learning_rate" not in config  # each trial has its own
    assert "num_train_epochs" in config
    ends = {each.trial_id: each for each in decode_trials((folder / "trials.csv").read_bytes())}
    assert {each.status for each in ends.values()} == {"finished"}
    assert ends[best.run_id].score == best.objective
    assert float(ends[best.run_id].params["learning_rate"]) == best.hyperparameters["learning_rate"]
    rows = read_rows(folder)
    assert {row["trial_id"] for row in rows} == {"0", "1", "2"}
    assert {row["epoch"] for row in rows} == {"0", "1"}
    answer = next(iter(ledger.query("best eval_loss per trial", path=project)))
    # a trial's objective is its last evaluation, its best the least over the epochs
    assert answer["value"] == min(float(row["eval_loss"]) for row in rows if "eval_loss" in row)
    assert answer["value"] <= best.objective


def test_a_trial_that_fails_is_told(project: Path) -> None:
    pytest.importorskip("optuna")
    told = callback("search")
    is_first = iter([True])

    class Breaks(transformers.TrainerCallback):  # type: ignore[misc,name-defined]
        def on_epoch_end(self, *_: Any, **__: Any) -> None:
            if next(is_first, False):
                message = "no memory"
                raise ValueError(message)

    ours = trainer(told, Breaks(), is_searched=True, save_strategy="no")
    ours.hyperparameter_search(hp_space=space, n_trials=2, catch=(ValueError,))
    told.run.finish()
    folder = only_run(project)
    ends = {each.trial_id: each for each in decode_trials((folder / "trials.csv").read_bytes())}
    assert [ends[name].status for name in ("0", "1")] == ["failed", "finished"]


def test_autolog_records_trainings_and_searches_until_it_is_taken_back(project: Path) -> None:
    pytest.importorskip("optuna")
    from ledger.integrations.huggingface import autolog

    take_back = autolog(tags=["auto"])
    autolog()
    few = {"num_train_epochs": 1, "save_strategy": "no"}
    try:
        ours = trainer(**few)
        ours.train()
        assert not any("Ledger" in type(each).__name__ for each in ours.callback_handler.callbacks)
        with pytest.raises(ValueError, match="stop"):
            trainer(breaking(ValueError("stop"))).train()
        trainer(is_searched=True, **few).hyperparameter_search(hp_space=space, n_trials=2)
        told = callback("own")
        trainer(told, **few).train()
        told.run.finish()
    finally:
        take_back()
    trainer(**few).train()

    records = [read_record(folder) for folder in run_dirs(project)]
    found = sorted((each["name"], each["status"], "sweep" in each) for each in records)
    bert = "BertForSequenceClassification"
    assert found == [
        (bert, "failed", False),
        (bert, "finished", False),
        (bert, "finished", True),
        ("own", "finished", False),
    ]
    (sweep,) = [each for each in records if "sweep" in each]
    assert (sweep["sweep"]["n_trials"], sweep["tags"]) == (2, ["auto"])

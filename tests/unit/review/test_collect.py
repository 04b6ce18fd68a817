"""What is reviewed, read from a ledger: sweeps, questions, and what is done without one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ledger.errors import LedgerError, UnknownNameError
from ledger.review.collect import collect_subject
from ledger.review.rows import train_metric
from ledger.review.search_space import read_space
from ledger.review.subject import Param
from unit.reader.builders import FIRST, add_run, epochs, make_project, open_at
from unit.review.sweeps import add_sweep, small_sweep, trial_rows


if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_project(tmp_path)
    return tmp_path


def add_models(root: Path, **record: object) -> list[str]:
    """Write two models of two seeds each; return their ids."""
    return [
        add_run(
            root,
            f"{model}-{seed}",
            epochs(val_acc=[0.5, 0.8, 0.7], acc=[0.6, 0.9, 0.95]),
            started=FIRST + timedelta(hours=place),
            config={"model": model, "seed": seed, "epochs": 3},
            random={"seed": seed},
            **record,
        )
        for place, (model, seed) in enumerate((m, s) for m in ("mlp", "cnn") for s in (1, 2))
    ]


def test_a_sweep_is_its_trials(root: Path) -> None:
    run_id = small_sweep(root)

    found = collect_subject(open_at(root), "search")

    assert (found.title, found.kind, found.metric, found.goal) == (
        run_id,
        "sweep",
        "val_loss",
        "min",
    )
    assert (found.tuner, found.train_metric) == ("RandomSearch", "loss")
    assert found.space == (
        Param(name="lr", low=1e-4, high=1.0, scale="log"),
        Param(name="optimizer", values=("sgd", "adam")),
    )
    assert [each.label for each in found.candidates] == ["00", "01", "02", "03", "04", "05"]
    one, failed = found.candidates[1], found.candidates[5]
    assert one.name == f"{run_id}#01"
    assert [len(each.objective) for each in one.curves] == [24, 24]
    assert all(each.train for each in one.curves)
    assert (one.seconds, one.budget, one.params["lr"]) == (31.0, 24, 0.1)
    assert one.best == min(*one.curves[0].objective, *one.curves[1].objective)
    assert (failed.status, failed.message, failed.curves) == ("failed", "MemoryError: no room", ())


def test_a_trial_that_was_tried_again_is_its_last_attempt(root: Path) -> None:
    crashed = [*trial_rows("00", 0.1, {}, n=5)]
    crashed[-1]["val_loss"] = float("nan")
    again = [row | {"attempt": 1} for row in trial_rows("00", 0.3, {})]
    ends = [
        {"trial_id": "00", "attempt": n, "status": s} for n, s in ((0, "failed"), (1, "finished"))
    ]
    add_sweep(root, "search", [*crashed, *again], ends)

    (found,) = collect_subject(open_at(root), "search").candidates

    assert min(float(str(row["val_loss"])) for row in again) == found.best
    assert (1, 0) == (len(found.curves), found.n_nonfinite)


def test_without_a_word_the_last_sweep_is_meant(root: Path) -> None:
    small_sweep(root, "older")
    last = small_sweep(root, "newer", started=FIRST + timedelta(days=1))
    add_models(root)

    assert collect_subject(open_at(root)).title == last


def test_without_a_sweep_the_runs_of_the_last_objective_are_meant(root: Path) -> None:
    ids = add_models(root)
    add_run(root, "other", epochs(loss=[1.0]), objective=None)

    found = collect_subject(open_at(root))

    assert (found.kind, found.metric, found.goal) == ("runs", "val_acc", "max")
    assert [each.run_id for each in found.candidates] == ids
    assert found.train_metric == "acc"
    assert {each.variant for each in found.candidates} == {
        each.variant for each in found.candidates[::2]
    }
    assert [each.seed for each in found.candidates] == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("question", "labels"),
    [
        ("best val_acc where model = mlp", ["mlp-1", "mlp-2"]),
        ("runs where seed = 1", ["mlp-1", "cnn-1"]),
        ("compare mlp-1 cnn-2", ["mlp-1", "cnn-2"]),
        ("top 1 by val_acc", ["mlp-1", "mlp-2", "cnn-1", "cnn-2"]),
        ("mlp-1", ["mlp-1"]),
    ],
)
def test_a_question_names_runs(root: Path, question: str, labels: list[str]) -> None:
    add_models(root)

    assert [each.label for each in collect_subject(open_at(root), question).candidates] == labels


def test_a_trial_is_reviewed_alone(root: Path) -> None:
    run_id = small_sweep(root)

    found = collect_subject(open_at(root), "search#01")

    assert (found.title, [each.label for each in found.candidates]) == (f"{run_id}#01", ["01"])


def test_runs_that_know_nothing_of_the_metric_are_left_out(root: Path) -> None:
    add_models(root)
    add_run(root, "other", epochs(loss=[1.0]), objective=None)
    add_run(root, "died", (), status="failed")

    found = collect_subject(open_at(root), "best val_acc")

    assert "other" not in {each.label for each in found.candidates}
    assert "died" in {each.label for each in found.candidates}
    assert found.warnings == ("1 run has no val_acc: left out",)


def test_a_question_of_the_first_only_is_about_all(root: Path) -> None:
    add_models(root)

    assert "not at the first only" in collect_subject(open_at(root), "top 1 by val_acc").warnings[0]


def test_a_question_names_trials(root: Path) -> None:
    small_sweep(root)

    found = collect_subject(open_at(root), "trials where optimizer = adam")

    assert [each.label for each in found.candidates] == ["00", "02", "04"]


def test_sweeps_among_runs_are_left_out_with_a_word(root: Path) -> None:
    small_sweep(root)
    add_models(root)

    found = collect_subject(open_at(root), "runs", metric="val_acc")

    assert len(found.candidates) == 4
    assert any("left out" in line for line in found.warnings)


def test_two_sweeps_are_all_their_trials(root: Path) -> None:
    small_sweep(root, "one")
    small_sweep(root, "two", started=FIRST + timedelta(days=1))

    found = collect_subject(open_at(root), "runs")

    assert (found.kind, len(found.candidates)) == ("sweep", 12)
    assert found.candidates[0].label in {"one#00", "two#00"}
    assert found.space is None


def test_retracted_runs_are_left_out(root: Path) -> None:
    add_models(root)
    add_run(root, "gone", epochs(val_acc=[0.99]), files={"retraction.md": b"# Retracted\n"})

    labels = [each.label for each in collect_subject(open_at(root), "best val_acc").candidates]

    assert "gone" not in labels


@pytest.mark.parametrize("column", ["parent", "tuner/trial_id"])
def test_the_parent_is_the_text_that_the_tuner_wrote(root: Path, column: str) -> None:
    rows = [
        *trial_rows("0000", 0.4, {"lr": 0.1, "tuner/epochs": 3, "tuner/initial_epoch": 0}, n=3),
        *trial_rows("0001", 0.3, {"lr": 0.1, "tuner/epochs": 9, "tuner/initial_epoch": 3}, n=6),
    ]
    ends = [
        {"trial_id": "0000", "status": "finished", "tuner/epochs": 3, "lr": 0.1},
        {"trial_id": "0001", "status": "finished", "tuner/epochs": 9, "lr": 0.1,
         column: "0000"},
    ]  # fmt: skip
    add_sweep(root, "hyperband", rows, ends)

    found = collect_subject(open_at(root))

    assert [(each.budget, each.parent) for each in found.candidates] == [(3, None), (9, "0000")]


def test_a_trial_that_nobody_ended_has_crashed_with_its_run(root: Path) -> None:
    rows = trial_rows("0", 0.4, {"lr": 0.1})
    add_sweep(root, "broken", rows, [{"trial_id": "0", "status": "running"}], status="crashed")

    assert collect_subject(open_at(root)).candidates[0].status == "crashed"


def test_a_name_says_nothing_of_the_direction(root: Path) -> None:
    add_models(root, objective=None)
    ledger = open_at(root)

    with pytest.raises(LedgerError, match="--metric"):
        collect_subject(ledger, "runs")
    with pytest.raises(LedgerError, match="nothing but its name") as told:
        collect_subject(ledger, "runs", metric="val_acc")
    assert "--direction max" in told.value.hint
    assert collect_subject(ledger, "runs", metric="val_acc", goal="min").goal == "min"
    assert collect_subject(ledger, "best val_acc max").direction_source == "question"
    settled = open_at(root, metrics={"val_acc": "max"})
    assert collect_subject(settled, "best val_acc").direction_source == "settings"


def test_runs_of_several_objectives_need_a_word(root: Path) -> None:
    add_models(root)
    add_run(root, "other", epochs(val_loss=[1.0]), objective=("val_loss", "min"))

    with pytest.raises(LedgerError, match="2 objectives: val_acc, val_loss"):
        collect_subject(open_at(root), "runs")


@pytest.mark.parametrize("text", ["nothing", "runs where model = rnn", "best vall_acc"])
def test_what_is_not_there_is_said(root: Path, text: str) -> None:
    add_models(root)

    with pytest.raises(UnknownNameError):
        collect_subject(open_at(root), text)


def test_an_empty_ledger_is_said(root: Path) -> None:
    with pytest.raises(UnknownNameError, match="no run yet"):
        collect_subject(open_at(root))


def test_the_test_set_is_noticed(root: Path) -> None:
    add_models(root, metrics={"test_acc": 0.7}, stated=["test_acc"])

    found = collect_subject(open_at(root))

    assert (found.test_metrics, found.n_tested) == (("test_acc",), 4)


@pytest.mark.parametrize(
    ("config", "patience"),
    [
        ({"early_stop_patience": 4, "reduce_lr_patience": 8}, 4),
        ({"early_stopping": {"patience": 6}, "scheduler": {"patience": 2}}, 6),
        ({"lr_plateau": {"patience": 2}}, None),
        ({"patience": True}, None),
        ({}, None),
    ],
)
def test_the_patience_of_early_stopping_is_a_param(
    root: Path, config: dict[str, object], patience: int | None
) -> None:
    add_run(root, "one", epochs(val_acc=[0.5]), started=FIRST, config=config)

    (found,) = collect_subject(open_at(root), "one", metric="val_acc", goal="max").candidates

    assert found.patience == patience


def test_training_is_taken_at_the_rows_of_the_objective(root: Path) -> None:
    """Training is logged at every step, validation at every second."""
    rows = [
        {"step": step, "train_loss": 1.0 - step / 10} | ({"val_loss": 0.5} if step % 2 else {})
        for step in range(6)
    ]
    add_run(root, "steps", rows, objective=("val_loss", "min"))

    (curve,) = collect_subject(open_at(root), "steps").candidates[0].curves

    assert curve.epochs == (1, 3, 5)
    assert curve.train == pytest.approx((0.9, 0.7, 0.5))


@pytest.mark.parametrize(
    ("metric", "known", "expected"),
    [
        ("val_loss", ["loss", "train_loss"], "loss"),
        ("val_loss", ["train_loss"], "train_loss"),
        ("eval/loss", ["train/loss"], "train/loss"),
        ("valid_0.l2", ["l2"], None),
        ("value", ["ue"], None),
        ("loss", ["loss"], None),
    ],
)
def test_which_curve_is_the_training_of_a_metric(
    metric: str, known: list[str], expected: str | None
) -> None:
    assert train_metric(metric, known) == expected


def test_spaces_of_several_tuners_are_read() -> None:
    assert read_space(
        {
            "a": {"low": 1, "high": 8, "log": True},
            "b": {"name": "FloatDistribution", "low": 0.0, "high": 1.0, "step": 0.25},
            "c": {"choices": ["x", "y"]},
            "d": [1, 2, 4],
            "e": {"type": "Fixed", "value": 3, "low": 10**400},
            "f": {"min_value": 0.1, "max_value": 1.0, "sampling": "reverse_log"},
        }
    ) == (
        Param(name="a", low=1.0, high=8.0, scale="log"),
        Param(name="b", low=0.0, high=1.0, step=0.25),
        Param(name="c", values=("x", "y")),
        Param(name="d", values=(1, 2, 4)),
        Param(name="e"),
        Param(name="f", low=0.1, high=1.0, scale="reverse_log"),
    )
    assert read_space(None) is None

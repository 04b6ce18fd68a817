"""The automatic text of a note."""

from __future__ import annotations

import math

import pytest

from ledger.contract.metrics import Summary
from ledger.contract.record import RunRecord
from ledger.writer.prefill import (
    best_of,
    describe_best,
    describe_change,
    describe_command,
    describe_failure,
    describe_result,
    describe_sweep,
)


def summary(*, low: float | None, high: float | None, last: float, at: int = 3) -> Summary:
    where = None if low is None else at
    return Summary(
        last=last,
        min=low,
        min_at=where,
        max=high,
        max_at=where,
        n=5,
        n_nonfinite=int(math.isnan(last)),
    )


def parent(**sections: object) -> RunRecord:
    return RunRecord(
        document={"run_id": "p", "config": {"resolved": {"lr": 0.1, "w": 3}}, **sections}
    )  # type: ignore[dict-item]  # JSON


def test_without_a_parent_the_change_is_the_config() -> None:
    assert ["[auto] config lr=0.1, net.w=3"] == describe_change({"lr": 0.1, "net": {"w": 3}}, None)
    assert [] == describe_change({}, None)
    assert ["[auto] config eta=0.1"] == describe_change({"eta": 0.1, "gamma": None}, None)
    assert [] == describe_change({"gamma": None}, None)


def test_a_long_config_is_cut() -> None:
    (line,) = describe_change({f"k{n}": n for n in range(9)}, None)
    assert line.endswith("k5=5 and 3 more")


def test_against_a_parent_the_change_is_the_difference() -> None:
    assert ["[auto] against p: lr 0.1 → 0.2, new none → 1, w 3 → none"] == describe_change(
        {"lr": 0.2, "new": 1}, parent()
    )
    assert ["[auto] same config as p"] == describe_change({"lr": 0.1, "w": 3}, parent())


def test_the_result_is_the_objectives_best_against_the_parents() -> None:
    own = {"loss": summary(low=0.5, high=2.0, last=0.75)}
    theirs = parent(summary={"loss": {"min": 1.0, "max": 3.0}})
    (line,) = describe_result(own, {}, ("loss", "min"), theirs)
    assert "[auto] loss best 0.5 at 3, last 0.75; p had 1 (-0.5, -50.00 %)" == line


def test_a_parent_that_reached_zero_gives_no_percent() -> None:
    own = {"loss": summary(low=0.5, high=2.0, last=0.75)}
    (line,) = describe_result(own, {}, ("loss", "min"), parent(summary={"loss": {"min": 0.0}}))
    assert line.endswith("p had 0 (+0.5)")


def test_a_run_that_never_was_finite_says_so() -> None:
    own = {"loss": summary(low=None, high=None, last=math.nan)}
    assert ["[auto] loss never finite in 5 rows; not finite: loss"] == describe_result(
        own, {}, ("loss", "min"), None
    )


def test_without_an_objective_last_values_and_stated_ones_are_told() -> None:
    own = {"loss": summary(low=0.5, high=2.0, last=0.75)}
    assert ["[auto] loss last 0.75; acc 0.5 (stated)"] == describe_result(
        own, {"acc": 0.5}, None, None
    )
    assert [] == describe_result({}, {}, None, None)


def test_a_run_without_a_config_is_told_by_its_command() -> None:
    document = {"command": {"argv": ["python", "a b.py", "--lr", "0.1"]}}
    assert ["[auto] command python 'a b.py' --lr 0.1"] == describe_command(document)
    assert [] == describe_command({})


def test_a_failure_is_its_error() -> None:
    told = {"type": "ValueError", "message": "first\nsecond"}
    assert {
        "Result": ["[auto] failed before its end: no result"],
        "Risk/Anomaly": ["[auto] ValueError: first"],
    } == describe_failure("failed", told, [])


def test_an_error_without_a_text_is_its_type() -> None:
    lines = describe_failure("failed", {"type": "AssertionError", "message": ""}, [])
    assert ["[auto] AssertionError"] == lines["Risk/Anomaly"]


def test_a_sweep_of_one_trial_is_told_in_the_singular() -> None:
    assert ["[auto] 1 trial, 1 failed"] == describe_sweep({"n_trials": 1, "n_failed": 1}, None)


@pytest.mark.parametrize(
    ("columns", "sweep", "told"),
    [
        (("epoch", "acc"), {}, "at epoch 3"),
        (("step", "acc"), {}, "at step 3"),
        (("epoch", "step", "acc"), {}, "at epoch 3"),
        (("epoch", "acc"), {"n_trials": 2}, "at epoch 3"),
        (("epoch", "step", "acc"), {"n_trials": 2}, "at 3"),  # a round of a halving search
    ],
)
def test_the_place_of_the_best_is_called_what_it_is(
    columns: tuple[str, ...], sweep: dict[str, object], told: str
) -> None:
    document = {
        "objective": {"metric": "acc", "goal": "max"},
        "columns": {name: {} for name in columns},
        "sweep": sweep,
    }

    text = describe_best(document, {"acc": summary(low=0.5, high=0.75, last=0.5)})

    assert f", best acc 0.75 {told}" == text


def test_a_run_that_did_not_finish_says_what_came_out_so_far() -> None:
    result = ["[auto] loss best 0.5 at 3, last 0.75"]
    assert {
        "Result": ["[auto] interrupted before its end: loss best 0.5 at 3, last 0.75"]
    } == describe_failure("interrupted", None, result)


def test_best_follows_the_goal() -> None:
    one = summary(low=0.5, high=2.0, last=0.75)
    assert ((0.5, 3), (2.0, 3)) == (best_of(one, "min"), best_of(one, "max"))

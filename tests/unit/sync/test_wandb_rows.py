"""Rows in rising steps: a smaller one than the last is dropped there without a word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.sync.rows import Row
from ledger.sync.wandb import MAX_ID, wandb_id
from ledger.sync.wandb_rows import history_of


def row(step: int, *, epoch: int | None = None, by_epoch: bool = False, **values: float) -> Row:
    return Row(step=step, time_ms=1000 * step, epoch=epoch, is_by_epoch=by_epoch, values=values)


def test_rows_are_sorted_and_merged_by_their_step() -> None:
    history = history_of([row(4, loss=0.4), row(2, loss=0.5), row(4, val_acc=0.9)])

    first = (2, {"step": 2, "_timestamp": 2.0, "loss": 0.5})
    second = (4, {"step": 4, "_timestamp": 4.0, "loss": 0.4, "val_acc": 0.9})
    assert [first, second] == list(history.rows)
    assert {} == history.axes


def test_negative_steps_are_numbered_and_kept_as_a_column() -> None:
    history = history_of([row(-1, loss=0.5), row(3, loss=0.4)])

    assert [(0, -1), (1, 3)] == [(at, values["step"]) for at, values in history.rows]
    assert {"*": "step"} == history.axes


def test_epochs_and_steps_in_one_run_have_an_axis_each() -> None:
    history = history_of([row(0, loss=0.5), row(1, loss=0.4), row(0, by_epoch=True, val_acc=0.9)])

    assert {"loss": "step", "val_acc": "epoch"} == history.axes
    assert 3 == len(history.rows)


def test_a_metric_called_as_a_column_of_theirs_keeps_its_values() -> None:
    ((_, values),) = history_of([row(1, _step=7.0, _timestamp=8.0)]).rows

    told = {"metric._step": 7.0, "metric._timestamp": 8.0}
    assert told | {"step": 1, "_timestamp": 1.0} == values


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 3) | st.none()), max_size=12))
def test_no_value_is_ever_lost(places: list[tuple[int, int | None]]) -> None:
    rows = [row(at, epoch=epoch, loss=float(n)) for n, (at, epoch) in enumerate(places)]

    history = history_of(rows)

    steps = [step for step, _ in history.rows]
    assert sorted(set(steps)) == steps
    assert all(step >= 0 for step in steps)
    told = sorted(values["loss"] for _, values in history.rows)
    assert [float(n) for n in range(len(places))] == told


@pytest.mark.parametrize(
    ("key", "there"),
    [
        ("2026-02-01_1630_a-k3f9q2xa", "2026-02-01_1630_a-k3f9q2xa"),
        ("a" * 64, "a" * 64),
    ],
)
def test_an_id_that_fits_is_ours(key: str, there: str) -> None:
    assert there == wandb_id(key)


@pytest.mark.parametrize("key", ["a" * 65, "run#0:1", "run#a/b", "run#it's?", "run#" + "é" * 90])
def test_another_id_fits_and_is_its_own(key: str) -> None:
    found = {wandb_id(key, revision) for revision in (1, 2, 3)}

    assert 3 == len(found)
    assert all(0 < len(each) <= MAX_ID for each in found)
    assert not set("".join(found)) & set(":;,#?/'")
    assert wandb_id(key) != wandb_id(key + "x")

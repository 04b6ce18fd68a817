"""Where a run's numbers come from: its sealed summary, its rows, or its record."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from ledger.contract.metrics import encode_row
from ledger.reader.stats import Stat, collect_stats
from unit.reader.builders import add_run, epochs, make_project, open_at


if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_project(tmp_path)
    return tmp_path


def stats(root: Path, *, with_first: bool = False) -> dict[str, Stat]:
    ledger = open_at(root)
    found = collect_stats(ledger, ledger.runs, with_first=with_first).stats
    return {stat.metric: stat for stat in found}


def test_open_and_sealed_runs_tell_the_same(root: Path) -> None:
    rows = epochs(loss=[3.0, math.nan, 1.0, 2.0], acc=[0.1, 0.4])
    add_run(root, "sealed", rows)
    add_run(root, "open", rows, is_sealed=False, status="interrupted")
    ledger = open_at(root)

    one, other = (collect_stats(ledger, [run]).stats for run in ledger.runs)

    facts = [
        [(s.metric, s.last, s.low, s.low_at, s.high, s.n_nonfinite) for s in each]
        for each in (one, other)
    ]
    assert facts[0] == facts[1] == [("acc", 0.4, 0.1, 0, 0.4, 0), ("loss", 2.0, 1.0, 2, 3.0, 1)]


def test_a_sealed_run_is_not_read_again(root: Path) -> None:
    run_id = add_run(root, "sealed", epochs(acc=[0.5]))
    next(root.glob(f"ledger/*/{run_id}/metrics.csv")).write_bytes(b"<<<<<<< broken\n")

    assert stats(root)["acc"].high == 0.5


def test_steps_are_told_apart_from_epochs(root: Path) -> None:
    add_run(root, "steps", [{"step": 0, "acc": 0.1}, {"step": 50, "acc": 0.9}])

    stat = stats(root)["acc"]

    assert (stat.high_at, stat.is_by_epoch) == (50, False)


def test_a_stated_metric_without_rows_answers_by_its_value(root: Path) -> None:
    add_run(root, "r", epochs(acc=[0.5]), metrics={"test_acc": 0.7}, stated=["test_acc"])

    stat = stats(root)["test_acc"]

    assert (stat.last, stat.final, stat.low, stat.high, stat.high_at) == (0.7, 0.7, 0.7, 0.7, None)


def test_final_is_what_was_stated_and_last_is_the_last_row(root: Path) -> None:
    add_run(root, "r", epochs(acc=[0.5, 0.6]), metrics={"acc": 0.9}, stated=["acc"])

    stat = stats(root)["acc"]

    assert (stat.last, stat.final, stat.high) == (0.6, 0.9, 0.6)


def test_first_reads_the_table_even_of_a_sealed_run(root: Path) -> None:
    add_run(root, "r", epochs(acc=[0.5, 0.6]))

    assert stats(root)["acc"].first is None
    assert stats(root, with_first=True)["acc"].first == 0.5


def test_a_record_without_columns_is_read_by_the_fixed_rule_and_said_once(root: Path) -> None:
    """Config keys are params, reserved names index, text is no metric."""
    data = b"".join(map(encode_row, [("epoch", "lr", "acc", "device"), (0, 0.1, 0.7, "gpu")]))
    for name in ("one", "two"):
        run_id = add_run(root, name, is_sealed=False)
        next(root.glob(f"ledger/*/{run_id}")).joinpath("metrics.csv").write_bytes(data)
    ledger = open_at(root)

    found = collect_stats(ledger, ledger.runs)

    assert {stat.metric for stat in found.stats} == {"acc"}
    assert len(found.warnings) == 1
    assert "and 1 more: the record declares no columns" in found.warnings[0]


def test_several_tables_of_a_run_are_one(root: Path) -> None:
    rows = epochs(acc=[0.5, 0.6])
    more = b"".join(map(encode_row, [("epoch", "acc"), (2, 0.9)]))
    add_run(root, "r", rows, is_sealed=False, status="failed", files={"metrics.2.csv": more})

    stat = stats(root)["acc"]

    assert (stat.last, stat.high, stat.high_at) == (0.9, 0.9, 2)


def test_numbers_beyond_floats_stop_nothing(root: Path) -> None:
    add_run(root, "r", metrics={"huge": 10**400, "nan": "nan", "text": "n/a", "flag": True})

    found = stats(root)

    assert sorted(found) == ["huge", "nan"]
    assert found["huge"].high is None

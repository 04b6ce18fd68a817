"""Rows to send: steps are whole numbers, times come from the record, no two series share a name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ledger.reader.index.curve_rows import curve_rows
from ledger.sync.rows import Row, rows_of
from unit.reader.builders import FIRST, add_run, epochs, make_project, open_at, table_bytes


if TYPE_CHECKING:
    from pathlib import Path

START_MS = round(FIRST.timestamp() * 1000)


def rows_in(root: Path, run_id: str) -> dict[str | None, tuple[Row, ...]]:
    ledger = open_at(root)
    run = ledger.load(run_id)
    return rows_of(curve_rows(ledger, run)["metrics"], run.started)


def points(rows: tuple[Row, ...]) -> list[tuple[str, int, float]]:
    return [(name, row.step, number) for row in rows for name, number in row.values.items()]


def test_every_row_has_its_step_and_its_time(tmp_path: Path) -> None:
    make_project(tmp_path)
    run_id = add_run(tmp_path, "plain", epochs(loss=[0.5, 0.25], val_acc=[0.8, 0.9]))

    rows = rows_in(tmp_path, run_id)[None]

    assert [
        Row(
            step=0,
            time_ms=START_MS + 2000,
            epoch=None,
            is_by_epoch=True,
            values={"loss": 0.5, "val_acc": 0.8},
        ),
        Row(
            step=1,
            time_ms=START_MS + 4000,
            epoch=None,
            is_by_epoch=True,
            values={"loss": 0.25, "val_acc": 0.9},
        ),
    ] == list(rows)


def test_a_row_with_both_goes_by_its_step_and_keeps_its_epoch(tmp_path: Path) -> None:
    make_project(tmp_path)
    run_id = add_run(tmp_path, "both", [{"epoch": 1, "step": 700, "time": 1.5, "loss": 0.5}])

    (row,) = rows_in(tmp_path, run_id)[None]

    assert (700, 1, False) == (row.step, row.epoch, row.is_by_epoch)


def test_a_fractional_step_is_replaced_by_the_place_of_the_row(tmp_path: Path) -> None:
    """MLflow's file store can never read a run again that has one."""
    make_project(tmp_path)
    table = [{"step": 0.5, "loss": 3.0}, {"step": 1.5, "loss": 2.0}, {"step": 2.5, "loss": 1.0}]
    run_id = add_run(tmp_path, "fraction", table)

    rows = rows_in(tmp_path, run_id)[None]

    assert [("loss", 0, 3.0), ("loss", 1, 2.0), ("loss", 2, 1.0)] == points(rows)
    assert all(type(row.step) is int for row in rows)


@pytest.mark.parametrize("time", ["", "nan", "-3", "1e300"])
def test_a_time_that_is_none_is_the_start(tmp_path: Path, time: str) -> None:
    make_project(tmp_path)
    run_id = add_run(tmp_path, "timeless", epochs(loss=[0.5]))
    table = next(tmp_path.rglob("metrics.csv"))
    table.write_text(f"epoch,time,loss\n0,{time},0.5\n")

    (row,) = rows_in(tmp_path, run_id)[None]

    assert START_MS == row.time_ms


def test_rows_of_one_index_are_one_row(tmp_path: Path) -> None:
    make_project(tmp_path)
    table = [{"epoch": 3, "loss": 0.5}, {"epoch": 3, "val_acc": 0.9}, {"epoch": 3, "loss": 0.4}]
    run_id = add_run(tmp_path, "coalesced", table)

    (row,) = rows_in(tmp_path, run_id)[None]

    assert {"loss": 0.4, "val_acc": 0.9} == row.values


def test_a_further_process_leads_the_names_that_are_taken(tmp_path: Path) -> None:
    make_project(tmp_path)
    files = {"metrics.rank1.csv": table_bytes([{"epoch": 0, "loss": 0.7, "lag": 2.0}])}
    declared = {name: {"role": "metric"} for name in ("loss", "lag")}
    columns = {"epoch": {"role": "index"}, **declared}
    run_id = add_run(tmp_path, "ranks", epochs(loss=[0.5]), files=files, columns=columns)

    rows = rows_in(tmp_path, run_id)[None]

    assert [("loss", 0, 0.5), ("rank1/loss", 0, 0.7), ("lag", 0, 2.0)] == points(rows)


def test_executions_and_attempts_of_a_trial_are_series_of_their_own(tmp_path: Path) -> None:
    make_project(tmp_path)
    table = [
        {"trial_id": "00", "attempt": attempt, "execution": execution, "epoch": 0, "loss": loss}
        for attempt, execution, loss in [(1, 1, 9.0), (2, 1, 0.5), (2, 2, 0.6)]
    ]
    run_id = add_run(tmp_path, "sweep", table)

    rows = rows_in(tmp_path, run_id)["00"]

    told = [("loss", 0, 0.5), ("attempt2/execution2/loss", 0, 0.6)]
    assert [*told, ("attempt1/execution1/loss", 0, 9.0)] == points(rows)


def test_a_first_attempt_has_a_name_of_its_own_beside_the_second(tmp_path: Path) -> None:
    """Attempts are counted from 0; the last one keeps the metric's name."""
    make_project(tmp_path)
    table = [
        {"trial_id": "00", "attempt": attempt, "epoch": 0, "loss": loss}
        for attempt, loss in [(0, 9.0), (1, 0.5)]
    ]
    run_id = add_run(tmp_path, "again", table)

    rows = rows_in(tmp_path, run_id)["00"]

    assert [("loss", 0, 0.5), ("attempt0/loss", 0, 9.0)] == points(rows)


def test_rows_without_any_index_are_numbered() -> None:
    started = datetime(2026, 2, 1, tzinfo=UTC)
    about = ("id", None, None, None, None, None, None, None)
    values = [(*about, "loss", number, None) for number in (0.5, 0.4, 0.3)]

    rows = rows_of(values, started)[None]

    assert [("loss", 0, 0.5), ("loss", 1, 0.4), ("loss", 2, 0.3)] == points(rows)

"""Rows as they stand in metrics.csv."""

from __future__ import annotations

import itertools
import math
import re
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.columns import columns_of
from ledger.contract.metrics import encode_cell
from ledger.storage import files
from ledger.writer.home import Home
from ledger.writer.record_file import RecordFile
from ledger.writer.table import MetricsTable
from unit.writer.recording import read_record, read_rows, read_tables


if TYPE_CHECKING:
    from collections.abc import Callable


class Recorder:
    """A table in a folder of its own, with the record beside it and what it said."""

    def __init__(self, folder: Path, clock: Callable[[], float] | None = None) -> None:
        self.folder = folder
        self.said: list[tuple[str, str]] = []
        document = {
            "run_id": "r",
            "timestamp": {"start": "2026-02-01T16:30:00+00:00"},
            "git": {},
            "config": {},
            "data": None,
            "environment": {},
            "random": {},
            "metrics": {},
            "artifacts": {},
        }
        record = RecordFile(Home(folder), dict(document))
        record.create()
        seconds = itertools.count()
        self.table = MetricsTable(
            Home(folder),
            record,
            lambda key, line: self.said.append((key, line)),
            clock=clock or (lambda: float(next(seconds) * 100)),
        )

    def rows(self) -> list[dict[str, str]]:
        return read_rows(self.folder)

    def roles(self) -> dict[str, tuple[str, str | None]]:
        columns = columns_of(read_record(self.folder), [])
        return {name: (column.role, column.original) for name, column in columns.items()}


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path)


def test_a_row_has_its_index_then_time_then_metrics(recorder: Recorder) -> None:
    """``time`` is seconds since the start with three decimals."""
    recorder.table.append({"loss": 0.5, "epoch": 0})
    recorder.table.append({"loss": 0.25, "epoch": 1})
    lines = (recorder.folder / "metrics.csv").read_text().splitlines()
    assert "epoch,time,loss" == lines[0]
    assert all(re.fullmatch(r"[01],\d+\.\d{3},0\.\d+", line) for line in lines[1:])


def test_without_an_index_step_counts_the_rows(recorder: Recorder) -> None:
    for loss in (0.5, 0.25, 0.125):
        recorder.table.append({"loss": loss})
    assert [
        {"step": "0", "loss": "0.5"},
        {"step": "1", "loss": "0.25"},
        {"step": "2", "loss": "0.125"},
    ] == recorder.rows()


def test_columns_in_another_order_land_in_their_column(recorder: Recorder) -> None:
    recorder.table.append({"epoch": 0, "a": 1.0, "b": 2.0})
    recorder.table.append({"b": 4.0, "a": 3.0, "epoch": 1})
    recorder.table.append({"epoch": 2, "a": 5.0, "b": 6.0})
    expected = [(0, 1.0, 2.0), (1, 3.0, 4.0), (2, 5.0, 6.0)]
    assert expected == [(int(r["epoch"]), float(r["a"]), float(r["b"])) for r in recorder.rows()]


def test_a_missing_column_is_an_empty_cell(recorder: Recorder) -> None:
    recorder.table.append({"epoch": 0, "a": 1.0, "b": 2.0})
    recorder.table.append({"epoch": 1, "a": 3.0})
    recorder.table.append({"epoch": 2, "a": 5.0, "b": None})
    assert [{"epoch": "1", "a": "3.0"}, {"epoch": "2", "a": "5.0"}] == recorder.rows()[1:]


def test_booleans_texts_and_non_finite_numbers_have_their_own_spelling(recorder: Recorder) -> None:
    recorder.table.append(
        {"epoch": 0, "b": True, "t": "a,b", "n": math.nan, "i": math.inf, "m": -math.inf}
    )
    expected = {"epoch": "0", "b": "true", "t": "a,b", "n": "nan", "i": "inf", "m": "-inf"}
    assert [expected] == recorder.rows()
    assert ("meta", None) == recorder.roles()["t"]
    assert ("metric", None) == recorder.roles()["b"]


def test_numpy_never_leaks_its_repr_into_a_cell(recorder: Recorder) -> None:
    for epoch in range(3):
        recorder.table.append({"epoch": np.int64(epoch), "loss": np.float64(0.1)})
    assert b"np." not in (recorder.folder / "metrics.csv").read_bytes()
    assert [{"epoch": str(e), "loss": "0.1"} for e in range(3)] == recorder.rows()


def test_a_whole_float_is_an_epoch(recorder: Recorder) -> None:
    recorder.table.append({"epoch": 3.0, "loss": 1.0})
    recorder.table.append({"epoch": np.float32(4), "loss": 1.0})
    assert ["3", "4"] == [row["epoch"] for row in recorder.rows()]


@pytest.mark.parametrize("bad", [0.5, -1, math.nan, "three", True])
def test_what_is_no_epoch_is_a_metric_of_its_own_name(recorder: Recorder, bad: object) -> None:
    recorder.table.append({"epoch": bad, "loss": 1.0})
    column, cell = next((k, v) for k, v in recorder.rows()[0].items() if k.endswith(".epoch"))
    assert encode_cell(bad) == cell  # type: ignore[arg-type]  # each is a cell
    assert "epoch" == recorder.roles()[column][1]
    assert "0" == recorder.rows()[0]["step"]
    assert 1 == len(recorder.said)


def test_a_negative_epoch_after_good_ones_is_a_metric_too(recorder: Recorder) -> None:
    for epoch in (0, 1, -1):
        recorder.table.append({"epoch": epoch, "loss": 1.0})
    assert {"step": "2", "metric.epoch": "-1", "loss": "1.0"} == recorder.rows()[2]


def test_a_negative_step_is_not_dropped(recorder: Recorder) -> None:
    recorder.table.append({"step": -5, "loss": 1.0})
    assert [{"step": "0", "metric.step": "-5", "loss": "1.0"}] == recorder.rows()


@pytest.mark.parametrize("name", ["time", "trial_id", "attempt", "execution"])
def test_a_metric_with_a_reserved_name_is_kept_under_another(recorder: Recorder, name: str) -> None:
    for epoch in range(3):
        recorder.table.append({"epoch": epoch, name: 7.5})
    assert [{"epoch": str(e), f"metric.{name}": "7.5"} for e in range(3)] == recorder.rows()
    assert ("metric", name) == recorder.roles()[f"metric.{name}"]
    assert [f"name {name}"] == [key for key, _ in recorder.said]


def test_two_names_that_would_share_a_column_do_not(recorder: Recorder) -> None:
    recorder.table.append({"metric.epoch": 1.0, "epoch": 0.5})
    row = recorder.rows()[0]
    assert {"1.0", "0.5"} == {cell for name, cell in row.items() if name != "step"}


def test_an_epoch_that_comes_after_steps_is_an_index_of_its_own(recorder: Recorder) -> None:
    """Found by hypothesis: the third row took the short way and was given a step it never had."""
    for row in ({"loss": 1.0}, {"epoch": 0}, {"epoch": 0}, {"epoch": -1}):
        recorder.table.append(row)
    rows = recorder.rows()
    assert [{"epoch": "0"}, {"epoch": "0"}] == rows[1:3]
    assert {"step": "3", "metric.epoch": "-1"} == rows[3]


def test_a_metric_that_had_no_value_at_first_is_one_whatever_comes_after(
    recorder: Recorder,
) -> None:
    for epoch, loss in enumerate((None, 0.5, "text", 0.25)):
        recorder.table.append({"epoch": epoch, "loss": loss})
    assert ("metric", None) == recorder.roles()["loss"]
    assert [None, "0.5", None, "0.25"] == [row.get("loss") for row in recorder.rows()]
    assert ["text loss"] == [key for key, _ in recorder.said]


def test_no_index_is_not_a_metric(recorder: Recorder) -> None:
    recorder.table.append({"epoch": None, "loss": 1.0})
    assert [{"step": "0", "loss": "1.0"}] == recorder.rows()
    assert {"step", "time", "loss"} == set(recorder.roles())


def test_an_array_is_an_empty_cell_and_one_warning(recorder: Recorder) -> None:
    for epoch in range(3):
        recorder.table.append({"epoch": epoch, "loss": 1.0, "grid": np.zeros(3)})
    assert [{"epoch": str(e), "loss": "1.0"} for e in range(3)] == recorder.rows()
    assert {"value grid"} == {key for key, _ in recorder.said}


def test_huge_integers_never_lose_the_row(recorder: Recorder) -> None:
    for epoch, huge in enumerate((1, 10**30, 10**5000, 2)):
        recorder.table.append({"epoch": epoch, "n": huge})
    assert ["1", str(10**30), None, "2"] == [row.get("n") for row in recorder.rows()]


def test_a_new_column_widens_the_table_and_keeps_old_rows(recorder: Recorder) -> None:
    recorder.table.append({"epoch": 0, "loss": 1.0})
    recorder.table.append({"epoch": 1, "loss": 0.5, "val": 0.9})
    recorder.table.append({"epoch": 2, "loss": 0.25, "val": 0.8})
    (table,) = read_tables(recorder.folder)
    assert ("epoch", "time", "loss", "val") == table.header
    assert ["", "0.9", "0.8"] == [row[3] for row in table.rows]
    assert set(table.header) == set(recorder.roles())


def test_the_record_knows_a_column_before_a_table_shows_it(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    replace = files.replace_file

    def look(path: str, data: bytes, **options: bool) -> None:
        if path.endswith("metrics.csv"):
            seen.append("val" in recorder.roles())
        replace(path, data, **options)

    monkeypatch.setattr("ledger.writer.table.replace_file", look)
    recorder.table.append({"epoch": 0, "loss": 1.0})
    recorder.table.append({"epoch": 1, "val": 0.9})
    assert [True] == seen


def test_a_second_widening_within_ten_seconds_opens_a_further_table(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, clock=lambda: 0.0)
    recorder.table.append({"epoch": 0, "a": 1.0})
    recorder.table.append({"epoch": 1, "a": 1.0, "b": 2.0})
    recorder.table.append({"epoch": 2, "a": 1.0, "b": 2.0, "c": 3.0})
    recorder.table.append({"epoch": 3, "a": 1.0, "b": 2.0, "c": 3.0})
    assert ["metrics.csv", "metrics.2.csv"] == recorder.table.names
    first, second = read_tables(tmp_path)
    assert 2 == len(first.rows)
    assert ("epoch", "time", "a", "b", "c") == second.header
    assert 2 == len(second.rows)


def test_a_second_widening_later_rewrites(recorder: Recorder) -> None:
    for epoch, name in enumerate("abcd"):
        recorder.table.append({"epoch": epoch, name: 1.0})
    assert ["metrics.csv"] == recorder.table.names
    expected = [{"epoch": str(epoch), name: "1.0"} for epoch, name in enumerate("abcd")]
    assert expected == recorder.rows()


@pytest.mark.parametrize(
    "name",
    [
        "a,b",
        'say "loss"',
        "two\nlines",
        "back\\slash",
        "потеря",
        " padded ",
        "%s",
        "",
        "nul\0nul",
        "lone\ud800",
        "=1+1",
    ],
)
def test_any_name_is_a_column_that_reads_back(recorder: Recorder, name: str) -> None:
    for epoch in range(3):
        recorder.table.append({"epoch": epoch, name: 0.5, "loss": 1.0})
    (table,) = read_tables(recorder.folder)
    assert 4 == len(table.header)
    assert set(table.header) == set(recorder.roles())
    assert 3 == len([row for row in recorder.rows() if "0.5" in row.values()])
    assert all("1.0" == row["loss"] for row in recorder.rows())


@pytest.mark.parametrize("name", [0, None, ("val", "acc")])
def test_a_name_that_is_no_text_is_taken_as_text(recorder: Recorder, name: object) -> None:
    for epoch in range(2):
        recorder.table.append({"epoch": epoch, name: 0.5})  # type: ignore[dict-item]  # what careless callers do
    assert [{"epoch": str(e), str(name): "0.5"} for e in range(2)] == recorder.rows()


@pytest.mark.parametrize("text", ["two\nlines", "a\\nb", "\r", "lone\ud800", "nul\0", '"', ",", ""])
def test_any_text_is_a_cell_that_reads_back_or_is_marked(recorder: Recorder, text: str) -> None:
    recorder.table.append({"epoch": 0, "said": text, "loss": 1.0})
    legible = text.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")
    assert (legible or None) == recorder.rows()[0].get("said")


def test_text_in_a_metric_is_left_out_once_said(recorder: Recorder) -> None:
    recorder.table.append({"epoch": 0, "loss": 1.0})
    recorder.table.append({"epoch": 1, "loss": "diverged"})
    recorder.table.append({"epoch": 2, "loss": 0.5})
    assert ["1.0", None, "0.5"] == [row.get("loss") for row in recorder.rows()]
    assert ["text loss"] == [key for key, _ in recorder.said]


def test_a_column_that_begins_empty_takes_what_comes(recorder: Recorder) -> None:
    recorder.table.append({"epoch": 0, "phase": None})
    recorder.table.append({"epoch": 1, "phase": "warm"})
    assert "warm" == recorder.rows()[1].get("phase")
    assert "meta" == recorder.roles()["phase"][0]


def test_ten_thousand_rows_are_all_there(recorder: Recorder) -> None:
    for step in range(10_000):
        recorder.table.append({"step": step, "loss": 1 / (step + 1)})
    rows = recorder.rows()
    assert [(str(s), repr(1 / (s + 1))) for s in range(10_000)] == [
        (row["step"], row["loss"]) for row in rows
    ]


def test_rows_of_several_threads_are_whole(recorder: Recorder) -> None:
    def log(thread: int) -> None:
        for step in range(200):
            recorder.table.append({"step": step, f"loss_{thread % 2}": float(thread)})

    threads = [threading.Thread(target=log, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = recorder.rows()
    assert 1200 == len(rows)
    for thread in range(6):
        mine = [r["step"] for r in rows if r.get(f"loss_{thread % 2}") == str(float(thread))]
        assert [str(step) for step in range(200)] == mine


def test_a_closed_table_takes_no_row_and_makes_no_file(recorder: Recorder) -> None:
    recorder.table.append({"epoch": 0, "loss": 1.0})
    recorder.table.close()
    for row in ({"epoch": 1, "loss": 1.0}, {"epoch": 1, "other": 1.0}):
        with pytest.raises(OSError, match="closed"):
            recorder.table.append(row)
    assert ["metrics.csv", "run.json"] == sorted(path.name for path in recorder.folder.iterdir())
    assert 1 == len(recorder.rows())


NAMES = st.sampled_from(["loss", "val_acc", "lr", "a,b", 'q"', "n\nl", "é", "", "metric.x"])
VALUES = st.one_of(
    st.floats(), st.integers(-(10**20), 10**20), st.booleans(), st.none(), st.just(np.float64(0.1))
)
ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(0, 5)),
        st.dictionaries(NAMES, VALUES, max_size=4),
    ),
    max_size=25,
)


@given(rows=ROWS)
def test_what_is_logged_is_what_is_read(
    rows: list[tuple[int | None, dict[str, object]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(Path(folder))
        expected = []
        for place, (epoch, values) in enumerate(rows):
            index = {} if epoch is None else {"epoch": epoch}
            recorder.table.append({**index, **values})
            cells = {name: encode_cell(value) for name, value in values.items()}  # type: ignore[arg-type]  # cells
            where = {"step": str(place)} if epoch is None else {"epoch": str(epoch)}
            expected.append({**where, **{n: c for n, c in cells.items() if c}})
        originals = {n: original or n for n, (_, original) in recorder.roles().items()}
        # the empty name is the only one here that is written under another
        originals = {n: "" if n == "metric." else o for n, o in originals.items()}
        found = [{originals[n]: c for n, c in row.items()} for row in recorder.rows()]
        assert [encoded(row) for row in expected] == [encoded(row) for row in found]


def encoded(row: dict[str, str]) -> dict[str, str]:
    return {name: "0.1" if cell == "np.float64(0.1)" else cell for name, cell in row.items()}

"""Rows of trials that take the short way: they say the same as those that were planned."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.metrics import encode_cell, encode_row
from unit.writer.test_table import Recorder


if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

INDEX = ("trial_id", "attempt", "execution", "epoch")


def said(index: tuple[object, ...], *parts: Mapping[str, object]) -> dict[str, str]:
    """Return the cells of a row, by column, that are not empty."""
    cells = dict(zip(INDEX, index, strict=True)) | {k: v for part in parts for k, v in part.items()}
    shown = {name: encode_cell(cell) for name, cell in cells.items()}  # type: ignore[arg-type]  # cells
    return {name: cell for name, cell in shown.items() if cell}


def n_planned(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Return a list that grows with each line that did not take the short way."""
    lines: list[bytes] = []

    def see(cells: object) -> bytes:
        lines.append(encode_row(cells))  # type: ignore[arg-type]  # what it is called with
        return lines[-1]

    monkeypatch.setattr("ledger.writer.table.encode_row", see)
    return lines


def test_rows_that_log_the_same_metrics_are_planned_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned, table = n_planned(monkeypatch), Recorder(tmp_path).table
    rate = 0.1
    for trial_id in ("00", "01"):
        for execution in (0, 1):
            for epoch in range(20):
                index = (trial_id, 0, execution, epoch)
                table.append_trial(index, {"lr": rate, "opt": "a,b"}, {"loss": 1 / (epoch + 1)})
    assert len(planned) == 1 + 1  # the header, and the first row of all


def test_each_change_of_a_trial_is_seen(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    steps = [
        (("00", 0, 0, 0), {"lr": 0.1, "on": 1}, {"loss": 1.0, "acc": 0.5}),
        (("00", 0, 0, 1), {"lr": 0.1, "on": True}, {"loss": 0.5, "acc": 1}),
        (("00", 0, 0, 2), {"lr": 0.2, "on": True}, {"loss": math.nan, "acc": -math.inf}),
        (("00", 0, 0, 3), {"on": 0.2, "lr": True}, {"loss": -0.0, "acc": 1e300}),
        (("00", 0, 0, None), {"lr": 0.2}, {"loss": 0.25, "acc": 0.5}),
        (("00", 0, 1, 0), {"lr": 0.2}, {"acc": 0.25, "loss": 0.5}),
        (("00", 0, 1, 1), {"lr": 0.2}, {"loss": 0.25, "acc": 0.75}),
        (("00", 0, 1, 2), {"lr": 0.2}, {"acc": 0.5, "loss": 0.125}),
        (("00", 1, 1, 1), {"lr": 0.2}, {"loss": 0.5}),
        (("0", 1, 1, 2), {"lr": 0.2}, {"loss": 10**30}),
        (("0", 1, 1, 3), {"lr": 0.2}, {"loss": True}),
        (("0", 1, 1, 4), {"lr": 0.2, "late": "100%s"}, {"loss": 0.5}),
        (("0", 1, 1, 5), {"lr": 0.2, "late": "100%s"}, {"loss": np.float64(0.5)}),
        (("0", 1, 1, 6), {"lr": 0.2, "late": "100%s"}, {"loss": None}),
        (("0", 1, 1, 7), {"lr": 0.2, "late": "100%s"}, {"loss": 0.125}),
    ]
    for index, params, metrics in steps:
        recorder.table.append_trial(index, params, metrics)
    assert [said(*step) for step in steps] == recorder.rows()


def test_a_list_that_grows_is_written_as_it_is_now(tmp_path: Path) -> None:
    recorder, layers = Recorder(tmp_path), [8]
    for epoch in range(3):
        recorder.table.append_trial(("0", 0, 0, epoch), {"layers": layers}, {"loss": 1.0})
        layers.append(8)
    assert [row["layers"] for row in recorder.rows()] == ["[8]", "[8, 8]", "[8, 8, 8]"]


def test_a_number_too_long_to_be_written_leaves_its_cell_empty(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    for epoch, loss in enumerate((1, 2, 10**5000, 3)):
        recorder.table.append_trial(("0", 0, 0, epoch), {}, {"loss": loss})
    assert ["1", "2", None, "3"] == [row.get("loss") for row in recorder.rows()]


def test_a_text_after_numbers_is_left_out_and_the_column_stays_a_metric(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    for epoch, loss in enumerate((None, 0.5, "text", 0.25)):
        recorder.table.append_trial(("0", 0, 0, epoch), {}, {"loss": loss})
    assert [None, "0.5", None, "0.25"] == [row.get("loss") for row in recorder.rows()]
    assert ("metric", None) == recorder.roles()["loss"]


def test_rows_of_no_trial_in_between_widen_the_table(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.table.append_trial(("0", 0, 0, 0), {"lr": 1}, {"loss": 1.0})
    recorder.table.append({"epoch": 7, "test": 0.5})
    recorder.table.append_trial(("0", 0, 0, 1), {"lr": 1}, {"loss": 0.5})
    recorder.table.append({"epoch": 8, "test": 0.25})
    first, second, third, fourth = recorder.rows()
    assert (first["loss"], third["loss"]) == ("1.0", "0.5")
    assert [second, fourth] == [{"epoch": "7", "test": "0.5"}, {"epoch": "8", "test": "0.25"}]


PARAMS = st.dictionaries(
    st.sampled_from(["lr", "opt", "p,q", "%d", "é"]),
    st.one_of(
        st.sampled_from([0.1, 1, True, 0.0, -0.0, "sgd", "a,b", 'q"', "50%", "n\nl"]), st.none()
    ),
    max_size=3,
)
METRICS = st.dictionaries(
    st.sampled_from(["loss", "acc", "%r", "m,n"]),
    st.one_of(st.floats(), st.integers(-(10**20), 10**20), st.booleans(), st.none()),
    max_size=3,
)
EPOCHS = st.one_of(st.none(), st.integers(0, 9))
TRAININGS = st.tuples(
    st.tuples(st.sampled_from(["0", "00", "a%sb"]), st.integers(0, 1), st.integers(0, 1)),
    PARAMS,
    st.lists(st.tuples(EPOCHS, METRICS), max_size=4),
)


@given(trainings=st.lists(TRAININGS, max_size=6))
def test_what_is_logged_of_trials_is_what_is_read(
    trainings: list[tuple[tuple[str, int, int], dict[str, object], list[tuple[int | None, dict]]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(Path(folder))
        expected = []
        for place, params, rows in trainings:
            for epoch, metrics in rows:
                recorder.table.append_trial((*place, epoch), params, metrics)
                expected.append(said((*place, epoch), params, metrics))
        read = [{k: encode_cell(c) for k, c in row.items()} for row in recorder.rows()]
        assert expected == read

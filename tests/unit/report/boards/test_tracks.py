"""Rows as columns: one by one or many at once, with holes, NaN and rows that meet again."""

from __future__ import annotations

import json
import math
from array import array

from hypothesis import given
from hypothesis import strategies as st

from ledger.report.boards.tracks import MISSING, NOWHERE, Row, Series, Track


NUMBERS = st.floats(width=32) | st.just(math.nan)


def track_of(*rows: tuple[int, dict[str, float]], key: str = "0.0") -> Track:
    track = Track()
    for epoch, values in rows:
        track.training(key).add((epoch, NOWHERE), None, values)
    return track


def test_a_summary_is_over_finite_values_and_counts_the_others() -> None:
    track = track_of((0, {"a": 2.0}), (1, {"a": math.nan}), (2, {"a": 1.0}), (3, {"a": math.inf}))
    assert {"a": [1.0, 2, 2.0, 0, "inf", 4, 2]} == track.summary()


def test_a_metric_that_comes_late_has_holes_before() -> None:
    track = track_of((0, {"a": 2.0}), (1, {"a": 3.0, "b": 5.0}))
    assert [5.0, 1, 5.0, 1, 5.0, 1, 0] == track.summary()["b"]
    assert [{"k": "0.0", "x": [1], "y": [5.0]}] == track.curves("b", "epoch")


def test_rows_of_one_epoch_are_one_row_and_the_last_value_counts() -> None:
    track = track_of((0, {"a": 2.0}), (1, {"a": 3.0}), (1, {"b": 5.0}), (0, {"a": 7.0}))
    assert 2 == track.n_rows
    assert [{"k": "0.0", "x": [0, 1], "y": [7.0, 3.0]}] == track.curves("a", "epoch")


def test_nan_is_drawn_and_a_hole_is_not() -> None:
    track = track_of((0, {"a": math.nan}), (1, {"b": 1.0}), (2, {"a": 2.0}))
    assert [{"k": "0.0", "x": [0, 2], "y": ["nan", 2.0]}] == track.curves("a", "epoch")


def test_executions_are_curves_of_their_own_and_one_summary() -> None:
    track = track_of((0, {"a": 2.0}))
    track.training("0.1").add((0, NOWHERE), None, {"a": 1.0})
    assert ["0.0", "0.1"] == [each["k"] for each in track.curves("a", "epoch")]
    assert [1.0, 0, 2.0, 0, 1.0, 2, 0] == track.summary()["a"]


def test_a_curve_over_steps_or_seconds_leaves_out_rows_without() -> None:
    track = Track()
    track.training("0.0").add((0, NOWHERE), 1.5, {"a": 2.0})
    track.training("0.0").add((1, 40), None, {"a": 3.0})
    assert [{"k": "0.0", "x": [40], "y": [3.0]}] == track.curves("a", "step")
    assert [{"k": "0.0", "x": [1.5], "y": [2.0]}] == track.curves("a", "time")


def test_a_row_is_sent_with_what_json_can_hold() -> None:
    row = Row(candidate="00", series="0.0", at=(3, NOWHERE), time=None, values={"a": math.inf})
    assert {"id": "00", "k": "0.0", "e": 3, "s": None, "t": None, "m": {"a": "inf"}} == json.loads(
        json.dumps(row.to_json())
    )


@given(st.lists(NUMBERS, min_size=1, max_size=12), st.integers(0, 12))
def test_many_at_once_are_the_same_as_one_by_one(numbers: list[float], cut: int) -> None:
    one, many = Track(), Track()
    for epoch, number in enumerate(numbers):
        one.training("0").add((epoch, NOWHERE), None, {"a": number})
    for part in (range(len(numbers))[:cut], range(len(numbers))[cut:]):
        column = array("d", [numbers[epoch] for epoch in part])
        at = [(epoch, NOWHERE) for epoch in part]
        odd = [place for place, number in enumerate(column) if math.isnan(number)]
        assert many.training("0").extend(at, [MISSING] * len(at), {"a": column}, {"a": odd})
    assert repr(one.summary()) == repr(many.summary())
    assert repr(one.curves("a", "epoch")) == repr(many.curves("a", "epoch"))


def test_rows_that_meet_others_are_not_added_at_once() -> None:
    series = Series()
    series.add((3, NOWHERE), None, {"a": 1.0})
    assert not series.extend([(3, NOWHERE)], [MISSING], {"a": array("d", [2.0])}, {})
    assert [(0, 1.0)] == list(series.points("a"))

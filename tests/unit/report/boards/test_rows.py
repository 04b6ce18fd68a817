"""Rows that are added by whole columns are the same as rows that are added one by one."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.report.boards.rows import Plan, RowReader, number_in
from ledger.report.boards.tracks import Track


HEADER = ("trial_id", "epoch", "time", "loss", "acc", "lr")
CELLS = st.tuples(
    st.sampled_from(["a", "b"]),
    st.sampled_from(["", "0", "1", "2", "3", "4.0", "1e300", "x"]),
    st.sampled_from(["", "0.5", "2"]),
    st.sampled_from(["", "0.25", "nan", "-inf", "true", "7", "x"]),
    st.sampled_from(["", "1.5", "nan"]),
    st.sampled_from(["", "0.1"]),
)


def plan_of(*left_out: str) -> Plan:
    places = {name: place for place, name in enumerate(HEADER)}
    return Plan(
        index={each: places[each] for each in HEADER[:3] if each not in left_out},
        params=(("lr", places["lr"]),),
        metrics=(("loss", places["loss"]), ("acc", places["acc"])),
        number_of=number_in,
    )


def told(tracks: dict[str, Track]) -> str:
    return repr([
        (name, each.params, each.n_rows, [*each.series], sorted(each.summary().items()), *curves)
        for name, each in sorted(tracks.items())
        for curves in [[each.curves(m, x) for m in ("loss", "acc") for x in ("epoch", "time")]]
    ])  # fmt: skip


@settings(max_examples=40)
@given(
    st.lists(CELLS, max_size=14),
    st.lists(CELLS, max_size=6),
    st.sampled_from([(), ("trial_id",), ("epoch",), ("time",)]),
)
def test_columns_and_rows_come_to_the_same(
    first: list[tuple[str, ...]], second: list[tuple[str, ...]], left_out: tuple[str, ...]
) -> None:
    by_columns, by_rows = {}, {}
    for fills, tracks in ((True, by_columns), (False, by_rows)):
        reader = RowReader(plan_of(*left_out), "alone")
        for rows in (first, second):
            add = reader.fill if fills else reader.read
            add(rows, lambda name, kept=tracks: kept.setdefault(name, Track()))
    assert told(by_rows) == told(by_columns)


def test_epochs_that_begin_again_are_another_training() -> None:
    tracks: dict[str, Track] = {}
    rows = [("a", str(epoch), "", "1", "", "") for epoch in (0, 1, 2, 0, 1)]
    RowReader(plan_of()).fill(rows, lambda name: tracks.setdefault(name, Track()))
    assert {"0.0": 3, "0.1": 2} == {k: len(s.epochs) for k, s in tracks["a"].series.items()}

"""A thinned table says of extremes and of the last value what the whole one says."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.columns import Column
from ledger.contract.long_table import Index, LongTable
from ledger.contract.metrics import Table, decode_rows, decode_table, encode_row, summarise
from ledger.contract.thinning import Survey, thinned_lines
from ledger.errors import MalformedError


if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.contract.metrics import Cell, Summary

METRICS = ("loss", "acc")
COLUMNS = {name: Column(name=name, role="metric") for name in METRICS}
EXACT = ("last", "min", "min_at", "max", "max_at")


def pieces(data: bytes, n_lines: int) -> Iterator[bytes]:
    lines = data.splitlines(keepends=True)
    for start in range(0, len(lines), n_lines):
        yield b"".join(lines[start : start + n_lines])


def make_long(data: bytes, n_lines: int = 3, name: str = "metrics.csv") -> LongTable:
    header, _, rows = data.partition(b"\n")
    read = functools.partial(pieces, rows, n_lines)
    return LongTable(name=name, header=decode_table(header + b"\n").header, data=read)


def encode(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    return encode_row(header) + b"".join(map(encode_row, rows))


def summary_of(*tables: bytes) -> dict[str, Summary]:
    return summarise([decode_table(data) for data in tables], COLUMNS)


def survey(*tables: bytes, bucket_rows: int = 4, n_parts: int = 3) -> Survey:
    return Survey([make_long(data) for data in tables], METRICS, bucket_rows, n_parts)


def thin(data: bytes, keys: set[tuple[str, ...]]) -> bytes:
    table = make_long(data)
    return data.partition(b"\n")[0] + b"\n" + b"".join(thinned_lines(table, keys))


def exact(summary: dict[str, Summary]) -> dict[str, dict[str, str]]:
    """Return what must not change; as text, so that nan equals nan."""
    return {name: {key: repr(getattr(one, key)) for key in EXACT} for name, one in summary.items()}


NUMBERS = st.sampled_from(
    [None, 0.0, -0.0, 1.0, -1.0, 2.5, 1e300, float("nan"), float("inf"), float("-inf"), True, 3]
) | st.floats(allow_nan=False, width=32)
POSITIONS = st.integers(0, 12)
TRIALS = st.sampled_from(["00", "01", "é,x"])


@st.composite
def tables(draw: st.DrawFn) -> list[bytes]:
    """Draw tables of one run: in order or not, with rows that override, with or without trials."""
    index = draw(
        st.sampled_from(
            [("step",), ("epoch",), ("epoch", "step"), ("trial_id", "epoch"), ("trial_id",)]
        )
    )
    kinds = {"trial_id": TRIALS, "epoch": POSITIONS | st.none(), "step": POSITIONS | st.none()}
    cells = [kinds[name] if len(index) > 1 or name == "trial_id" else POSITIONS for name in index]
    rows = draw(st.lists(st.tuples(*cells, *(NUMBERS for _ in METRICS)), max_size=40))
    if draw(st.booleans()):
        rows = sorted(
            rows, key=lambda row: [(cell is not None, cell) for cell in row[: len(index)]]
        )
    cut = draw(st.integers(0, len(rows)))
    header = (*index, *METRICS)
    return [encode(header, part) for part in (rows[:cut], rows[cut:]) if part] or [
        encode(header, [])
    ]


@given(tables(), st.integers(1, 9), st.integers(1, 4))
def test_survey_sums_up_as_the_tables_do(data: list[bytes], bucket_rows: int, parts: int) -> None:
    seen = survey(*data, bucket_rows=bucket_rows, n_parts=parts)
    assert repr(summary_of(*data)) == repr(seen.summary())


@given(tables(), st.integers(1, 9))
def test_thinned_tables_keep_what_is_exact(data: list[bytes], bucket_rows: int) -> None:
    keys = survey(*data, bucket_rows=bucket_rows).keys()
    thinned = [thin(table, keys) for table in data]
    assert exact(summary_of(*data)) == exact(summary_of(*thinned))


@given(tables(), st.integers(1, 9))
def test_thinned_rows_are_some_of_the_rows_in_their_order(
    data: list[bytes], bucket_rows: int
) -> None:
    keys = survey(*data, bucket_rows=bucket_rows).keys()
    for table in data:
        header, *rows = table.splitlines()
        kept_header, *kept = thin(table, keys).splitlines()
        assert header == kept_header
        left = iter(rows)
        assert all(row in left for row in kept)


@given(tables())
def test_each_trial_keeps_what_is_exact(data: list[bytes]) -> None:
    keys = survey(*data, bucket_rows=100).keys()

    def by_trial(table: bytes) -> dict[str, Table]:
        decoded = decode_table(table)
        found: dict[str, list[list[str]]] = {}
        for row in decoded.rows:
            trial = row[0] if decoded.header[0] == "trial_id" else ""
            found.setdefault(trial, []).append(row)
        return {
            trial: Table(header=decoded.header, rows=rows, is_torn=False)
            for trial, rows in found.items()
        }

    before = [by_trial(table) for table in data]
    after = [by_trial(thin(table, keys)) for table in data]
    for trial in {trial for table in before for trial in table}:
        whole = summarise([table[trial] for table in before if trial in table], COLUMNS)
        left = summarise([table[trial] for table in after if trial in table], COLUMNS)
        assert exact(whole) == exact(left)


def test_size_follows_the_width_of_the_buckets() -> None:
    rows = [(step, 1.0 / (step + 1), (step * 7919) % 1000 / 1000) for step in range(10_000)]
    data = encode(("step", *METRICS), rows)
    for bucket_rows in (100, 1000, 10_000):
        keys = survey(data, bucket_rows=bucket_rows).keys()
        n_buckets = 10_000 // bucket_rows
        assert n_buckets <= len(keys) <= n_buckets * (2 + 2 * len(METRICS)) + 3 * len(METRICS)
        assert len(keys) == thin(data, keys).count(b"\n") - 1


def test_first_row_that_is_not_finite_is_kept_of_each_metric() -> None:
    rows = [(step, 1.0, 1.0) for step in range(50)]
    rows[20] = (20, float("nan"), 1.0)
    rows[23] = (23, float("nan"), float("-inf"))
    rows[24] = (24, float("inf"), 1.0)
    keys = survey(encode(("step", *METRICS), rows), bucket_rows=50).keys()
    assert {("", "20", "20"), ("", "23", "23")} <= keys
    assert ("", "24", "24") not in keys


def test_row_that_was_overridden_does_not_come_back() -> None:
    rows: list[tuple[Cell, ...]] = [(5, -100.0, None), (5, 1.0, None)]
    rows += [(step, 2.0 + step, 0.5) for step in range(6, 40)]
    data = encode(("step", *METRICS), rows)
    keys = survey(data, bucket_rows=100).keys()
    assert 1.0 == summary_of(thin(data, keys))["loss"].min


def test_an_index_that_comes_back_later_overrides_too() -> None:
    first = encode(("step", *METRICS), [(step, float(step), 0.1) for step in range(30)])
    again = encode(("step", *METRICS), [(0, 50.0, 0.2), (29, -5.0, None)])
    seen = survey(first, again)
    assert repr(summary_of(first, again)) == repr(seen.summary())
    assert (-5.0, 29, 50.0, 0) == tuple(
        getattr(seen.summary()["loss"], key) for key in ("min", "min_at", "max", "max_at")
    )


@pytest.mark.parametrize(
    ("rows", "line", "message"),
    [
        (b"0,1.0,1.0\n1,2.0\n", 3, "has 2 cells, the header has 3"),
        (b"0,1.0,1.0\n1,1.0,1.0\n2,1.0,1.0\n3,\xff,1\n", 5, "is not UTF-8"),
        (b"0,1.0,1.0\n1,1,1\n2,1,1\n<<<<<<< ours\n", 5, "holds a merge conflict marker"),
        (b'0,"1.0,1.0\n', 2, "is not quoted as CSV after 1 cells"),
    ],
)
def test_what_does_not_follow_the_format_is_named_with_its_line(
    rows: bytes, line: int, message: str
) -> None:
    with pytest.raises(MalformedError) as caught:
        survey(b"step,loss,acc\n" + rows)
    assert (line, message, "metrics.csv") == (
        caught.value.line,
        caught.value.message,
        caught.value.path,
    )


@pytest.mark.parametrize("cell", ["1-2", "x", "1_000", "NaN", "e5"])
def test_what_is_no_number_is_named_with_its_column(cell: str) -> None:
    with pytest.raises(MalformedError, match="is not a number") as caught:
        survey(f"step,loss,acc\n0,{cell},1\n".encode())
    assert "loss" == caught.value.field


def test_rows_of_a_part_are_those_of_the_whole() -> None:
    data = b'a,b\n1,"x,y"\n2,z\\n\n'
    assert decode_table(data).rows == decode_rows(data.partition(b"\n")[2], 2, 2)


def test_rows_without_a_number_of_their_own_have_no_order() -> None:
    index = Index(make_long(b"epoch,loss\n"))
    assert index.position(["x", "1"]) is None
    assert (3,) == index.position(["3", "1"])

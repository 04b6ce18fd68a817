"""metrics.csv: rows to bytes and back, and the summary of a run's metrics."""

from __future__ import annotations

import contextlib
import csv
import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.columns import Column, columns_of
from ledger.contract.metrics import (
    Summary,
    Table,
    curve,
    decode_table,
    encode_cell,
    encode_row,
    summarise,
    whole_lines,
)
from ledger.errors import MalformedError


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=10)
CELLS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
NAMES = TEXT.filter(bool)
LOSS = {"loss": Column(name="loss", role="metric")}


def shown(cell: object) -> str:
    """Return what a reader sees of ``cell``: the format's own words, not the encoder's."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return cell if isinstance(cell, str) else repr(cell)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[object]]]:
    header = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    row = st.lists(CELLS, min_size=len(header), max_size=len(header))
    return header, draw(st.lists(row, max_size=5))


def encoded(header: list[str], rows: list[list[object]]) -> bytes:
    return b"".join(map(encode_row, [header, *rows]))


def table(text: str) -> Table:
    return decode_table(text.encode())


def summary(text: str, name: str = "loss") -> Summary:
    return summarise([table(text)], {name: Column(name=name, role="metric")})[name]


# -- rows to bytes and back


@given(tables())
def test_rows_survive_the_file(made: tuple[list[str], list[list[object]]]) -> None:
    header, rows = made
    decoded = decode_table(encoded(header, rows))
    assert tuple(header) == decoded.header
    assert [[shown(cell) for cell in row] for row in rows] == decoded.rows
    assert not decoded.is_torn


@given(tables())
def test_file_cut_at_any_byte_gives_a_prefix_of_the_rows(
    made: tuple[list[str], list[list[object]]],
) -> None:
    header, rows = made
    data = encoded(header, rows)
    whole = [[shown(cell) for cell in row] for row in rows]
    for end in range(len(data) + 1):
        decoded = decode_table(data[:end])
        n_lines = data[:end].count(b"\n")
        assert (tuple(header) if n_lines else ()) == decoded.header
        assert whole[: max(0, n_lines - 1)] == decoded.rows
        assert (not data[:end].endswith(b"\n") and end > 0) == decoded.is_torn


@given(st.floats())
def test_floats_are_exact(number: float) -> None:
    cell = table(f"loss\n{encode_cell(number)}\n").rows[0][0]
    assert number == float(cell) or (math.isnan(number) and cell == "nan")


@given(st.lists(CELLS, min_size=1, max_size=5))
def test_a_row_is_one_line(cells: list[object]) -> None:
    line = encode_row(cells)
    assert line.endswith(b"\n")
    assert 1 == line.count(b"\n")
    assert b"\r" not in line


@given(st.lists(CELLS, min_size=2, max_size=5))
def test_any_csv_reader_finds_the_same_number_of_cells(cells: list[object]) -> None:
    text = encode_row(cells).decode()
    assert [len(cells)] == [len(row) for row in csv.reader(io.StringIO(text, newline=""))]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (0.1, "0.1"),
        (1e22, "1e+22"),
        (-0.0, "-0.0"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        ("00", "00"),
        ("a,b", '"a,b"'),
        ('say "x"', '"say ""x"""'),
        ("a\nb", "a\\nb"),
        ("a\r\nb", "a\\r\\nb"),
        ("C:\\new", "C:\\\\new"),
    ],
)
def test_cells_stand_as_the_format_says(cell: object, text: str) -> None:
    assert text == encode_cell(cell)


def test_number_types_of_array_libraries_are_written_as_plain_numbers() -> None:
    """numpy's float64 is a float whose repr is ``np.float64(0.5)``."""

    class Float64(float):
        def __repr__(self) -> str:
            return f"np.float64({float(self)!r})"

    class Level(int):
        def __repr__(self) -> str:
            return "<Level.HIGH: 3>"

    assert b"0.5,3\n" == encode_row([Float64(0.5), Level(3)])


def test_lone_surrogate_and_nul_do_not_make_the_table_unreadable() -> None:
    decoded = decode_table(encode_row(["tag"]) + encode_row(["a\ud800b"]) + encode_row(["a\0b"]))
    assert 2 == len(decoded.rows)


def test_empty_file_has_no_columns_and_no_rows() -> None:
    assert Table(header=(), rows=[], is_torn=False) == decode_table(b"")


def test_header_alone_has_no_rows() -> None:
    assert Table(header=("epoch", "loss"), rows=[], is_torn=False) == table("epoch,loss\n")


def test_unfinished_header_does_not_exist_yet() -> None:
    assert Table(header=(), rows=[], is_torn=True) == table("epoch,lo")


def test_cut_number_is_never_read() -> None:
    assert [["0", "0.5"]] == table("epoch,loss\n0,0.5\n1,0.0").rows


def test_blank_line_in_a_table_of_one_column_is_a_missing_cell() -> None:
    assert [["1"], [""], ['"']] == table('loss\n1\n\n""""\n').rows


def test_separators_of_unicode_do_not_end_a_line() -> None:
    assert [["a\u2028b\x0bc\x85d", "1"]] == table("tag,loss\na\u2028b\x0bc\x85d,1\n").rows


def test_foreign_line_ends_are_not_part_of_the_last_cell() -> None:
    decoded = table("epoch,loss\r\n0,0.5\r\n")
    assert ("epoch", "loss") == decoded.header
    assert [["0", "0.5"]] == decoded.rows


def test_whole_lines_end_at_the_last_newline() -> None:
    assert b"a\nb\n" == whole_lines(b"a\nb\nc")
    assert b"" == whole_lines(b"abc")


@pytest.mark.parametrize(
    ("data", "line"),
    [
        pytest.param(b"epoch,loss\n0,0.5\n1\n", 3, id="too-few-cells"),
        pytest.param(b"epoch,loss\n0,0.5,1\n", 2, id="too-many-cells"),
        pytest.param(b'epoch,loss\n0,"0.5"\n1,2,3\n', 3, id="too-many-cells-beside-quotes"),
        pytest.param(b"epoch,loss\n0,0.5\n\n", 3, id="blank-line"),
        pytest.param(b'tag,loss\n"a",1\n\n', 3, id="blank-line-beside-quotes"),
        pytest.param(b"epoch,epoch\n", 1, id="column-twice"),
        pytest.param(b"epoch,\n", 1, id="column-without-name"),
        pytest.param(b"\n", 1, id="empty-header"),
        pytest.param(b"epoch,loss\n0,\xff\n", 2, id="not-utf-8"),
        pytest.param(b"epoch,loss\n0,1\n1,\x00\n", 3, id="nul"),
        pytest.param(b'tag,loss\n"a,1\n', 2, id="quote-never-closed"),
        pytest.param(b'tag,loss\n"a\nb",1\n', 2, id="line-break-in-a-cell"),
        pytest.param(b'tag,loss\nx,1\n"a"b,1\n', 3, id="text-after-a-quote"),
        pytest.param(b"tag,loss\nx\ry,1\n", 2, id="carriage-return-in-a-cell"),
        pytest.param(b"epoch,loss\n<<<<<<< HEAD\n0,1\n", 2, id="conflict"),
        pytest.param(b"<<<<<<< HEAD\nepoch,loss\n", 1, id="conflict-first"),
        pytest.param(b"epoch,loss\n0,1\n=======\n0,2\n>>>>>>> b\n", 3, id="conflict-middle"),
    ],
)
def test_malformed_line_is_named(data: bytes, line: int) -> None:
    with pytest.raises(MalformedError) as caught:
        decode_table(data)
    assert line == caught.value.line


def test_long_quoted_cell_is_read() -> None:
    text = "x" * 200_000 + '"'
    assert [[text]] == decode_table(encode_row(["tag"]) + encode_row([text])).rows


# -- summary


def test_summary_holds_last_extremes_and_where_they_are() -> None:
    assert Summary(last=0.4, min=0.3, min_at=2, max=0.9, max_at=1, n=3, n_nonfinite=0) == summary(
        "epoch,loss\n1,0.9\n2,0.3\n3,0.4\n"
    )


def test_extremes_are_over_finite_values_and_last_is_not() -> None:
    found = summary("epoch,loss\n0,-inf\n1,2\n2,inf\n3,nan\n")
    assert math.isnan(found.last)
    assert (2.0, 1, 2.0, 1) == (found.min, found.min_at, found.max, found.max_at)
    assert (4, 3) == (found.n, found.n_nonfinite)
    assert "nan" == found.to_json()["last"]


def test_metric_without_a_finite_value_has_no_extremes() -> None:
    assert {
        "last": "inf",
        "min": None,
        "min_at": None,
        "max": None,
        "max_at": None,
        "n": 1,
        "n_nonfinite": 1,
    } == summary("epoch,loss\n0,inf\n").to_json()


def test_metric_without_a_value_has_no_summary() -> None:
    assert {} == summarise([table("epoch,loss\n0,\n")], LOSS)
    assert {} == summarise([table("epoch\n0\n")], LOSS)
    assert {} == summarise([], LOSS)


def test_only_metrics_are_summarised() -> None:
    columns = {
        "epoch": Column(name="epoch", role="index"),
        "lr": Column(name="lr", role="param"),
        "tag": Column(name="tag", role="meta"),
    } | LOSS
    assert ["loss"] == list(summarise([table("epoch,lr,tag,loss\n0,0.1,x,1\n")], columns))


def test_rows_of_one_index_are_one_row_and_the_last_cell_counts() -> None:
    found = summary("epoch,loss,acc\n0,5,\n0,,0.1\n0,3,\n1,4,0.2\n")
    assert (3.0, 0, 4.0, 1, 2) == (found.min, found.min_at, found.max, found.max_at, found.n)


def test_rows_of_one_index_are_one_row_across_tables() -> None:
    """A further table continues the first where widening would rewrite too much."""
    first, second = table("epoch,loss\n0,5\n1,4\n"), table("epoch,loss,acc\n1,3,0.5\n2,2,\n")
    found = summarise([first, second], LOSS)["loss"]
    assert (3, 2.0, 2, 5.0, 0) == (found.n, found.min, found.min_at, found.max, found.max_at)


def test_trials_are_told_apart() -> None:
    text = "trial_id,attempt,execution,epoch,loss\n00,0,0,0,5\n01,0,0,0,4\n01,0,1,0,3\n01,1,0,0,6\n"
    assert 4 == summary(text).n


def test_ties_go_to_the_first_row() -> None:
    found = summary("epoch,loss\n0,2\n1,1\n2,1\n3,2\n")
    assert (1, 0) == (found.min_at, found.max_at)


def test_position_is_the_epoch_and_else_the_step() -> None:
    assert 7 == summary("epoch,step,loss\n7,700,1\n").min_at
    assert 700 == summary("step,loss\n700,1\n").min_at
    assert 700 == summary("epoch,step,loss\n,700,1\n7,800,2\n").min_at


def test_trial_id_is_text_and_never_a_position() -> None:
    assert summary("trial_id,loss\n07,1\n").min_at is None


@pytest.mark.parametrize("epoch", ["²", "--5", "1.5", "x", "9" * 5000])
def test_epoch_that_is_no_whole_number_is_no_position(epoch: str) -> None:
    assert summary(f"epoch,loss\n{epoch},1\n").min_at is None


def test_rows_without_any_index_are_numbered() -> None:
    assert 1 == summary("loss\n2\n1\n").min_at


def test_booleans_are_numbers() -> None:
    found = summary("epoch,loss\n0,true\n1,false\n")
    assert (0.0, 0.0, 1.0) == (found.last, found.min, found.max)


@pytest.mark.parametrize(
    "cell",
    ["1_000", " 1", "1 ", "\t1", "+1", "1x", "NaN", "Infinity", "-nan", "infinity", "0x1",
     "١", "1e", "e5", ".", "-", "TRUE", "\u00a01"],
)  # fmt: skip
@pytest.mark.parametrize("other", ["1.0", "nan"])
def test_number_the_format_does_not_know_is_malformed(cell: str, other: str) -> None:
    """Python's float() takes some of them; another reader would not, or reads another value."""
    with pytest.raises(MalformedError) as caught:
        summary(f"epoch,loss\n0,{other}\n1,{cell}\n")
    assert "loss" == caught.value.field


@pytest.mark.parametrize("cell", ["1", "-1", "0.5", "1e-05", "1e+22", "1E5", "nan", "inf", "-inf"])
def test_numbers_of_the_format_are_read(cell: str) -> None:
    assert repr(float(cell)) == repr(summary(f"epoch,loss\n0,{cell}\n").last)


@given(st.lists(st.none() | st.floats() | st.integers(-5, 5), max_size=12))
def test_summary_is_what_the_rows_say(cells: list[float | None]) -> None:
    data = encoded(["epoch", "loss"], [[epoch, cell] for epoch, cell in enumerate(cells)])
    found = summarise([decode_table(data)], LOSS).get("loss")
    there = [(epoch, float(cell)) for epoch, cell in enumerate(cells) if cell is not None]
    finite = [(number, epoch) for epoch, number in there if math.isfinite(number)]
    if not there:
        assert found is None
        return
    assert found is not None
    assert repr(there[-1][1]) == repr(found.last)
    assert (len(there), len(there) - len(finite)) == (found.n, found.n_nonfinite)
    low = min(finite, key=lambda pair: pair[0], default=(None, None))
    high = max(finite, key=lambda pair: pair[0], default=(None, None))
    assert (*low, *high) == (found.min, found.min_at, found.max, found.max_at)


def test_text_columns_of_a_record_without_columns_are_no_metrics() -> None:
    """Of a hand-written record all other *numeric* columns are metrics."""
    made = table("epoch,comment,loss\n0,good,1\n1,,2\n")
    columns = columns_of({"config": {}}, made.header)
    assert ["loss"] == list(summarise([made], columns))


def test_names_that_need_escaping_are_found_again() -> None:
    name = 'a\\n"b",\nc'
    data = encode_row(["epoch", name]) + encode_row([0, 0.5])
    assert (
        0.5 == summarise([decode_table(data)], {name: Column(name=name, role="metric")})[name].last
    )


# -- curve


def test_curve_is_position_and_value_in_row_order() -> None:
    made = table("epoch,loss\n2,0.5\n0,\n1,nan\n2,0.25\n")
    points = curve([made], "loss")
    assert [2, 1] == [at for at, _ in points]
    assert 0.25 == points[0][1]
    assert math.isnan(points[1][1])


def test_curve_of_an_unknown_metric_is_empty() -> None:
    assert [] == curve([table("epoch,loss\n0,1\n")], "acc")


# -- bytes of somebody else


@given(
    st.binary(max_size=40)
    | st.lists(
        st.sampled_from(
            [b"a", b"1", b",", b'"', b"\n", b"\r", b"\\", b"\xff", b"\0", b"nan", b"<<<<<<< "]
        ),
        max_size=14,
    ).map(b"".join)
)
def test_any_bytes_are_a_table_or_malformed(data: bytes) -> None:
    """A bug report instead of a finding would let a hook pass or block without a reason."""
    try:
        decoded = decode_table(data)
    except MalformedError:
        return
    assert all(len(row) == len(decoded.header) for row in decoded.rows)
    columns = {name: Column(name=name, role="metric") for name in decoded.header}
    with contextlib.suppress(MalformedError):
        summarise([decoded], columns)

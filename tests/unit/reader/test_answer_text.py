"""Cells, tables and curves as text: safe on a terminal, and never one value for another."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.reader.text import (
    ASCII_BLOCKS,
    BLOCKS,
    Grid,
    display_width,
    escape_json,
    json_text,
    plain_lines,
    printable,
    sparkline,
)


JSON_LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("größe 数据 🎉", "größe 数据 🎉"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2066a\u2069\u200b\ufeff", "\\u2066a\\u2069\\u200b\\ufeff"),
        ("\x7f\x9b31m", "\\x7f\\x9b31m"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(text: str, expected: str) -> None:
    assert printable(text) == expected


@given(st.text())
def test_printable_text_can_be_printed_and_stays(text: str) -> None:
    shown = printable(text)

    shown.encode("utf-8")
    assert "\x1b" not in shown
    assert "\n" not in shown
    assert printable(shown) == shown


@given(st.dictionaries(st.text(), st.text()))
def test_escaped_json_means_the_same(document: dict[str, str]) -> None:
    text = escape_json(json.dumps(document, ensure_ascii=False, indent=2))

    assert json.loads(text) == document
    assert "\x7f" not in text
    assert "\u202e" not in text


@given(JSON_LEAVES, JSON_LEAVES)
def test_different_values_have_different_cells(one: object, other: object) -> None:
    if json.dumps(one) != json.dumps(other):
        cells = [json_text(one), json_text(other)]  # type: ignore[arg-type]
        assert repr(cells[0]) != repr(cells[1])


def test_a_table_aligns_numbers_right_and_wide_letters_by_their_width() -> None:
    grid = Grid(header=("run", "acc"), rows=(("数据", 0.5), ("a", 10), ("b", None)))

    assert plain_lines(grid) == ["run   acc", "数据  0.5", "a      10", "b"]


def test_a_table_without_rows_is_its_header() -> None:
    assert plain_lines(Grid(header=("a", "b"), rows=())) == ["a  b"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], ""),
        ([1.0], "▄"),
        ([1.0, 1.0], "▄▄"),
        ([0, 1, 2, 3, 4, 5, 6, 7], BLOCKS),
        ([0.0, math.nan, 1.0], "▁ █"),
        ([math.nan, math.inf, None], "   "),
        ([-1e308, 1e308], "▁█"),
        ([0.0, 5e-324], "▁▁"),
    ],
)
def test_sparklines(values: list[float | None], expected: str) -> None:
    assert sparkline(values) == expected


@given(st.lists(st.floats(), max_size=200), st.integers(1, 60))
def test_a_sparkline_is_at_most_as_wide_as_asked(values: list[float], width: int) -> None:
    line = sparkline(values, width=width, blocks=ASCII_BLOCKS)

    assert len(line) == min(len(values), width)
    assert set(line) <= {*ASCII_BLOCKS, " "}


def test_widths_count_what_a_terminal_shows() -> None:
    assert [display_width(text) for text in ("ab", "数", "e\u0301", "█")] == [2, 2, 1, 1]

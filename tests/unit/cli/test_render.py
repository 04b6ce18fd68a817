"""How tables fit a terminal, and what spreadsheets and Markdown get."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from ledger.cli.render import csv_text, fitted_lines, markdown_text, tell
from ledger.reader.text import Grid, display_width


if TYPE_CHECKING:
    import pytest

    from ledger.reader.text import Cell

CELLS = st.text(max_size=30) | st.floats() | st.integers() | st.none() | st.booleans()


@given(
    st.integers(1, 8).flatmap(
        lambda n: st.lists(
            st.lists(CELLS, min_size=n, max_size=n).map(tuple), min_size=1, max_size=4
        )
    ),
    st.integers(45, 120),
)
def test_a_fitted_table_is_no_wider_than_the_terminal(
    rows: list[tuple[Cell, ...]], width: int
) -> None:
    """From 45 columns on: three columns of 12, and numbers, always have room."""
    grid = Grid(header=tuple(f"c{place}" for place in range(len(rows[0]))), rows=tuple(rows))

    lines, n_dropped = fitted_lines(grid, width, is_coloured=False)

    assert all(display_width(line) <= width for line in lines)
    assert 0 <= n_dropped < len(grid.header)


def test_colour_marks_a_status_and_nothing_else() -> None:
    grid = Grid(header=("run", "status"), rows=(("a", "failed"), ("failed_once", "finished")))

    lines, _ = fitted_lines(grid, 80, is_coloured=True)

    assert lines[1] == "a            \x1b[31mfailed  \x1b[0m"
    assert lines[2] == "failed_once  finished"


def test_csv_keeps_floats_exact_and_disarms_formulas(capsys: pytest.CaptureFixture[str]) -> None:
    cells = (0.1 + 0.2, math.nan, None, True, "=SUM(A1)", "-5", "-x", "@a", 'say "hi", you', "a\nb")

    print(csv_text(Grid(header=tuple("abcdefghij"), rows=(cells,))))

    assert capsys.readouterr().out.splitlines()[1] == (
        '0.30000000000000004,nan,,true,\'=SUM(A1),-5,\'-x,\'@a,"say ""hi"", you",a\\nb'
    )


def test_markdown_escapes_what_would_break_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    print(markdown_text([Grid(header=("a|b", "n"), rows=(("<b>`x`|", 1.5),))]))

    assert capsys.readouterr().out == "| a\\|b | n |\n| --- | ---: |\n| \\<b>\\`x\\`\\| | 1.5 |\n"


def test_narration_is_safe_and_keeps_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    tell("one\ntwo \x1b[31m")

    assert capsys.readouterr().err == "one\ntwo \\x1b[31m\n"

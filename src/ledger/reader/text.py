"""Values as text that is safe on a terminal: cells, tables, sparklines, widths."""

from __future__ import annotations

import json
import math
import re
from itertools import pairwise

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeAlias

    from ledger.contract.json_text import Json

    Cell: TypeAlias = str | float | bool | None

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII_BLOCKS = "_.-~=+*#"
GAP = " "
MISSING = "N/A"
"""A cell of what one side does not have; text that says the same is quoted."""
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ud800-\udfff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_READS_AS_VALUE = re.compile(
    r"true|false|null|[+-]?[0-9]*\.?[0-9]+([eE][+-]?[0-9]+)?|[+-]?[0-9]+\."
)


@value
class Grid:
    """A table for people: ``rows``: (n_rows, n_columns) cells; numbers are right-aligned."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str | None = None
    """A line above it, None for none."""


def printable(text: str) -> str:
    """Return ``text`` with everything escaped that a terminal would obey or hide.

    Control characters, bidirectional overrides, zero-width and unpaired surrogates: any text
    from a file may hold them, and would move the cursor, recolour or reorder what is read.
    """
    if text.isascii() and text.isprintable():
        return text
    return _INVISIBLE.sub(_escape, text)


def escape_json(text: str) -> str:
    r"""Return JSON ``text`` with the same characters as ``\uXXXX``; it still means the same."""
    return _INVISIBLE.sub(_json_escape, text)


def display_width(text: str) -> int:
    """Return how many terminal columns ``text`` takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415  # only for the few

    return sum(
        0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text
    )


def number_text(number: float | None) -> str:
    """Return ``number`` for people: six significant digits, integers whole, "" for None."""
    if number is None:
        return ""
    if isinstance(number, int):
        return str(number) if abs(number) < 10**30 else f"{str(number)[:12]}…"
    return f"{number:.6g}"


def cell_text(cell: Cell) -> str:
    """Return ``cell`` for people, safe to print."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return printable(cell) if isinstance(cell, str) else number_text(cell)


def json_text(item: Json) -> str | float:
    """Return the JSON value ``item`` as a cell; text that reads as another value is quoted.

    ``"0.01"`` and 0.01, ``"true"`` and true, the text ``N/A`` and a missing value stay apart.
    """
    if isinstance(item, int | float) and not isinstance(item, bool):
        return item
    if not isinstance(item, str):
        return json.dumps(item, ensure_ascii=False, sort_keys=True)
    plain = (
        item.strip() == item and item not in {"", MISSING} and not item.startswith(('"', "[", "{"))
    )
    return (
        item
        if plain and not _READS_AS_VALUE.fullmatch(item)
        else json.dumps(item, ensure_ascii=False)
    )


def is_number(cell: Cell) -> bool:
    """Whether ``cell`` is a number, which tables align to the right."""
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def plain_lines(grid: Grid) -> list[str]:
    """Return ``grid`` as lines of plain text, columns two blanks apart, never cut."""
    texts = [[cell_text(cell) for cell in row] for row in grid.rows]
    rights = right_aligned(grid)
    widths = [
        max(display_width(text) for text in column)
        for column in zip(grid.header, *texts, strict=True)
    ]
    title = [grid.title] if grid.title else []
    return title + [join_cells(row, widths, rights) for row in ([*grid.header], *texts)]


def right_aligned(grid: Grid) -> list[bool]:
    """Return for each column whether its cells are numbers or nothing, at least one a number."""
    columns = zip(*grid.rows, strict=True) if grid.rows else ((),) * len(grid.header)
    return [
        any(map(is_number, column))
        and all(cell is None or cell in {"", MISSING} or is_number(cell) for cell in column)
        for column in columns
    ]


def join_cells(cells: Sequence[str], widths: Sequence[int], rights: Sequence[bool]) -> str:
    """Return one line of a table; trailing blanks are left out."""
    return "  ".join(pad_cells(cells, widths, rights)).rstrip()


def pad_cells(cells: Sequence[str], widths: Sequence[int], rights: Sequence[bool]) -> list[str]:
    """Return ``cells`` filled with blanks to ``widths``, on the left where ``rights``."""
    blanks = (
        " " * (width - display_width(text)) for text, width in zip(cells, widths, strict=True)
    )
    return [
        blank + text if right else text + blank
        for blank, text, right in zip(blanks, cells, rights, strict=True)
    ]


def sparkline(values: Iterable[float | None], *, width: int = 40, blocks: str = BLOCKS) -> str:
    """Return ``values`` as one line of blocks, lowest to highest; a gap where none is finite.

    Args:
        values: (n,) in row order; None and non-finite ones are gaps.
        width: at most so many characters; neighbours are averaged where there are more values.
        blocks: the characters from low to high.
    """
    points = _average([_finite(item) for item in values], width)
    found = [point for point in points if point is not None]
    if not found:
        return GAP * len(points)
    low, high = min(found), max(found)
    return "".join(GAP if point is None else _block(point, low, high, blocks) for point in points)


def _average(points: list[float | None], width: int) -> list[float | None]:
    if len(points) <= width:
        return points
    edges = [place * len(points) // width for place in range(width + 1)]
    averaged: list[float | None] = []
    for start, end in pairwise(edges):
        found = [point for point in points[start:end] if point is not None]
        averaged.append(sum(point / len(found) for point in found) if found else None)
    return averaged


def _block(point: float, low: float, high: float, blocks: str) -> str:
    top = len(blocks) - 1
    if high == low:
        return blocks[top // 2]
    # halves, because the difference of two large floats may be infinite
    share = (point / 2 - low / 2) / (high / 2 - low / 2) if high / 2 != low / 2 else 0.0
    return blocks[min(top, max(0, round(share * top)))]


def _finite(item: float | None) -> float | None:
    return item if item is not None and math.isfinite(item) else None


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char)
    code = ord(char)
    return named or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")  # noqa: PLR2004  # one byte


def _json_escape(found: re.Match[str]) -> str:
    if found[0] == "\n":  # between the lines of the document; inside a string it is escaped already
        return "\n"
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))

"""The only module that prints: data to stdout, everything else to stderr."""

from __future__ import annotations

import os
import sys

from ledger.reader.text import (
    ASCII_BLOCKS,
    BLOCKS,
    cell_text,
    display_width,
    escape_json,
    is_number,
    pad_cells,
    plain_lines,
    printable,
    right_aligned,
)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from ledger.contract.json_text import Json
    from ledger.reader.text import Cell, Grid

_STYLES = {
    "failed": "31",
    "crashed": "31",
    "worse": "31",
    "interrupted": "33",
    "unfilled": "33",
    "missing": "33",
    "running": "36",
    "better": "32",
}
_BOLD = "1"
_LONG_CELL = 40
_SHORT_CELL = 12
_KEPT_COLUMNS = 3
_FORMULA_SIGNS = ("=", "+", "-", "@")


def put(text: str) -> None:
    """Write ``text``, an answer, to stdout with a final newline."""
    try:
        _write(text, sys.stdout)
    except BrokenPipeError:  # `ledger ls | head`: whoever read has seen enough
        abandon_stdout()


def tell(text: str) -> None:
    """Write ``text``, narration, to stderr with a final newline; made safe for a terminal."""
    _write("\n".join(map(printable, text.split("\n"))), sys.stderr)


def put_bytes(data: bytes) -> None:
    """Write ``data``, an answer that is no text, to stdout."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        abandon_stdout()


def json_document(document: Json) -> str:
    """Return ``document`` as one JSON object, safe for a terminal."""
    import json  # only for this format

    return escape_json(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


def put_json(document: Json) -> None:
    """Write ``document`` to stdout as one JSON object."""
    put(json_document(document))


def json_rows(grid: Grid) -> list[Json]:
    """Return the rows of ``grid`` as objects; non-finite numbers are "nan", "inf", "-inf"."""
    from ledger.contract.json_text import encode_number  # only for this format

    def plain(cell: Cell) -> Json:
        return encode_number(cell) if isinstance(cell, float) else cell

    return [
        {name: plain(cell) for name, cell in zip(grid.header, row, strict=True)}
        for row in grid.rows
    ]


def csv_text(grid: Grid) -> str:
    """Return ``grid`` as CSV: floats exact, missing cells empty.

    A text cell that a spreadsheet would run as a formula gets a leading apostrophe.
    """
    import csv  # only for this format
    import io

    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow([_csv_cell(name) for name in grid.header])
    writer.writerows([_csv_cell(cell) for cell in row] for row in grid.rows)
    return lines.getvalue().removesuffix("\n")


def markdown_text(grids: Sequence[Grid]) -> str:
    """Return ``grids`` as Markdown tables with a blank line between."""
    return "\n\n".join("\n".join(_markdown_lines(grid)) for grid in grids)


def tables_text(grids: Sequence[Grid]) -> str:
    """Return ``grids`` as plain text, a blank line between; nothing is cut."""
    return "\n\n".join("\n".join(plain_lines(grid)) for grid in grids)


def put_tables(grids: Sequence[Grid]) -> None:
    """Write ``grids`` to stdout as text, a blank line between.

    On a terminal they fit its width, the columns that do not are left out with a word; anywhere
    else nothing is cut and nothing coloured.
    """
    if not sys.stdout.isatty():
        put(tables_text(grids))
        return
    import shutil  # only on a terminal

    width = shutil.get_terminal_size().columns
    parts, n_dropped = [], 0
    for grid in grids:
        lines, dropped = fitted_lines(grid, width, is_coloured=_is_coloured())
        parts.append("\n".join(lines))
        n_dropped += dropped
    put("\n\n".join(parts))
    if n_dropped:
        tell(f"{n_dropped} columns do not fit; widen the terminal or use --format csv")


def fitted_lines(grid: Grid, width: int, *, is_coloured: bool) -> tuple[list[str], int]:
    """Return ``grid`` as lines of at most ``width`` columns, and how many columns were left out."""
    texts = [list(grid.header), *([cell_text(cell) for cell in row] for row in grid.rows)]
    rights = right_aligned(grid)
    widths = [max(map(display_width, column)) for column in zip(*texts, strict=True)]
    fitted = _fit(widths, rights, width)
    lines = []
    for place, row in enumerate(texts):
        cells = [_cut(text, size) for text, size in zip(row, fitted, strict=False)]
        padded = pad_cells(cells, fitted, rights[: len(fitted)])
        if is_coloured and place > 0:
            padded = [_paint(text, cell) for text, cell in zip(padded, cells, strict=True)]
        line = "  ".join(padded).rstrip()
        lines.append(f"\x1b[{_BOLD}m{line}\x1b[0m" if is_coloured and place == 0 else line)
    return lines, len(widths) - len(fitted)


def curve_blocks() -> str:
    """Return the characters of curves that stdout's encoding can carry."""
    try:
        BLOCKS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII_BLOCKS
    return BLOCKS


def abandon_stdout() -> None:
    """Give up a stdout whose reader has gone, so that the interpreter's exit is silent too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write(text: str, stream: TextIO) -> None:
    encoding = stream.encoding or "utf-8"
    # an encoding that lacks a character must not turn an answer into a failure, and a reader that
    # has gone is noticed now, not when the interpreter exits
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)


def _is_coloured() -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _csv_cell(cell: Cell) -> str:
    if is_number(cell):
        return repr(cell)
    text = cell_text(cell)
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) and not _reads_as_number(text) else text


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _markdown_lines(grid: Grid) -> list[str]:
    rules = ["---:" if right else "---" for right in right_aligned(grid)]
    rows = [[_markdown_cell(cell) for cell in row] for row in (grid.header, *grid.rows)]
    body = ["| " + " | ".join(cells) + " |" for cells in (rows[0], rules, *rows[1:])]
    return [f"**{_markdown_cell(grid.title)}**", "", *body] if grid.title else body


def _markdown_cell(cell: Cell) -> str:
    text = cell_text(cell)
    return "".join(f"\\{char}" if char in "\\|<`[*" else char for char in text)


def _fit(widths: Sequence[int], rights: Sequence[bool], total: int) -> list[int]:
    """Return the widths of the columns that stay: long cells are cut first, then columns go."""
    fitted = list(widths)
    for place in range(_KEPT_COLUMNS, len(fitted)):
        if _needed(fitted) > total and not rights[place]:
            fitted[place] = min(fitted[place], _LONG_CELL)
    while _needed(fitted) > total and len(fitted) > _KEPT_COLUMNS:
        fitted.pop()
    while _needed(fitted) > total:
        widest = max(range(len(fitted)), key=lambda place: fitted[place])
        if fitted[widest] <= _SHORT_CELL:
            break
        fitted[widest] = max(_SHORT_CELL, fitted[widest] - (_needed(fitted) - total))
    return fitted


def _needed(widths: Sequence[int]) -> int:
    return sum(widths) + 2 * (len(widths) - 1)


def _cut(text: str, width: int) -> str:
    if display_width(text) <= width:
        return text
    kept = ""
    for char in text:
        if display_width(kept + char) >= width:
            break
        kept += char
    return kept + "…"


def _paint(padded: str, cell: str) -> str:
    style = _STYLES.get(cell)
    return f"\x1b[{style}m{padded}\x1b[0m" if style else padded

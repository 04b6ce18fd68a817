"""metrics.csv: rows to bytes and back, and the summary of a run's metrics.

A last line without a newline does not exist yet: a cut number would read as a real, often the
best, value. Several rows of one index are one row; the last non-empty cell of each column counts.
"""

from __future__ import annotations

import math
import re

from ledger.contract.columns import ROW_INDEX
from ledger.contract.json_text import encode_number
from ledger.errors import MalformedError
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from typing import TypeAlias

    from ledger.contract.columns import Column
    from ledger.contract.json_text import Json

    Cell: TypeAlias = float | int | str | bool | None

_MARKERS = (b"<<<<<<< ", b"=======\n", b">>>>>>> ")
_TRUTH = {"true": 1.0, "false": 0.0}
# What float() takes beyond these ("1_000", " 1", "NaN") is no number of the format.
_NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|nan|-?inf")
_DIGITS = b"0123456789.e-"
_POSITION = re.compile(r"-?[0-9]{1,18}")
_CELL = re.compile(r'(?:"([^"]*(?:""[^"]*)*)"|([^",][^,]*)|)(,|$)')
_ESCAPED = re.compile(r"\\([\\nr])")
_UNESCAPED = {"\\": "\\", "n": "\n", "r": "\r"}


@value
class Table:
    """A decoded table; ``rows``: (n_rows, n_columns) cells as text, "" where missing."""

    header: tuple[str, ...]
    rows: list[list[str]]
    is_torn: bool
    """Whether an unfinished last line was left out."""
    worker: str = ""
    """Who wrote it, "" for the owner of the run; rows of two workers are never one row."""


@value
class Summary:
    """One metric over the rows of a run; extremes over finite values, None when there is none."""

    last: float
    """The last non-empty cell, finite or not."""
    min: float | None
    min_at: int | None
    """Epoch, or step where rows have no epoch, of the first row that reaches ``min``."""
    max: float | None
    max_at: int | None
    n: int
    """Rows with a value, finite or not."""
    n_nonfinite: int

    def to_json(self) -> dict[str, Json]:
        """Return the entry of ``summary`` in run.json."""
        return {
            "last": encode_number(self.last),
            "min": self.min,
            "min_at": self.min_at,
            "max": self.max,
            "max_at": self.max_at,
            "n": self.n,
            "n_nonfinite": self.n_nonfinite,
        }


def encode_cell(cell: Cell) -> str:
    """Return ``cell`` as it stands in a table: shortest exact floats, no line break, None empty."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, str):
        if cell.isalnum() and cell.isascii():
            return str(cell)
        text = cell.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
        # neither a lone surrogate nor a NUL may make the whole table unreadable
        text = text.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")
        return '"' + text.replace('"', '""') + '"' if '"' in text or "," in text else text
    # numbers of array libraries are subclasses with a repr of their own
    return float.__repr__(cell) if isinstance(cell, float) else int.__repr__(cell)


def encode_row(cells: Iterable[Cell]) -> bytes:
    """Return one whole line of a table, newline included."""
    return (",".join(map(encode_cell, cells)) + "\n").encode("utf-8")


def whole_lines(data: bytes) -> bytes:
    """Return ``data`` up to and including its last newline."""
    return data[: data.rfind(b"\n") + 1]


def decode_table(data: bytes) -> Table:
    """Return the whole rows of ``data``, the bytes of a table; an unfinished last line is no row.

    Lines may end in CR LF, as other loggers write them.

    Raises:
        MalformedError: with the line, for bytes that are not UTF-8, merge conflict markers, a
            header that is empty or names a column twice, a row of another width, a cell that
            holds a NUL, CR or LF or is quoted wrongly.
    """
    whole = whole_lines(data)
    _refuse_foreign_bytes(whole)
    try:
        text = whole.decode("utf-8")
    except UnicodeDecodeError as error:
        line = whole.count(b"\n", 0, error.start) + 1
        message = "is not UTF-8"
        raise MalformedError(message, line=line) from error
    rows = _split(text)
    header = tuple(rows[0]) if rows else ()
    _check_widths(header, rows)
    return Table(header=header, rows=rows[1:], is_torn=len(whole) != len(data))


def decode_rows(data: bytes, width: int, line: int) -> list[list[str]]:
    """Return the rows of ``data``, whole lines from somewhere below the header of a table.

    Args:
        data: the lines; the last ends with a newline.
        width: how many columns the header has.
        line: the 1-based line of the table that ``data`` begins with.

    Raises:
        MalformedError: as for ``decode_table``.
    """
    try:
        _refuse_foreign_bytes(data)
        rows = _split(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        message = "is not UTF-8"
        raise MalformedError(message, line=line + data.count(b"\n", 0, error.start)) from error
    except MalformedError as error:
        raise MalformedError(error.message, line=line + (error.line or 1) - 1) from error
    odd = next((place for place, row in enumerate(rows) if len(row) != width), None)
    if odd is not None:
        message = f"has {len(rows[odd])} cells, the header has {width}"
        raise MalformedError(message, line=line + odd)
    return rows


def summarise(tables: Sequence[Table], columns: Mapping[str, Column]) -> dict[str, Summary]:
    """Return the summary of every metric column that has a value in ``tables``, by column name."""
    grids = [_grid(table) for table in tables]
    found: dict[str, Summary] = {}
    for name, column in columns.items():
        if column.role == "metric":
            keys, cells, last = _cells(grids, name)
            if cells and not (column.is_guessed and _is_text(cells)):
                found[name] = _summary(name, keys, cells, last)
    return found


def curve(tables: Sequence[Table], metric: str) -> list[tuple[int | None, float]]:
    """Return (epoch or step, value) of every row with a value for ``metric``, in row order."""
    keys, cells, _ = _cells([_grid(table) for table in tables], metric)
    pairs = zip(keys, cells, strict=True)
    return [(row_position(key), parse_number(metric, cell)) for key, cell in pairs]


def rows_of_trial(tables: Sequence[Table], trial_id: str) -> list[Table]:
    """Return the tables of a sweep with the rows of one trial, all its executions and attempts."""
    found = []
    for table in tables:
        if "trial_id" in table.header:
            at = table.header.index("trial_id")
            rows = [row for row in table.rows if row[at] == trial_id]
            found.append(Table(**{**as_dict(table), "rows": rows}))  # type: ignore[arg-type]  # its own fields
    return found


def row_keys(table: Table) -> list[tuple[str, ...]]:
    """Return what tells rows apart; rows of equal keys are one row, whichever the table."""
    return _grid(table).keys


def _split(text: str) -> list[list[str]]:
    """Return the cells of every line, unquoted and unescaped."""
    text = text.replace("\r\n", "\n")
    lines = text.split("\n")[:-1]
    if "\r" in text:
        line = next(place for place, line in enumerate(lines, 1) if "\r" in line)
        message = "holds a carriage return within a line"
        raise MalformedError(message, line=line)
    if '"' in text:
        rows = [_split_quoted(line, place) for place, line in enumerate(lines, 1)]
    else:
        rows = [line.split(",") for line in lines]
    if "\\" in text:
        rows = [[_ESCAPED.sub(_unescaped, cell) for cell in row] for row in rows]
    return rows


def _split_quoted(line: str, place: int) -> list[str]:
    """Return the cells of one line; no cell holds a line break, so an open quote is an error."""
    cells: list[str] = []
    at, is_last = 0, False
    while not is_last:
        found = _CELL.match(line, at)
        if found is None:
            message = f"is not quoted as CSV after {len(cells)} cells"
            raise MalformedError(message, line=place)
        quoted, plain, comma = found.groups()
        cells.append(plain or "" if quoted is None else quoted.replace('""', '"'))
        at, is_last = found.end(), not comma
    return cells


def _unescaped(match: re.Match[str]) -> str:
    return _UNESCAPED[match[1]]


def _refuse_foreign_bytes(data: bytes) -> None:
    if b"\0" in data:
        message = "holds a NUL byte"
        raise MalformedError(message, line=data.count(b"\n", 0, data.index(b"\0")) + 1)
    for marker in _MARKERS:
        at = 0 if data.startswith(marker) else data.find(b"\n" + marker) + 1
        if at or data.startswith(marker):
            message = "holds a merge conflict marker"
            raise MalformedError(message, line=data.count(b"\n", 0, at) + 1)


def _check_widths(header: tuple[str, ...], rows: list[list[str]]) -> None:
    if not rows:
        return
    if not all(header):
        message = "a column has no name"
        raise MalformedError(message, line=1)
    if len(set(header)) != len(header):
        twice = next(name for name in header if header.count(name) > 1)
        message = f"the column {twice!r} stands twice"
        raise MalformedError(message, line=1)
    width = len(header)
    for line, row in enumerate(rows, 1):
        if len(row) != width:
            message = f"has {len(row)} cells, the header has {width}"
            raise MalformedError(message, line=line)


_Key = tuple[str, ...]
"""Cells of the index columns, and then the position that summaries report."""


@value
class _Grid:
    """A table by column: a summary asks for whole columns, and most tables have plain ones."""

    columns: Mapping[str, tuple[str, ...]]
    keys: list[_Key]
    is_plain: bool
    """Whether no two rows share a key."""


def _grid(table: Table) -> _Grid:
    by_column = list(zip(*table.rows, strict=True)) or [()] * len(table.header)
    columns = dict(zip(table.header, by_column, strict=True))
    keys = _row_keys(columns, len(table.rows))
    if table.worker:
        keys = [(table.worker, *key) for key in keys]
    return _Grid(columns=columns, keys=keys, is_plain=len(set(keys)) == len(keys))


def _row_keys(columns: Mapping[str, tuple[str, ...]], n_rows: int) -> list[_Key]:
    """Return what identifies each row: its cells of the index columns, else its place."""
    index = [columns[name] for name in ROW_INDEX if name in columns]
    if not index:
        return [(str(place),) for place in range(n_rows)]
    at = [columns[name] for name in ("epoch", "step") if name in columns]
    if not at:
        at = [("",) * n_rows]
    pairs = zip(at[0], at[-1], strict=True)
    positions = at[0] if len(at) == 1 else tuple([first or second for first, second in pairs])
    return list(zip(*index, positions, strict=True))


def _cells(grids: Sequence[_Grid], name: str) -> tuple[Sequence[_Key], Sequence[str], str]:
    """Return a column's non-empty cells with the keys of their rows, and the one written last."""
    owners = [grid for grid in grids if name in grid.columns]
    if len(owners) == 1 and owners[0].is_plain and all(owners[0].columns[name]):
        column = owners[0].columns[name]
        return owners[0].keys, column, column[-1] if column else ""
    cells: dict[_Key, str] = {}
    last = ""
    for grid in owners:
        column = grid.columns[name]
        cells |= {key: cell for key, cell in zip(grid.keys, column, strict=True) if cell}
        last = next((cell for cell in reversed(column) if cell), last)
    return list(cells), list(cells.values()), last


def _summary(name: str, keys: Sequence[_Key], cells: Sequence[str], last: str) -> Summary:
    values = parse_numbers(name, cells)
    # a sum is finite only when every value is; the rare sum that overflows costs one more look
    is_finite = math.isfinite(sum(values))
    finite = values if is_finite else [number for number in values if math.isfinite(number)]
    low, high = (min(finite), max(finite)) if finite else (None, None)
    return Summary(
        last=parse_number(name, last),
        min=low,
        min_at=None if low is None else row_position(keys[values.index(low)]),
        max=high,
        max_at=None if high is None else row_position(keys[values.index(high)]),
        n=len(values),
        n_nonfinite=len(values) - len(finite),
    )


def _is_text(cells: Collection[str]) -> bool:
    return not all(cell in _TRUTH or _NUMBER.fullmatch(cell) for cell in cells)


def parse_numbers(name: str, cells: Collection[str]) -> list[float]:
    """Return the numbers in ``cells``, (n,) and none of them empty, of the column ``name``.

    Raises:
        MalformedError: one is none of the format's.
    """
    text = "".join(cells)
    if text.isascii() and not text.encode("ascii").translate(None, _DIGITS):
        try:
            return list(map(float, cells))
        except ValueError:
            pass  # the loop below finds which cell it is
    return [parse_number(name, cell) for cell in cells]


def parse_number(name: str, cell: str) -> float:
    """Return the number in ``cell``, not empty, of the column ``name``; true is 1, false 0.

    Raises:
        MalformedError: it is none of the format's.
    """
    if cell in _TRUTH:
        return _TRUTH[cell]
    if not _NUMBER.fullmatch(cell):
        message = f"{cell[:40]!r} is not a number"
        raise MalformedError(message, field=name)
    return float(cell)


def row_position(key: tuple[str, ...]) -> int | None:
    """Return the epoch or step that a row's key ends with, None where that is no whole number."""
    return int(key[-1]) if _POSITION.fullmatch(key[-1]) else None

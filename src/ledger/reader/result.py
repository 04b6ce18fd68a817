"""What a question returns in Python: rows as plain values, a data frame, an Arrow table, a page."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from ledger.errors import LedgerError
from ledger.reader.text import cell_text, plain_lines, printable
from ledger.reader.times import parse_time
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any, Literal, TypeAlias

    import pandas as pd
    import pyarrow as pa

    from ledger.contract.json_text import Json
    from ledger.reader.text import Cell, Grid

    Kind: TypeAlias = Literal["bool", "int", "float", "time", "text", "other"]

_TIMES = frozenset({"started", "ended"})
_SHOWN = 100
"""Rows of a display in a notebook."""


@value
class Result:
    """An answer: iterate over it for its rows as dicts, or take it as a frame or a table."""

    document: Mapping[str, Json]
    """What ``--format json`` prints."""
    columns: tuple[str, ...]
    cells: tuple[tuple[object, ...], ...]
    """(n_rows, n_columns); None where missing, times with their zone."""
    sheets: tuple[Grid, ...]
    """The answer as a person sees it."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What could not be read, and what else must be known of the answer."""
        lines = self.document.get("warnings")
        return tuple(str(line) for line in lines) if isinstance(lines, list) else ()

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.cells)

    def __iter__(self) -> Iterator[dict[str, object]]:
        """Yield the rows as {column: value}."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.cells)

    def __getitem__(self, place: int) -> dict[str, object]:
        """Return one row."""
        return dict(zip(self.columns, self.cells[place], strict=True))

    def to_dict(self) -> dict[str, Json]:
        """Return what ``--format json`` prints: plain values, ready for ``json.dumps``."""
        return dict(self.document)

    def to_pandas(self) -> pd.DataFrame:
        """Return a data frame, (n_rows, n_columns).

        Whole numbers stay whole where some are missing (``Int64``, ``boolean``); times have the
        zone UTC.

        Raises:
            LedgerError: pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415  # only at the edge
        except ImportError as error:
            raise _not_installed(package="pandas", extra="pandas") from error
        series = {
            name: pd.Series(column, dtype=_PANDAS.get(_kind(column)))
            for name, column in self._by_column()
        }
        return pd.DataFrame(series, columns=list(self.columns))

    def to_arrow(self) -> pa.Table:
        """Return an Arrow table, (n_rows, n_columns); times are microseconds in UTC.

        Raises:
            LedgerError: pyarrow is not installed.
        """
        try:
            import pyarrow as pa  # noqa: PLC0415  # only at the edge
        except ImportError as error:
            raise _not_installed(package="pyarrow", extra="lake") from error
        types = {
            "bool": pa.bool_(),
            "int": pa.int64(),
            "float": pa.float64(),
            "time": pa.timestamp("us", tz="UTC"),
            "text": pa.string(),
        }
        arrays = [
            pa.array(column, type=types.get(_kind(column))) for _, column in self._by_column()
        ]
        return pa.Table.from_arrays(arrays, names=list(self.columns))

    def __repr__(self) -> str:
        """Return the tables as text."""
        return "\n\n".join("\n".join(plain_lines(sheet)) for sheet in self.sheets) or "no rows"

    def _repr_html_(self) -> str:
        """Return the tables as a notebook shows them; what a file says is never markup."""
        parts = [_table(sheet) for sheet in self.sheets] or ["<p>no rows</p>"]
        notes = "".join(f"<p>{escape(printable(line))}</p>" for line in self.warnings)
        return "".join(parts) + notes

    def _by_column(self) -> Iterator[tuple[str, list[object]]]:
        for place, name in enumerate(self.columns):
            yield name, [row[place] for row in self.cells]


def result_of(document: Mapping[str, Json], flat: Grid, sheets: Sequence[Grid]) -> Result:
    """Return the result whose rows are those of the table ``flat``."""
    readers: list[Callable[[Cell], object]] = [
        _time if name in _TIMES else _same for name in flat.header
    ]
    cells = tuple(
        tuple(read(cell) for read, cell in zip(readers, row, strict=True)) for row in flat.rows
    )
    return Result(document=document, columns=flat.header, cells=cells, sheets=tuple(sheets))


def zoned(item: object) -> object:
    """Return ``item``, a time of the engine with the zone it is in: UTC."""
    return item.replace(tzinfo=UTC) if isinstance(item, datetime) and item.tzinfo is None else item


_PANDAS: dict[Kind, Any] = {
    "bool": "boolean",
    "int": "Int64",
    "float": "float64",
    "time": "datetime64[us, UTC]",
    "text": "str",
    "other": "object",
}


def _kind(column: Sequence[object]) -> Kind:
    kinds = {type(item) for item in column if item is not None}
    if not kinds or kinds == {str}:
        return "text"
    if kinds == {bool}:
        return "bool"
    if kinds == {int} and all(-(2**63) <= item < 2**63 for item in column if isinstance(item, int)):
        return "int"
    if kinds <= {int, float}:
        return "float"
    return "time" if kinds == {datetime} else "other"


def _same(cell: Cell) -> object:
    return cell


def _time(cell: Cell) -> object:
    return parse_time(cell) if isinstance(cell, str) else cell


def _table(sheet: Grid) -> str:
    def cells(tag: str, row: Sequence[Cell]) -> str:
        return "".join(f"<{tag}>{escape(cell_text(cell))}</{tag}>" for cell in row)

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in sheet.rows[:_SHOWN])
    more = len(sheet.rows) - _SHOWN
    rest = f"<p>and {more} more rows</p>" if more > 0 else ""
    head = f"<thead><tr>{cells('th', sheet.header)}</tr></thead>"
    return f"<table>{head}<tbody>{body}</tbody></table>{rest}"


def _not_installed(*, package: str, extra: str) -> LedgerError:
    message = f"{package} is not installed"
    return LedgerError(message, hint=f'pip install "experiment-ledger[{extra}]"')

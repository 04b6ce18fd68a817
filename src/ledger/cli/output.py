"""An answer in the format that was asked for, to stdout or into a file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.cli import render
from ledger.errors import LedgerError
from ledger.reader.names import unknown
from ledger.reader.text import Grid
from ledger.storage.files import replace_file
from ledger.value import value


if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.contract.json_text import Json


@value
class Wanted:
    """What the options say of the output."""

    format: str
    columns: str | None
    """Names of columns, with commas between."""
    path: Path | None


def put(
    to_json: Callable[[], dict[str, Json]],
    wanted: Wanted,
    *,
    sheets: Sequence[Grid],
    flat: Callable[[], Grid],
) -> None:
    """Print an answer as ``put_answer`` says."""
    if wanted.columns is not None:
        grid = chosen(flat(), wanted.columns)
        sheets, flat = ([grid] if grid.rows else []), lambda: grid
    if wanted.format == "parquet":
        _put_parquet(flat(), wanted.path)
    elif wanted.path is not None:
        text = _text(to_json, wanted, sheets, flat)
        write_file(wanted.path, (text + "\n").encode("utf-8"))
    elif wanted.format != "table":
        text = _text(to_json, wanted, sheets, flat)
        if text:
            render.put(text)
    elif sheets:
        render.put_tables(sheets)


def chosen(grid: Grid, columns: str) -> Grid:
    """Return the ``columns`` of ``grid``, in their order; a name with a comma stands in quotes.

    Raises:
        UnknownNameError: it has no such column; the nearest are in the hint.
    """
    import csv  # only for this option

    fields = next(csv.reader([columns], skipinitialspace=True), [])
    names = [name.strip() for name in fields if name.strip()]
    if not names:
        message = "--columns names no column"
        raise LedgerError(message, hint=f"there are {', '.join(grid.header)}")
    for name in names:
        if name not in grid.header:
            kind = "column"
            raise unknown(kind, name, grid.header)
    places = [grid.header.index(name) for name in names]
    rows = tuple(tuple(row[place] for place in places) for row in grid.rows)
    return Grid(header=tuple(names), rows=rows)


def _text(
    to_json: Callable[[], dict[str, Json]],
    wanted: Wanted,
    sheets: Sequence[Grid],
    flat: Callable[[], Grid],
) -> str:
    if wanted.format == "json":
        document = to_json()
        if wanted.columns is not None:
            document = document | {"rows": render.json_rows(flat())}
        return render.json_document(document)
    if wanted.format == "csv":
        return render.csv_text(flat())
    if wanted.format == "md":
        return render.markdown_text(sheets)
    return render.tables_text(sheets)


def _put_parquet(grid: Grid, path: Path | None) -> None:
    from ledger.reader.parquet import parquet_bytes

    if path is None and sys.stdout.isatty():
        message = "Parquet is not for a terminal"
        raise LedgerError(message, hint="add --output FILE, or send it into a file")
    data = parquet_bytes(grid)
    if path is None:
        render.put_bytes(data)
    else:
        write_file(path, data)


def write_file(path: Path, data: bytes) -> None:
    """Write ``data`` into the file ``path``, whole or not at all; a device or a pipe is fed."""
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            file.write(data)
        return
    try:
        replace_file(os.fspath(path), data)
    except OSError as error:  # the name of the temporary file says nothing to anybody
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error

"""A table as a Parquet file, written by the engine."""

from __future__ import annotations

import os
import tempfile

from ledger.reader.engine import load_duckdb
from ledger.reader.index.views import quoted
from ledger.reader.text import cell_text


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.reader.text import Cell, Grid

_WHOLES = range(-(2**63), 2**63)


def parquet_bytes(grid: Grid) -> bytes:
    """Return ``grid`` as the bytes of a Parquet file, (n_rows, n_columns).

    A column of booleans, of whole numbers or of numbers keeps its type; any other is text. Missing
    cells are null.

    Raises:
        OSError: there is no room for it in the folder for temporary files.
    """
    columns = list(zip(*grid.rows, strict=True)) or [() for _ in grid.header]
    kinds = [_kind(column) for column in columns]
    cells = [
        [None if cell is None else cell_text(cell) for cell in column]
        if kind == "VARCHAR"
        else list(column)
        for column, kind in zip(columns, kinds, strict=True)
    ]
    marks = ", ".join(
        f"unnest(?::{kind}[]) AS {quoted(name)}"
        for name, kind in zip(grid.header, kinds, strict=True)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "answer.parquet")
        with load_duckdb().connect(":memory:", config={"threads": 1}) as connection:
            connection.execute(f"CREATE TABLE answer AS SELECT {marks}", cells)  # quoted
            escaped = path.replace("'", "''")
            connection.execute(f"COPY answer TO '{escaped}' (FORMAT parquet)")
        with open(path, "rb") as file:
            return file.read()


def _kind(column: Sequence[Cell]) -> str:
    kinds = {type(cell) for cell in column if cell is not None}
    if kinds == {bool}:
        return "BOOLEAN"
    if kinds == {int} and all(cell in _WHOLES for cell in column if cell is not None):
        return "BIGINT"
    if kinds and kinds <= {int, float}:
        return "DOUBLE"
    return "VARCHAR"

"""Rows into tables: a few by parameters, many through a file that the engine reads at its speed."""

from __future__ import annotations

from ledger.reader.index.tables import NESTED


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from ledger.reader.index.tables import Row, Stored


def create(connection: DuckDBPyConnection, name: str, stored: Stored) -> None:
    """Create the table ``name``, which may be led by a schema."""
    columns = ", ".join(
        f'"{column}" {kind}' for column, kind in (("entry", "INTEGER"), *stored.columns)
    )
    connection.execute(f"CREATE TABLE {name} ({columns})")


def insert(connection: DuckDBPyConnection, name: str, stored: Stored, rows: Sequence[Row]) -> None:
    """Insert ``rows``, each led by its entry: one statement, column by column."""
    if not rows:
        return
    kinds = ("INTEGER", *(kind for _, kind in stored.columns))
    marks = ", ".join(_unnested(kind) for kind in kinds)
    columns = [list(column) for column in zip(*rows, strict=True)]
    connection.execute(f"INSERT INTO {name} SELECT {marks}", columns)  # our names


def _unnested(kind: str) -> str:
    return f"unnest(?::VARCHAR[])::JSON::{kind}" if kind in NESTED else f"unnest(?::{kind}[])"

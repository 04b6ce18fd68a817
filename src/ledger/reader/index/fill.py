"""Rows into tables: a few by parameters, many through a file that the engine reads at its speed."""

from __future__ import annotations

from ledger.reader.index.raw_table import load_raw
from ledger.reader.index.tables import NESTED


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from ledger.reader.index.raw_table import RawTable
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


def insert_raw(
    connection: DuckDBPyConnection, name: str, tables: Sequence[tuple[int, str, RawTable]]
) -> None:
    """Insert plain tables, (entry, run id, table) each, none of whose rows share an index.

    Raises:
        duckdb.Error: some line is not what it seemed.
    """
    by_width: dict[int, list[bytes]] = {}
    for entry, _, table in tables:
        by_width.setdefault(len(table.header), []).append(table.lines(entry))
    bodies = []
    for width, parts in by_width.items():
        lines = f"lines_{width}"
        text = b"".join(parts).decode("ascii").removesuffix("\n")
        connection.execute(
            f"CREATE TEMP TABLE {lines} AS "  # our names
            "SELECT string_split(unnest(string_split(?, chr(10))), ',') AS line",
            [text],
        )
        cells = ", ".join(
            f"nullif(line[{place + 1}], '')::DOUBLE AS c{place}" for place in range(1, width + 1)
        )
        bodies.append((width, f"(SELECT line[1]::INTEGER AS entry, {cells} FROM {lines})"))  # noqa: S608
    load_raw(
        connection, name, [table.head(entry, run_id) for entry, run_id, table in tables], bodies
    )
    for width in by_width:
        connection.execute(f"DROP TABLE lines_{width}")

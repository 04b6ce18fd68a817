"""Building a generation: rows stream into files that the engine loads at its own speed."""

from __future__ import annotations

import os

from ledger.reader.engine import load_duckdb
from ledger.reader.index.fill import create, insert
from ledger.reader.index.raw_table import load_raw
from ledger.reader.index.tables import NESTED, TABLES


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from duckdb import DuckDBPyConnection

    from ledger.reader.index.part import Part
    from ledger.reader.index.tables import Layer, Rows, Stored

_READ = (
    "header=false, auto_detect=false, delim=',', quote='\"', escape='\"', new_line='\\n', "
    "nullstr='', max_line_size=33554432, parallel=false"
)
_MEMORY = "1GB"


def build(  # noqa: PLR0913, PLR0917  # one call
    path: str,
    layer: Layer,
    parts: Sequence[Part],
    base: str,
    dropped: Sequence[int],
    careful: Callable[[int], Rows],
) -> None:
    """Make the new database file ``path`` of ``parts`` and of what stays of another generation.

    Args:
        path: the file; nothing is there.
        layer: whose tables.
        parts: new rows; their files are closed.
        base: the file of the generation whose rows stay, "" for none.
        dropped: its entries that do not.
        careful: returns the rows of an entry whose table was not as plain as it seemed.

    Raises:
        duckdb.Error: the disk is full, or the other generation is damaged.
    """
    config = {"threads": 1, "memory_limit": _MEMORY, "temp_directory": ""}
    with load_duckdb().connect(path, config=config) as connection:
        for table, stored in TABLES[layer].items():
            create(connection, table, stored)
        if base:
            connection.execute(f"ATTACH '{_escaped(base)}' AS base (READ_ONLY)")
            connection.execute("CREATE TEMP TABLE dropped (entry INTEGER)")
            connection.execute("INSERT INTO dropped SELECT unnest(?::INTEGER[])", [list(dropped)])
            for table in TABLES[layer]:
                kept = f"FROM base.{table} WHERE entry NOT IN (SELECT entry FROM dropped)"  # noqa: S608
                connection.execute(f"INSERT INTO {table} {kept}")
        for part in parts:
            for table, stored in TABLES[layer].items():
                if os.path.exists(part.paths[table]):
                    connection.execute(f"INSERT INTO {table} {_loaded(part.paths[table], stored)}")
            for entry in _load_raw(connection, part) if part.heads else ():
                for table, rows in careful(entry).items():
                    led = [(entry, *row) for row in rows]
                    insert(connection, table, TABLES[layer][table], led)


def _load_raw(connection: DuckDBPyConnection, part: Part) -> list[int]:
    """Load plain tables; return the entries of those that were none."""
    sources = [(width, _raw_source(path, width)) for width, path in part.raw_paths.items()]
    connection.execute("BEGIN")
    try:
        refused = load_raw(connection, "metrics", part.heads, sources)
        connection.execute("COMMIT")
    except load_duckdb().ConversionException:
        connection.execute("ROLLBACK")
        refused = [entry for entry, *_ in part.heads]  # type: ignore[misc]  # an entry leads
    return refused


def _loaded(path: str, stored: Stored) -> str:
    """Return the statement that reads what ``Builder.add`` wrote."""
    columns = {"entry": "INTEGER", **dict(stored.columns)}
    plain = ", ".join(
        f"'{name}': '{'VARCHAR' if kind in NESTED else kind}'" for name, kind in columns.items()
    )
    kept = ", ".join(f"'{name}'" for name, kind in stored.columns if kind == "VARCHAR")
    force = f", force_not_null=[{kept}]" if stored.is_text_kept else ""
    chosen = ", ".join(
        f'"{name}"::JSON::{kind}' if kind in NESTED else f'"{name}"'
        for name, kind in columns.items()
    )
    source = f"read_csv('{_escaped(path)}', columns={{{plain}}}, {_READ}{force})"
    return f"SELECT {chosen} FROM {source}"  # noqa: S608  # our names


def _raw_source(path: str, width: int) -> str:
    columns = ", ".join(f"'c{place}': 'DOUBLE'" for place in range(1, width + 1))
    plain = "header=false, auto_detect=false, delim=',', quote='', escape='', new_line='\\n'"
    return f"read_csv('{_escaped(path)}', columns={{'entry': 'INTEGER', {columns}}}, {plain})"


def _escaped(path: str) -> str:
    return path.replace("'", "''")

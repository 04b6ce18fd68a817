"""Building a generation: rows stream into files that the engine loads at its own speed."""

from __future__ import annotations

import contextlib
import csv
import os

from ledger.reader.engine import load_duckdb
from ledger.reader.index.fill import create, insert
from ledger.reader.index.raw_table import load_raw
from ledger.reader.index.tables import NESTED, TABLES


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import BinaryIO, Self, TextIO

    from duckdb import DuckDBPyConnection

    from ledger.reader.index.raw_table import RawTable
    from ledger.reader.index.tables import Layer, Row, Rows, Stored

_READ = (
    "header=false, auto_detect=false, delim=',', quote='\"', escape='\"', new_line='\\n', "
    "nullstr='', max_line_size=33554432, parallel=false"
)
_MEMORY = "1GB"
_AT_ONCE = 200
"""Runs whose rows are written together."""


class Builder:
    """Rows of one layer on their way into a new file; a context, which leaves nothing behind.

    Args:
        folder: where the file is made; it must exist.
        layer: whose tables.
        name: of the generation to be.
    """

    def __init__(self, folder: str, layer: Layer, name: str) -> None:
        self.path = os.path.join(folder, f".{layer}-{name}.duckdb")
        self._layer: Layer = layer
        self._parts = {
            table: os.path.join(folder, f".{layer}-{name}.{table}.csv") for table in TABLES[layer]
        }
        self._files: dict[str, TextIO] = {}
        self._waiting: dict[str, list[Row]] = {table: [] for table in TABLES[layer]}
        self._n_waiting = 0
        self._raw: dict[int, tuple[str, BinaryIO]] = {}
        self._heads: list[Row] = []
        self._connection: DuckDBPyConnection | None = None

    def __enter__(self) -> Self:
        """Open the files."""
        for table, path in self._parts.items():
            self._files[table] = open(path, "w", encoding="utf-8", newline="")
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what was not published."""
        self._close()
        raw = (path for path, _ in self._raw.values())
        for path in (*self._parts.values(), *raw, self.path, f"{self.path}.wal"):
            with contextlib.suppress(OSError):
                os.unlink(path)

    def add(self, entry: int, rows: Rows) -> None:
        """Add the rows of one run."""
        for table, found in rows.items():
            self._waiting[table] += [(entry, *row) for row in found]
        self._n_waiting += 1
        if self._n_waiting == _AT_ONCE:
            self._write()

    def add_raw(self, entry: int, run_id: str, table: RawTable) -> None:
        """Add a plain table of one run."""
        width = len(table.header)
        if width not in self._raw:
            path = f"{self.path}.{width}.csv"
            self._raw[width] = path, open(path, "wb")  # noqa: SIM115
        self._raw[width][1].write(table.lines(entry))
        self._heads.append(table.head(entry, run_id))

    def _write(self) -> None:
        for table, rows in self._waiting.items():
            csv.writer(self._files[table], lineterminator="\n").writerows(rows)
            rows.clear()
        self._n_waiting = 0

    def finish(self, base: str, dropped: Collection[int], careful: Callable[[int], Rows]) -> None:
        """Load everything into the new file.

        Args:
            base: the file of the generation whose rows stay, "" for none.
            dropped: its entries that do not.
            careful: returns the rows of an entry whose table was not as plain as it seemed.
        """
        connection = self.connection()
        if base:
            connection.execute(f"ATTACH '{_escaped(base)}' AS base (READ_ONLY)")
            connection.execute("CREATE TEMP TABLE dropped (entry INTEGER)")
            connection.execute("INSERT INTO dropped SELECT unnest(?::INTEGER[])", [list(dropped)])
        self._write()
        self._close_files()
        for table, stored in TABLES[self._layer].items():
            if base:
                kept = f"FROM base.{table} WHERE entry NOT IN (SELECT entry FROM dropped)"  # noqa: S608
                connection.execute(f"INSERT INTO {table} {kept}")
            if os.path.getsize(self._parts[table]):
                connection.execute(f"INSERT INTO {table} {_loaded(self._parts[table], stored)}")
        for entry in self._load_raw(connection) if self._raw else ():
            for table, rows in careful(entry).items():
                led = [(entry, *row) for row in rows]
                insert(connection, table, TABLES[self._layer][table], led)
        self._close()

    def _load_raw(self, connection: DuckDBPyConnection) -> list[int]:
        """Load the plain tables; return the entries of those that were none."""
        sources = [(width, _raw_source(path, width)) for width, (path, _) in self._raw.items()]
        connection.execute("BEGIN")
        try:
            refused = load_raw(connection, "metrics", self._heads, sources)
            connection.execute("COMMIT")
        except load_duckdb().ConversionException:
            connection.execute("ROLLBACK")
            refused = [entry for entry, *_ in self._heads]  # type: ignore[misc]  # an entry leads
        return refused

    def connection(self) -> DuckDBPyConnection:
        """Return a connection to the new file, with its tables."""
        if self._connection is None:
            config = {"threads": 1, "memory_limit": _MEMORY, "temp_directory": ""}
            self._connection = load_duckdb().connect(self.path, config=config)
            for table, stored in TABLES[self._layer].items():
                create(self._connection, table, stored)
        return self._connection

    def _close_files(self) -> None:
        for file in self._files.values():
            file.close()
        for _, raw in self._raw.values():
            raw.close()

    def _close(self) -> None:
        with contextlib.suppress(OSError):
            self._close_files()
        if self._connection is not None:
            self._connection.close()
            self._connection = None


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

"""Building a generation: rows stream into files that the engine loads at its own speed."""

from __future__ import annotations

import contextlib
import csv
import os

from ledger.reader.engine import load_duckdb
from ledger.reader.index.fill import create
from ledger.reader.index.tables import NESTED, TABLES


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Self, TextIO

    from duckdb import DuckDBPyConnection

    from ledger.reader.index.tables import Layer, Rows, Stored

_READ = (
    "header=false, auto_detect=false, delim=',', quote='\"', escape='\"', new_line='\\n', "
    "nullstr='', max_line_size=33554432, parallel=false"
)
_MEMORY = "1GB"


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
        self._connection: DuckDBPyConnection | None = None

    def __enter__(self) -> Self:
        """Open the files."""
        for table, path in self._parts.items():
            self._files[table] = open(path, "w", encoding="utf-8", newline="")
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what was not published."""
        self._close()
        for path in (*self._parts.values(), self.path, f"{self.path}.wal"):
            with contextlib.suppress(OSError):
                os.unlink(path)

    def add(self, entry: int, rows: Rows) -> None:
        """Add the rows of one run."""
        for table, found in rows.items():
            if found:
                csv.writer(self._files[table], lineterminator="\n").writerows(
                    [(entry, *row) for row in found]
                )

    def finish(self, base: str, dropped: Collection[int]) -> None:
        """Load everything into the new file.

        Args:
            base: the file of the generation whose rows stay, "" for none.
            dropped: its entries that do not.
        """
        connection = self.connection()
        if base:
            connection.execute(f"ATTACH '{_escaped(base)}' AS base (READ_ONLY)")
            connection.execute("CREATE TEMP TABLE dropped (entry INTEGER)")
            connection.execute("INSERT INTO dropped SELECT unnest(?::INTEGER[])", [list(dropped)])
        for file in self._files.values():
            file.close()
        for table, stored in TABLES[self._layer].items():
            if base:
                kept = f"FROM base.{table} WHERE entry NOT IN (SELECT entry FROM dropped)"  # noqa: S608
                connection.execute(f"INSERT INTO {table} {kept}")
            if os.path.getsize(self._parts[table]):
                connection.execute(f"INSERT INTO {table} {_loaded(self._parts[table], stored)}")
        self._close()

    def connection(self) -> DuckDBPyConnection:
        """Return a connection to the new file, with its tables."""
        if self._connection is None:
            config = {"threads": 1, "memory_limit": _MEMORY, "temp_directory": ""}
            self._connection = load_duckdb().connect(self.path, config=config)
            for table, stored in TABLES[self._layer].items():
                create(self._connection, table, stored)
        return self._connection

    def _close(self) -> None:
        for file in self._files.values():
            with contextlib.suppress(OSError):
                file.close()
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


def _escaped(path: str) -> str:
    return path.replace("'", "''")

"""The files through which one process hands rows to the engine."""

from __future__ import annotations

import csv

from ledger.reader.index.tables import TABLES


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO, TextIO

    from ledger.reader.index.raw_table import RawTable
    from ledger.reader.index.tables import Layer, Row, Rows

_AT_ONCE = 200
"""Runs whose rows are written together."""


class Part:
    """Rows of one layer on their way into a new generation.

    Args:
        stem: what the names of the files begin with; no other part has the same.
        layer: whose tables.
    """

    def __init__(self, stem: str, layer: Layer) -> None:
        self.paths = {table: f"{stem}.{table}.csv" for table in TABLES[layer]}
        """The rows of each table."""
        self.raw_paths: dict[int, str] = {}
        """The lines of plain tables by their number of columns."""
        self.heads: list[Row] = []
        """What is what in the plain tables."""
        self._stem = stem
        self._waiting: dict[str, list[tuple[int, list[Row]]]] = {table: [] for table in self.paths}
        self._n_waiting = 0
        self._files: dict[str, TextIO] = {}
        self._raw: dict[int, BinaryIO] = {}

    def add(self, entry: int, rows: Rows) -> None:
        """Add the rows of one run."""
        for table, found in rows.items():
            if found:
                self._waiting[table].append((entry, found))
        self._n_waiting += 1
        if self._n_waiting == _AT_ONCE:
            self._write()

    def add_raw(self, entry: int, run_id: str, table: RawTable) -> None:
        """Add the plain table of one run."""
        width = len(table.header)
        if width not in self._raw:
            self.raw_paths[width] = f"{self._stem}.{width}.csv"
            self._raw[width] = open(self.raw_paths[width], "wb")  # noqa: SIM115  # until close
        self._raw[width].write(table.lines(entry))
        self.heads.append(table.head(entry, run_id))

    def close(self) -> None:
        """Write what waits and close the files.

        Raises:
            OSError: the disk is full.
        """
        self._write()
        for file in self._files.values():
            file.close()
        for raw in self._raw.values():
            raw.close()

    def _write(self) -> None:
        for table, waiting in self._waiting.items():
            if waiting:
                if table not in self._files:
                    path = self.paths[table]
                    self._files[table] = open(path, "w", encoding="utf-8", newline="")  # noqa: SIM115
                rows = ((entry, *row) for entry, found in waiting for row in found)
                csv.writer(self._files[table], lineterminator="\n").writerows(rows)
                waiting.clear()
        self._n_waiting = 0

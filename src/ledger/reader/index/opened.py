"""The index of a ledger, open for questions."""

from __future__ import annotations

import contextlib
import os

from ledger.reader.engine import connect, load_duckdb
from ledger.reader.index.fill import create, insert, insert_raw
from ledger.reader.index.generation import drop
from ledger.reader.index.refresh import refresh
from ledger.reader.index.sources import CurvesSource, NotesSource, RecordsSource, tables_of
from ledger.reader.index.tables import LAYERS, TABLES
from ledger.reader.index.views import (
    FRESH,
    HIDDEN,
    MAX_WIDE,
    RECORDS,
    base_name,
    view_statements,
    wide_statement,
)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from ledger.reader.index.refresh import Refreshed
    from ledger.reader.index.tables import Layer
    from ledger.reader.ledger import BrokenRun, Ledger


class Index:
    """The views of one ledger; made by ``open_index``."""

    def __init__(self, ledger: Ledger, layers: Sequence[Layer]) -> None:
        self._ledger = ledger
        self._layers = layers
        self._notices: list[str] = []
        self._open()

    def rows(
        self, statement: str, bound: Mapping[str, object] | Sequence[object] | None = None
    ) -> list[tuple[object, ...]]:
        """Return the rows of one statement; what the user wrote is ``bound``, never in the text.

        A stored generation that turns out to be damaged is made anew, with a word.
        """
        try:
            return self._rows(statement, bound)
        except load_duckdb().Error as error:
            if not self.is_mended_of(error):
                raise
        return self._rows(statement, bound)

    def is_mended_of(self, error: BaseException) -> bool:
        """Make everything stored anew where its damage may be why the engine failed; whether so."""
        if not self._is_stored or not _is_damage(error):
            return False
        self.mend()
        return True

    def mend(self) -> None:
        """Make everything anew that is stored: it was found damaged."""
        for layer in self._layers:
            if self._ledger.index_dir is not None:
                drop(self._ledger.index_dir, layer)
        self._notices = [DAMAGE]
        self._open_current()

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line for each thing that could not be read, and what else is to be said."""
        lines = [str(each) for each in self.broken]
        if self.guessed:
            more = f" and {len(self.guessed) - 1} more" if len(self.guessed) > 1 else ""
            lines.append(
                f"{self.guessed[0]}{more}: the record declares no columns; "
                "every numeric column that is no param was read as a metric"
            )
        return (*lines, *dict.fromkeys(self._notices))

    def close(self) -> None:
        """Give back the engine's memory and files."""
        self.connection.close()

    def _rows(
        self, statement: str, bound: Mapping[str, object] | Sequence[object] | None
    ) -> list[tuple[object, ...]]:
        found: list[tuple[object, ...]] = self.connection.execute(statement, bound).fetchall()
        return found

    def _open(self) -> None:
        try:
            self._open_current()
        except load_duckdb().Error as error:
            if not _is_damage(error):
                raise
            self.mend()

    def _open_current(self) -> None:
        """Refresh; once more for each time that others swept what we were told of.

        That takes them two publications a time, so it ends.
        """
        while True:
            with contextlib.suppress(_SweptError):
                self._refresh()
                return

    def _refresh(self) -> None:
        """Refresh the layers one by one: which notes and curves are asked for, the records say."""
        records = RecordsSource(self._ledger)
        found: dict[Layer, Refreshed] = {"records": refresh(self._ledger, records)}
        if len(self._layers) > 1:
            found |= self._further(found["records"])
        self.connection = _connected(found)
        self._is_stored = any(each.generation.path for each in found.values())
        broken = [each for layer in found.values() for each in layer.broken]
        self.broken: tuple[BrokenRun, ...] = tuple(
            {str(each): each for each in (*broken, *records.twice)}.values()
        )
        """What could not be read: records, and tables whose runs have no values from rows."""
        self.guessed: tuple[str, ...] = tuple(
            str(row[1]) for row in found["records"].fresh.get("runs", ()) if row[_GUESSED]
        )
        """Ids of runs whose columns' roles follow from the fixed rule."""
        if any(each.was_damaged for each in found.values()):
            self._notices.append(DAMAGE)
        if "curves" in self._layers:
            self._add_epochs()

    def _further(self, records: Refreshed) -> dict[Layer, Refreshed]:
        """Return the layers beside the records."""
        found: dict[Layer, Refreshed] = {}
        with _connected({"records": records}) as connection:
            runs = connection.execute(_FOLDERS).fetchall()
            if "notes" in self._layers:
                ids = {str(path): str(run_id) for path, run_id, *_ in runs}
                found["notes"] = refresh(self._ledger, NotesSource(self._ledger, ids))
            if "curves" in self._layers:
                tables = {path: tables_of(names) for path, _, names, _ in runs}
                with_tables = {path: names for path, names in tables.items() if names}
                source = CurvesSource(
                    self._ledger,
                    with_tables,
                    {path for path, *_, is_sealed in runs if not is_sealed},
                    lambda: dict(connection.execute(_WITH_ROWS).fetchall()),
                )
                found["curves"] = refresh(self._ledger, source)
        return found

    def _add_epochs(self) -> None:
        """Create the view ``epochs``, with a column for each of the metrics that most runs have."""
        found = self._rows(
            "SELECT metric FROM summary WHERE n > 0 GROUP BY metric ORDER BY count(*) DESC, metric",
            None,
        )
        names = [str(metric) for (metric,) in found]
        self.connection.execute(wide_statement(sorted(names[:MAX_WIDE])))
        if len(names) > MAX_WIDE:
            self._notices.append(
                f"epochs has columns for {MAX_WIDE} of {len(names)} metrics; "
                "the view metrics has all"
            )


DAMAGE = "the index was damaged and was made anew"
_FOLDERS = f"SELECT path, run_id, files, is_sealed FROM {RECORDS}"  # noqa: S608  # our names
_WITH_ROWS = "SELECT run_id, list(metric) FROM summary WHERE n > 0 GROUP BY run_id"
_GUESSED = 1 + TABLES["records"]["runs"].names.index("is_guessed")


def open_index(ledger: Ledger, *layers: Layer) -> Index:
    """Return the index of ``ledger`` with the views of ``layers``; "records" always is one.

    Args:
        ledger: whose runs.
        layers: "notes" for the view notes; "curves" for metrics, epochs and trials.

    Raises:
        LedgerError: the ledger's own folder cannot be read.
    """
    return Index(ledger, [layer for layer in LAYERS if layer == "records" or layer in layers])


class _SweptError(Exception):
    """A stored generation is gone: others have published twice since we were told of it."""


def _connected(found: Mapping[Layer, Refreshed]) -> DuckDBPyConnection:
    """Return a connection with the views of what was ``found``."""
    based = {layer: each for layer, each in found.items() if each.generation.path}
    paths = {base_name(layer): each.generation.path for layer, each in based.items()}
    try:
        connection = connect(paths)
    except load_duckdb().Error as error:
        if all(map(os.path.exists, paths.values())):
            raise
        raise _SweptError from error
    connection.execute(f"CREATE SCHEMA {FRESH}")
    statements: list[str] = []
    for layer, each in found.items():
        is_based = layer in based
        for name, stored in TABLES[layer].items():
            create(connection, f"{FRESH}.{name}", stored)
            insert(connection, f"{FRESH}.{name}", stored, each.fresh.get(name, ()))
        if each.raw:
            insert_raw(connection, f"{FRESH}.metrics", each.raw)
        if each.hidden:
            table = f"{FRESH}.{HIDDEN}_{layer}"
            connection.execute(f"CREATE TABLE {table} (entry INTEGER)")
            marks = f"INSERT INTO {table} SELECT unnest(?::INTEGER[])"  # our names
            connection.execute(marks, [list(each.hidden)])
        statements += view_statements(layer, is_based=is_based, is_hiding=bool(each.hidden))
    connection.execute(";".join(statements))
    return connection


def _is_damage(error: BaseException) -> bool:
    """Whether a stored file may be why the engine failed: a checksum that fails is a bare Error."""
    return type(error).__name__ in _DAMAGES


_DAMAGES = frozenset({
    "Error", "IOException", "InternalException", "FatalException", "SerializationException",
})  # fmt: skip

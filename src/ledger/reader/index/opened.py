"""The index of a ledger, open for questions."""

from __future__ import annotations

from ledger.errors import MalformedError
from ledger.reader.engine import connect
from ledger.reader.index.curve_rows import curve_rows
from ledger.reader.index.fill import create, insert
from ledger.reader.index.note_rows import note_rows
from ledger.reader.index.record_rows import record_rows
from ledger.reader.index.tables import LAYERS, TABLES
from ledger.reader.index.views import FRESH, MAX_WIDE, view_statements, wide_statement
from ledger.reader.ledger import BrokenRun


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from ledger.reader.index.tables import Layer, Row
    from ledger.reader.ledger import Ledger


class Index:
    """The views of one ledger; made by ``open_index``."""

    def __init__(
        self,
        connection: DuckDBPyConnection,
        broken: Sequence[BrokenRun],
        guessed: Sequence[str],
    ) -> None:
        self.connection = connection
        self.broken = tuple(broken)
        """What could not be read: records, and tables whose runs have no values from rows."""
        self.guessed = tuple(guessed)
        """Ids of runs whose columns' roles follow from the fixed rule."""
        self.notices: list[str] = []

    def rows(
        self, statement: str, bound: Mapping[str, object] | Sequence[object] | None = None
    ) -> list[tuple[object, ...]]:
        """Return the rows of one statement; what the user wrote is ``bound``, never in the text."""
        found: list[tuple[object, ...]] = self.connection.execute(
            statement, bound or None
        ).fetchall()
        return found

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line for each thing that could not be read, and one for all guessed columns."""
        lines = [str(each) for each in self.broken]
        if self.guessed:
            more = f" and {len(self.guessed) - 1} more" if len(self.guessed) > 1 else ""
            lines.append(
                f"{self.guessed[0]}{more}: the record declares no columns; "
                "every numeric column that is no param was read as a metric"
            )
        return (*lines, *self.notices)

    def close(self) -> None:
        """Give back the engine's memory and files."""
        self.connection.close()


def open_index(ledger: Ledger, *layers: Layer) -> Index:  # noqa: C901
    """Return the index of ``ledger`` with the views of ``layers``; "records" always is one.

    Args:
        ledger: whose runs.
        layers: "notes" for the view notes; "curves" for metrics, epochs and trials.

    Raises:
        LedgerError: the ledger's own folder cannot be read.
    """
    wanted = [layer for layer in LAYERS if layer == "records" or layer in layers]
    connection = connect()
    broken: list[BrokenRun] = list(ledger.broken)
    guessed: list[str] = []
    connection.execute(f"CREATE SCHEMA {FRESH}")
    rows: dict[str, list[Row]] = {name: [] for layer in wanted for name in TABLES[layer]}
    for entry, run in enumerate(ledger.runs):
        found, problem = record_rows(ledger, run)
        if problem is not None:
            broken.append(BrokenRun(path=str(problem.path or run.path), error=problem))
        if found["runs"][0][30]:
            guessed.append(run.run_id)
        if "notes" in wanted:
            found = {**found, **note_rows(ledger, run)}
        if "curves" in wanted:
            try:
                found = {**found, **curve_rows(ledger, run)}
            except MalformedError as error:
                if problem is None:
                    broken.append(BrokenRun(path=str(error.path or run.path), error=error))
        for name, each in found.items():
            rows[name] += [(entry, *row) for row in each]
    for layer in wanted:
        for name, stored in TABLES[layer].items():
            create(connection, f"{FRESH}.{name}", stored)
            insert(connection, f"{FRESH}.{name}", stored, rows[name])
        for statement in view_statements(layer, is_based=False, is_hiding=False):
            connection.execute(statement)
    index = Index(connection, broken, guessed)
    if "curves" in wanted:
        _add_epochs(index)
    return index


def _add_epochs(index: Index) -> None:
    """Create the view ``epochs``, with a column for each of the metrics that most runs have."""
    found = index.rows(
        "SELECT metric FROM summary WHERE n > 0 GROUP BY metric ORDER BY count(*) DESC, metric"
    )
    names = [str(metric) for (metric,) in found]
    index.connection.execute(wide_statement(sorted(names[:MAX_WIDE])))
    if len(names) > MAX_WIDE:
        index.notices.append(
            f"epochs has columns for {MAX_WIDE} of {len(names)} metrics; the view metrics has all"
        )

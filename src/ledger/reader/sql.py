"""``ledger query --sql``: one statement of the user's own over the views, in a locked room.

The connection reaches no file, network or extension, and its configuration is locked before the
statement is seen (engine.connect). What is left to do here: one statement, of a kind that only
reads; an end in time; values that every format can carry.
"""

from __future__ import annotations

import re
import threading

from ledger.errors import LedgerError
from ledger.reader.answers import ANSWER_VERSION
from ledger.reader.cells import cell_of, json_of
from ledger.reader.engine import load_duckdb
from ledger.reader.index import open_index
from ledger.reader.index.views import PUBLIC
from ledger.reader.names import no_runs, unknown
from ledger.reader.text import Grid, printable
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from duckdb import DuckDBPyConnection

    from ledger.contract.json_text import Json
    from ledger.reader.index import Index
    from ledger.reader.index.tables import Layer
    from ledger.reader.ledger import Ledger

TIMEOUT_S = 30.0
GRACE_S = 2.0
"""Seconds that a statement may take to notice that it was interrupted."""
_KINDS = frozenset({"SELECT", "EXPLAIN"})
_CURVES = re.compile(r"(?i)\b(metrics|epochs|trials)\b")
_NOTES = re.compile(r"(?i)\bnotes\b")
_MISSING_TABLE = re.compile(r"Table with name (\S+) does not exist")


@value
class SqlAnswer:
    """The rows of a statement."""

    statement: str
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    """The engine's type of each column."""
    rows: tuple[tuple[object, ...], ...]
    """Values as the engine gives them, (n_rows, n_columns)."""
    warnings: tuple[str, ...]
    is_cut: bool
    """Whether there are more rows than were asked for."""

    def to_grid(self) -> Grid:
        """Return the rows as one table; nested values as JSON."""
        body = tuple(tuple(map(cell_of, row)) for row in self.rows)
        return Grid(header=self.columns, rows=body)

    def to_json(self) -> dict[str, Json]:
        """Return the answer as ``--format json`` prints it; rows are lists in column order."""
        return {
            "answer_version": ANSWER_VERSION,
            "verb": "sql",
            "question": self.statement,
            "columns": [
                {"name": name, "type": kind}
                for name, kind in zip(self.columns, self.kinds, strict=True)
            ],
            "rows": [[json_of(item) for item in row] for row in self.rows],
            "warnings": list(self.warnings),
        }


def ask_sql(
    ledger: Ledger,
    statement: str,
    *,
    limit: int | None = None,
    timeout_s: float | None = TIMEOUT_S,
    give_up: Callable[[], None] | None = None,
) -> SqlAnswer:
    """Return the rows of one SELECT or EXPLAIN over the views.

    Args:
        ledger: whose runs.
        statement: SQL of the engine, docs/guides/sql.md has the views.
        limit: at most so many rows; None for all.
        timeout_s: seconds after which the statement is interrupted; None for never.
        give_up: called GRACE_S later where it did not notice, which a single long call of a
            function does not; it must end the process. None waits.

    Raises:
        LedgerError: not one statement that reads, an error of the engine, or no end in time.
        UnknownNameError: no run at all, or a view that is none.
    """
    index = open_index(ledger, *_layers(statement))
    if not index.rows("SELECT 1 FROM runs LIMIT 1"):
        raise no_runs(index.broken)
    connection = index.connection
    _refuse_others(connection, statement)
    timers = _timers(connection, timeout_s, give_up)
    try:
        found = _executed(index, statement, limit)
    except load_duckdb().InterruptException as error:
        message = f"the statement was stopped after {timeout_s:g} s"
        raise LedgerError(message, hint="ask for less, or allow more with --timeout") from error
    except load_duckdb().Error as error:
        raise _complaint(error) from error
    finally:
        for timer in timers:
            timer.cancel()
            timer.join()  # a thread that ends while the interpreter does takes the process with it
    return found


def _layers(statement: str) -> list[Layer]:
    found: list[Layer] = []
    if _NOTES.search(statement):
        found.append("notes")
    if _CURVES.search(statement):
        found.append("curves")
    return found


def _refuse_others(connection: DuckDBPyConnection, statement: str) -> None:
    try:
        statements = connection.extract_statements(statement)
    except load_duckdb().Error as error:
        raise _complaint(error) from error
    kinds = [each.type.name for each in statements]
    if len(kinds) != 1:
        message = f"{len(kinds)} statements instead of one" if kinds else "no statement"
        raise LedgerError(message, hint="write one SELECT")
    if kinds[0] not in _KINDS:
        message = f"a statement of the kind {kinds[0]} does not only read"
        raise LedgerError(message, hint="write one SELECT, or EXPLAIN before it")


def _timers(
    connection: DuckDBPyConnection, timeout_s: float | None, give_up: Callable[[], None] | None
) -> list[threading.Timer]:
    if timeout_s is None:
        return []
    timers = [threading.Timer(timeout_s, connection.interrupt)]
    if give_up is not None:
        timers.append(threading.Timer(timeout_s + GRACE_S, give_up))
    for timer in timers:
        timer.daemon = True
        timer.start()
    return timers


def _executed(index: Index, statement: str, limit: int | None) -> SqlAnswer:
    done = index.connection.execute(statement)
    about = [(str(name), str(kind)) for name, kind, *_ in done.description or ()]
    rows = done.fetchall() if limit is None else done.fetchmany(limit + 1)
    return SqlAnswer(
        statement=statement,
        columns=_told_apart([name for name, _ in about]),
        kinds=tuple(kind for _, kind in about),
        rows=tuple(rows if limit is None else rows[:limit]),
        warnings=index.warnings,
        is_cut=limit is not None and len(rows) > limit,
    )


def _told_apart(names: list[str]) -> tuple[str, ...]:
    """Return ``names`` with a number behind those that stood before."""
    found: list[str] = []
    for name in names:
        shown, number = name, 1
        while shown in found:
            number += 1
            shown = f"{name}_{number}"
        found.append(shown)
    return tuple(found)


def _complaint(error: BaseException) -> LedgerError:
    """Return what the engine says, as one line, with the place and what was probably meant."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    first = lines[0] if lines else type(error).__name__
    missing = _MISSING_TABLE.search(first)
    if missing is not None:
        kind = "view"
        return unknown(kind, missing[1], PUBLIC)
    place = next((line.partition(": ")[2] for line in lines if line.startswith("LINE ")), "")
    meant = " ".join(line for line in lines[1:] if line.startswith(("Did you", "Candidate")))
    return LedgerError(
        f"the engine says: {printable(first)}{f', at: {printable(place)}' if place else ''}",
        hint=printable(meant) if meant else "see the views in docs/guides/sql.md",
    )

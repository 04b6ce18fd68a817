"""``ledger query --sql``: one statement of the user's own over the views, in a locked room.

The connection reaches no file, network or extension, and its configuration is locked before the
statement is seen (engine.connect). What is left to do here: one statement, of a kind that only
reads; an end in time; values that every format can carry.
"""

from __future__ import annotations

import re

from ledger.errors import LedgerError, UnknownNameError
from ledger.reader.answers import ANSWER_VERSION
from ledger.reader.cells import cell_of, json_of
from ledger.reader.deadline import Deadline
from ledger.reader.engine import load_duckdb
from ledger.reader.index import open_index
from ledger.reader.index.views import PUBLIC
from ledger.reader.names import nearest, no_runs
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
MAX_WEIGHT = 1 << 29
"""Bytes that the rows of an answer may take: the engine's limit ends where they leave it."""
_BATCH = 2048
_KINDS = frozenset({"SELECT", "EXPLAIN"})
_CURVES = re.compile(r"(?i)\b(metrics|epochs|trials)\b")
_CATALOGUE = re.compile(
    r"(?i)\b(show|information_schema|duckdb_\w+|pg_\w+|pragma_\w+|sqlite_\w+|query\w*)\b"
)
"""Words of a statement that lists the views, or makes their names."""
_NOTES = re.compile(r"(?i)\bnotes\b")
_MISSING_TABLE = re.compile(r"Table with name (\S+) does not exist")
_HOW = "write one SELECT, or EXPLAIN before it"
_VIEWS = f"the views are {', '.join(PUBLIC)}"


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
        give_up: called a little later where it did not notice, which a single long call of a
            function does not; it must end the process. None waits.

    Raises:
        LedgerError: not one statement that reads, an error of the engine, or no end in time.
        UnknownNameError: no run at all, or a view that is none.
    """
    index = open_index(ledger, *_layers(statement))

    def interrupt() -> None:
        index.connection.interrupt()  # another one where the index was mended meanwhile

    deadline = Deadline(timeout_s, interrupt=interrupt, give_up=give_up)
    try:
        if not index.rows("SELECT 1 FROM runs LIMIT 1"):
            raise no_runs(index.broken)
        with deadline:
            _refuse_others(index.connection, statement)
            return _answered(index, statement, limit, deadline)
    except load_duckdb().InterruptException as error:
        message = f"the statement was stopped after {timeout_s:g} s"
        raise LedgerError(message, hint="ask for less, or allow more with --timeout") from error
    except load_duckdb().Error as error:
        raise _complaint(error) from error
    finally:
        index.close()


def _layers(statement: str) -> list[Layer]:
    """Return the layers that ``statement`` may need: the name of a view as a word is enough."""
    is_about_all = _CATALOGUE.search(statement) is not None
    found: list[Layer] = []
    if is_about_all or _NOTES.search(statement):
        found.append("notes")
    if is_about_all or _CURVES.search(statement):
        found.append("curves")
    return found


def _refuse_others(connection: DuckDBPyConnection, statement: str) -> None:
    kinds = [each.type.name for each in connection.extract_statements(statement)]
    if len(kinds) != 1:
        message = f"{len(kinds)} statements instead of one" if kinds else "no statement"
        raise LedgerError(message, hint="write one SELECT")
    if kinds[0] not in _KINDS:
        message = f"a statement of the kind {kinds[0]} does not only read"
        raise LedgerError(message, hint=_HOW)


def _answered(index: Index, statement: str, limit: int | None, deadline: Deadline) -> SqlAnswer:
    try:
        return _executed(index, statement, limit, deadline)
    except load_duckdb().Error as error:
        if not index.is_mended_of(error):
            raise
    return _executed(index, statement, limit, deadline)


def _executed(index: Index, statement: str, limit: int | None, deadline: Deadline) -> SqlAnswer:
    connection = index.connection
    # a SELECT may hold a DELETE … RETURNING, and EXPLAIN ANALYZE does what it explains
    connection.execute("BEGIN TRANSACTION READ ONLY")
    done = connection.execute(statement)
    about = [(str(name), str(kind)) for name, kind, *_ in done.description or ()]
    rows = _fetched(done, None if limit is None else limit + 1, deadline)
    return SqlAnswer(
        statement=statement,
        columns=_told_apart([name for name, _ in about]),
        kinds=tuple(kind for _, kind in about),
        rows=tuple(rows if limit is None else rows[:limit]),
        warnings=index.warnings,
        is_cut=limit is not None and len(rows) > limit,
    )


def _fetched(
    done: DuckDBPyConnection, limit: int | None, deadline: Deadline
) -> list[tuple[object, ...]]:
    """Return the rows, taken in batches: between them the time and the room are looked at."""
    rows: list[tuple[object, ...]] = []
    weight = 0
    while limit is None or len(rows) < limit:
        if deadline.is_over:
            raise load_duckdb().InterruptException
        n = _BATCH if limit is None else min(_BATCH, limit - len(rows))
        batch = done.fetchmany(n)
        rows += batch
        weight += sum(map(_weight, batch))
        if weight > MAX_WEIGHT:
            message = f"the answer is larger than {MAX_WEIGHT >> 20} MiB"
            raise LedgerError(message, hint="ask for fewer columns or rows, or set --limit")
        if len(batch) < n:
            break
    return rows


def _weight(item: object) -> int:
    """Return about how many bytes ``item`` takes in memory."""
    if isinstance(item, list) and item and isinstance(item[0], int | float):
        return 40 * len(item)  # a list of one type; there may be very many
    if isinstance(item, tuple | list):
        return 64 + 8 * len(item) + sum(map(_weight, item))
    if isinstance(item, dict):
        return 64 + sum(100 + _weight(each) for each in item.values())
    if isinstance(item, str | bytes):
        return 50 + len(item)
    return 0 if item is None else 32


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
        near = nearest(missing[1], PUBLIC)
        meant = f"did you mean {' or '.join(near)}? " if near else ""
        message = f"no view is called {missing[1]!r}"
        return UnknownNameError(message, hint=meant + _VIEWS)
    if "read-only mode" in first:
        message = "the statement writes"
        return LedgerError(message, hint=_HOW)
    place = next((line.partition(": ")[2] for line in lines if line.startswith("LINE ")), "")
    meant = " ".join(line for line in lines[1:] if line.startswith(("Did you", "Candidate")))
    return LedgerError(
        f"the engine says: {printable(first)}{f', at: {printable(place)}' if place else ''}",
        hint=printable(meant) if meant else _VIEWS,
    )

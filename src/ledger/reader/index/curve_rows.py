"""A run's tables as rows: every value of every metric, and the trials of a sweep."""

from __future__ import annotations

from ledger.contract.json_text import as_object
from ledger.contract.metrics import parse_number, row_keys
from ledger.errors import MalformedError
from ledger.reader.index.trial_rows import trial_rows
from ledger.reader.stats import is_guessed, run_columns


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ledger.contract.columns import Column
    from ledger.contract.metrics import Table
    from ledger.reader.index.tables import Row, Rows
    from ledger.reader.ledger import Ledger, StoredRun

_INDEX = ("trial_id", "attempt", "execution", "epoch", "step", "time")
_TOO_LONG = 19
"""Characters of a number that may not fit 64 bits."""


def curve_rows(ledger: Ledger, run: StoredRun) -> Rows:
    """Return the rows of the run's metrics tables, row by row, then metric by metric.

    Raises:
        MalformedError: located at a table that cannot be read or does not follow the format.
    """
    tables = ledger.tables(run)
    columns = run_columns(run, tables)
    # several rows of one index are one: the last value of each metric counts
    rows: dict[tuple[object, ...], Row] = {}
    for table in tables:
        rows |= _table_rows(run, table, columns.values())
    trials = trial_rows(ledger, run, tables, columns)
    return {"metrics": list(rows.values()), "trials": trials}


def _table_rows(
    run: StoredRun, table: Table, columns: Iterable[Column]
) -> Iterator[tuple[tuple[object, ...], Row]]:
    places = {name: place for place, name in enumerate(table.header)}
    base = as_object(run.record.document.get("imported_from")).get("epoch_base")
    metrics = [
        (each.name, places[each.name])
        for each in columns
        if each.role == "metric" and each.name in places
    ]
    for key, row in zip(row_keys(table), table.rows, strict=True):
        trial, attempt, execution, epoch, step, time = (
            row[places[name]] if name in places else "" for name in _INDEX
        )
        about = (
            trial or None,
            _whole(attempt),
            _whole(execution),
            table.worker or None,
            _whole(epoch),
            _whole(step),
            _seconds(time),
        )
        for name, place in metrics:
            number = _number(run, name, row[place])
            if number is not None:
                yield (key, name), (run.run_id, *about, name, number, base)


def _number(run: StoredRun, name: str, cell: str) -> float | None:
    if not cell:
        return None
    try:
        return parse_number(name, cell)
    except MalformedError as error:
        if is_guessed(run):
            return None
        raise error.at(run.table_paths[0]) from error


def _whole(cell: str) -> int | None:
    return int(cell) if cell.lstrip("-").isdecimal() and len(cell) < _TOO_LONG else None


def _seconds(cell: str) -> float | None:
    try:
        return float(cell) if cell else None
    except ValueError:
        return None

"""A run's tables as rows: every value of every metric, and the trials of a sweep."""

from __future__ import annotations

import contextlib
from functools import lru_cache

from ledger.contract.json_text import as_object
from ledger.contract.metrics import parse_number, parse_numbers, row_keys
from ledger.errors import MalformedError
from ledger.reader.index.tables import METRICS
from ledger.reader.index.trial_rows import trial_rows
from ledger.reader.stats import is_guessed, run_columns


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ledger.contract.columns import Column
    from ledger.contract.metrics import Table
    from ledger.reader.index.tables import Row, Rows
    from ledger.reader.ledger import Ledger, StoredRun

_METRIC = METRICS.names.index("metric")
_CELLS = 4096
"""Positions whose numbers are remembered: a sweep has the same epochs in every trial."""
_TOO_LONG = 19
"""Characters of a number that may not fit 64 bits."""


def curve_rows(ledger: Ledger, run: StoredRun) -> Rows:
    """Return the rows of the run's metrics tables, row by row, then metric by metric.

    Raises:
        MalformedError: located at a table that cannot be read or does not follow the format.
    """
    tables = ledger.tables(run)
    columns = run_columns(run, tables)
    keys = [row_keys(table) for table in tables]
    parts = [_table_rows(run, table, columns.values()) for table in tables]
    metrics: Iterable[Row]
    if len(set().union(*keys)) == sum(map(len, keys)):
        metrics = (row for part in parts for found in part for row in found)
    else:
        # several rows of one index are one: the last value of each metric counts
        metrics = {
            (key, row[_METRIC]): row
            for each in zip(keys, parts, strict=True)
            for key, found in zip(*each, strict=True)
            for row in found
        }.values()
    return {"metrics": list(metrics), "trials": trial_rows(ledger, run, tables, columns)}


def _table_rows(run: StoredRun, table: Table, columns: Iterable[Column]) -> Iterator[list[Row]]:
    """Yield for each row of the table a row for each of its values."""
    by_name = dict(zip(table.header, zip(*table.rows, strict=True), strict=False))
    base = as_object(run.record.document.get("imported_from")).get("epoch_base")
    metrics = [
        (each.name, _values(run, each.name, by_name[each.name]))
        for each in columns
        if each.role == "metric" and each.name in by_name
    ]
    for place, about in enumerate(_abouts(run, table, by_name)):
        yield [
            (*about, name, number, base)
            for name, values in metrics
            if (number := values[place]) is not None
        ]


def _abouts(run: StoredRun, table: Table, by_name: Mapping[str, Sequence[str]]) -> Iterator[Row]:
    """Return for each row what leads all its values: the run, and where in it."""
    n_rows = len(table.rows)
    none = (None,) * n_rows
    trials = [cell or None for cell in by_name.get("trial_id", none)]
    attempts, executions, epochs, steps = (
        list(map(_whole, by_name[name])) if name in by_name else none
        for name in ("attempt", "execution", "epoch", "step")
    )
    times = list(map(_seconds, by_name["time"])) if "time" in by_name else none
    workers = (table.worker or None,) * n_rows
    runs = (run.run_id,) * n_rows
    return zip(runs, trials, attempts, executions, workers, epochs, steps, times, strict=True)


def _values(run: StoredRun, name: str, cells: Sequence[str]) -> Sequence[float | None]:
    """Return the numbers of one column, None where a cell is empty."""
    if all(cells):
        with contextlib.suppress(MalformedError):
            return parse_numbers(name, cells)
    return [_number(run, name, cell) for cell in cells]


def _number(run: StoredRun, name: str, cell: str) -> float | None:
    if not cell:
        return None
    try:
        return parse_number(name, cell)
    except MalformedError as error:
        if is_guessed(run):
            return None
        raise error.at(run.table_paths[0]) from error


@lru_cache(maxsize=_CELLS)
def _whole(cell: str) -> int | None:
    return int(cell) if cell.lstrip("-").isdecimal() and len(cell) < _TOO_LONG else None


def _seconds(cell: str) -> float | None:
    try:
        return float(cell) if cell else None
    except ValueError:
        return None

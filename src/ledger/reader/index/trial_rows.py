"""The trials of a sweep as rows: what their log says, and what only the metrics tables know of."""

from __future__ import annotations

import json

from ledger.contract.layout import is_metrics_table
from ledger.contract.trials import decode_trials
from ledger.errors import MalformedError
from ledger.reader.times import parse_time


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from ledger.contract.columns import Column
    from ledger.contract.metrics import Table
    from ledger.contract.trials import Trial
    from ledger.reader.index.tables import Row
    from ledger.reader.ledger import Ledger, StoredRun


def trial_rows(
    ledger: Ledger, run: StoredRun, tables: Sequence[Table], columns: Mapping[str, Column]
) -> list[Row]:
    """Return a row for each attempt at a trial; none for a run that is no sweep.

    Raises:
        MalformedError: located at a log that does not follow the format.
    """
    trials = list(_logged(ledger, run))
    known = {(trial.trial_id, trial.attempt) for trial in trials}
    names = {trial.trial_id for trial in trials}
    rows: list[Row] = [_row(run, trial) for trial in trials]
    for (trial_id, attempt), params in _in_tables(tables, columns.values()).items():
        is_known = trial_id in names if attempt is None else (trial_id, attempt) in known
        if not is_known:
            about = (None,) * 8
            rows.append((run.run_id, trial_id, attempt, *about, json.dumps(params)))
    return rows


def _logged(ledger: Ledger, run: StoredRun) -> Iterator[Trial]:
    for name in run.names:
        if name.startswith("trials.") and name.endswith(".csv") and not is_metrics_table(name):
            path = f"{run.path}/{name}"
            data = ledger.read(path)
            try:
                yield from decode_trials(b"" if data is None else data)
            except MalformedError as error:
                raise error.at(path) from error


def _row(run: StoredRun, trial: Trial) -> Row:
    # a process that was killed wrote no end, and nobody else writes into its log
    is_left = trial.status == "running" and run.is_sealed
    return (
        run.run_id,
        trial.trial_id,
        trial.attempt,
        trial.execution,
        "crashed" if is_left else trial.status,
        trial.score,
        trial.best_epoch,
        _moment(trial.started),
        _moment(trial.ended),
        trial.message,
        trial.parent,
        json.dumps(dict(trial.params), ensure_ascii=False),
    )


def _in_tables(
    tables: Sequence[Table], columns: Iterable[Column]
) -> dict[tuple[str, int | None], dict[str, str]]:
    """Return the params of each (trial, attempt) that a metrics table has rows of."""
    names = [
        (column.original or column.name, column.name)
        for column in columns
        if column.role == "param"
    ]
    found: dict[tuple[str, int | None], dict[str, str]] = {}
    for table in tables:
        if "trial_id" not in table.header:
            continue
        at = {name: place for place, name in enumerate(table.header)}
        for row in table.rows:
            attempt = row[at["attempt"]] if "attempt" in at else ""
            key = row[at["trial_id"]], int(attempt) if attempt.isdecimal() else None
            params = found.setdefault(key, {}) if key[0] else {}
            params |= {
                shown: row[at[name]] for shown, name in names if name in at and row[at[name]]
            }
    return found


def _moment(text: str | None) -> datetime | None:
    moment = parse_time(text) if text else None
    return None if moment is None else moment.replace(tzinfo=None)

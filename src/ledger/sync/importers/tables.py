"""The tables of an imported run, written as the writer would have written them."""

from __future__ import annotations

from ledger.contract.columns import RESERVED, Column, declare
from ledger.contract.metrics import encode_row
from ledger.contract.redaction import redact_text, redact_under
from ledger.contract.trials import COLUMNS, OPTIONAL
from ledger.value import value
from ledger.writer.record_file import time_text
from ledger.writer.scalars import legible, param_cell
from ledger.writer.sweep import MAX_MESSAGE
from ledger.writer.trials_table import column_of


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from ledger.contract.columns import Role
    from ledger.contract.metrics import Cell
    from ledger.sync.importers.sweep import ForeignSweep, ForeignTrial


@value
class Columns:
    """The columns of the metrics table of a sweep, in their order."""

    index: tuple[str, ...]
    params: Mapping[str, Column]
    """By the name that the tool has."""
    rest: Mapping[str, Column]
    """Metrics and texts, in the order of a row's cells."""

    def all(self) -> dict[str, Column]:
        """Return every column by its name in the table."""
        index = {name: Column(name=name, role="index") for name in self.index}
        others = (*self.params.values(), *self.rest.values())
        return index | {column.name: column for column in others}


def columns_of_sweep(sweep: ForeignSweep) -> Columns:
    """Return the columns that the rows of ``sweep`` need."""
    index = [
        name
        for name in RESERVED
        if name == "trial_id" or any(getattr(row, name, None) is not None for row in sweep.rows)
    ]
    taken: dict[str, Column] = {}
    # a metric keeps its name where a param of a trial has the same
    rest = {name: _declare(name, "metric", taken, sweep.goals) for name in sweep.metrics}
    rest |= {name: _declare(name, "meta", taken, {}) for name in sweep.texts}
    names = dict.fromkeys(name for trial in sweep.trials for name in trial.params)
    params = {name: _declare(name, "param", taken, {}) for name in names}
    return Columns(index=tuple(index), params=params, rest=rest)


def metrics_lines(sweep: ForeignSweep, columns: Columns) -> Iterator[bytes]:
    """Yield the lines of metrics.csv, header included."""
    yield encode_row(columns.all())
    texts = sweep.texts
    shown = {
        trial.trial_id: [
            param_cell(name, trial.params[name]) if name in trial.params else None
            for name in columns.params
        ]
        for trial in sweep.trials
    }
    for row in sweep.rows:
        cells = row.cells[: len(sweep.metrics)]
        rest = row.cells[len(sweep.metrics) :]
        plain = (_text(name, cell) for name, cell in zip(texts, rest, strict=True))
        at = (getattr(row, name) for name in columns.index)
        yield encode_row((*at, *shown[row.trial_id], *cells, *plain))


def trials_lines(sweep: ForeignSweep) -> Iterator[bytes]:
    """Yield the lines of trials.csv, header included: one for each trial, as it ended."""
    names = dict.fromkeys(name for trial in sweep.trials for name in trial.params)
    own = (*COLUMNS, *(OPTIONAL if any(trial.parent for trial in sweep.trials) else ()))
    header = (*own, *dict.fromkeys(column_of(legible(name)) for name in names))
    yield encode_row(header)
    for trial in sweep.trials:
        cells = _told(trial) | {
            column_of(legible(name)): param_cell(name, item) for name, item in trial.params.items()
        }
        yield encode_row(cells.get(name) for name in header)


def _told(trial: ForeignTrial) -> dict[str, Cell]:
    return {
        "trial_id": trial.trial_id,
        "attempt": trial.attempt,
        "status": trial.status,
        "score": trial.score,
        "best_epoch": trial.best_epoch,
        "parent": trial.parent,
        "started": _time(trial.started),
        "ended": _time(trial.ended),
        # of a traceback the end says most
        "message": redact_text(trial.message)[-MAX_MESSAGE:] if trial.message else None,
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else time_text(moment)


def _text(name: str, cell: Cell) -> Cell:
    return redact_under(name, cell) if isinstance(cell, str) else cell


def _declare(name: str, role: Role, taken: dict[str, Column], goals: Mapping[str, str]) -> Column:
    text = legible(name)
    column = declare(text, role, taken)
    while not column.name or column.name in taken:  # another name's, or no name at all
        column = Column(name=f"{role}.{column.name}", role=role, original=text)
    goal = goals.get(name)
    if goal is not None:
        column = Column(name=column.name, role=role, original=column.original, goal=goal)
    taken[column.name] = column
    return column

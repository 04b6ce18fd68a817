"""A foreign table as a ledger of one run, so that every question and every format works on it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from ledger.contract.columns import Column, declare
from ledger.contract.layout import month_of, slug
from ledger.contract.metrics import encode_row
from ledger.contract.record import encode_record
from ledger.errors import MalformedError
from ledger.project import Project
from ledger.reader.foreign.decoded import decode
from ledger.reader.foreign.found import find_table
from ledger.reader.foreign.memory_source import MemorySource
from ledger.reader.foreign.roles import infer_roles, number_of, whole_of
from ledger.reader.ledger import Ledger
from ledger.reader.times import parse_time
from ledger.settings import Settings
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ledger.contract.json_text import Json
    from ledger.contract.metrics import Cell
    from ledger.reader.foreign.decoded import Decoded
    from ledger.reader.foreign.found import FoundTable
    from ledger.reader.foreign.roles import Roles

_TOOL = "kt-masterlog"
_WHOLE = ("epoch", "step", "attempt", "execution")
_SHOWN = 6


@value
class ForeignLedger:
    """A ledger made of a foreign table."""

    ledger: Ledger
    said: tuple[str, ...]
    """What was inferred, a line each."""


def open_table(given: Path, now: datetime) -> ForeignLedger:
    """Return the table that ``given`` is as a ledger of one run.

    Args:
        given: a CSV file, a folder with one, or a manifest.
        now: UTC.

    Raises:
        LedgerError: there is no such table.
        MalformedError: located at the file, which is no table of one row per epoch per trial.
    """
    found = find_table(given)
    try:
        table = decode(found.path)
        roles = infer_roles(table, found.meta)
        rows, n_executions = index_rows(table, roles)
    except MalformedError as error:
        raise error.at(found.path) from error
    columns = _columns(roles)
    data = _encoded(table, roles, rows, columns)
    base = min((e for row in rows if isinstance(e := row.get("epoch"), int)), default=None)
    document = _document(found, table, roles, columns, base)
    run_id = str(document["run_id"])
    folder = f"ledger/{month_of(_moment(found))}/{run_id}"
    source = MemorySource(
        {f"{folder}/run.json": encode_record(document), f"{folder}/metrics.csv": data}
    )
    project = Project(root=found.path.parent, settings=Settings(), settings_path=found.path)
    ledger = Ledger(project, source, now)
    return ForeignLedger(ledger=ledger, said=tuple(_said(found, table, roles, base, n_executions)))


def index_rows(table: Decoded, roles: Roles) -> tuple[list[dict[str, Cell]], int]:
    """Return the index cells of every row, and up to how many executions a trial has.

    Epochs that begin again within a trial are another execution of it.

    Raises:
        MalformedError: with the line, for a cell that is no number where one must be.
    """
    at = {ours: table.header.index(name) for ours, name in roles.index.items()}
    has_executions = "execution" in at or "epoch" not in at
    rows: list[dict[str, Cell]] = []
    last: dict[Cell, int] = {}
    executions: dict[Cell, int] = {}
    for line, row in enumerate(table.rows, 2):
        cells: dict[str, Cell] = {}
        for ours, place in at.items():
            cells[ours] = _index_cell(ours, row[place], line)
        epoch = cells.get("epoch")
        if not has_executions and isinstance(epoch, int):
            trial = cells.get("trial_id")
            executions.setdefault(trial, 0)
            executions[trial] += trial in last and epoch <= last[trial]
            last[trial] = epoch
            cells["execution"] = executions[trial]
        rows.append(cells)
    n_executions = max(executions.values(), default=0) + 1
    if n_executions == 1 and not has_executions:
        for cells in rows:
            cells.pop("execution", None)
    return rows, n_executions


def _index_cell(name: str, cell: str, line: int) -> Cell:
    if name == "trial_id":
        return cell
    number = whole_of(cell) if name in _WHOLE else number_of(cell)
    if number is None and cell:
        message = f"{cell[:40]!r} is no {name}"
        raise MalformedError(message, line=line, hint="mend the line, or leave it out")
    return number


def _columns(roles: Roles) -> dict[str, Column]:
    """Return how each column of the foreign table is called in ours, by its own name."""
    found: dict[str, Column] = {}
    taken: dict[str, Column] = {}
    for name, role in roles.by_column().items():
        found[name] = declare(name, role, taken)
        taken[found[name].name] = found[name]
    return found


def _encoded(
    table: Decoded, roles: Roles, rows: list[dict[str, Cell]], columns: Mapping[str, Column]
) -> bytes:
    index = [
        name
        for name in ("trial_id", "attempt", "execution", "epoch", "step", "time")
        if any(name in row for row in rows)
    ]
    at = {name: place for place, name in enumerate(table.header)}
    metrics = frozenset(roles.metrics)

    def lines() -> Iterator[bytes]:
        yield encode_row((*index, *(column.name for column in columns.values())))
        for about, row in zip(rows, table.rows, strict=True):
            own = (
                number_of(row[at[name]]) if name in metrics else row[at[name]] for name in columns
            )
            yield encode_row((*(about.get(name) for name in index), *own))

    return b"".join(lines())


def _document(
    found: FoundTable,
    table: Decoded,
    roles: Roles,
    columns: Mapping[str, Column],
    base: int | None,
) -> dict[str, Json]:
    """Return the record of the one run; what its metrics came to is read from its table."""
    declared = {column.name: column for column in columns.values()}
    index = (*roles.index, "execution")
    declared |= {name: Column(name=name, role="index") for name in index if name not in declared}
    digest = hashlib.sha256(found.path.read_bytes()).hexdigest()
    at = {name: place for place, name in enumerate(table.header)}
    trial = at.get(roles.index.get("trial_id", ""))
    n_trials = 0 if trial is None else len({row[trial] for row in table.rows})
    meta = {name: table.rows[0][at[name]] for name in roles.meta}
    return {
        "schema_version": 1,
        "run_id": slug(found.path.stem),
        "name": found.path.stem,
        "status": found.status,
        "timestamp": {"start": _moment(found).isoformat(), "end": found.ended},
        "git": {"commit": None, "dirty": None},
        "config": {"resolved": {**dict(found.about), **meta}},
        "data": None,
        "environment": {},
        "random": {},
        "metrics": {},
        "artifacts": {},
        "columns": {name: column.to_json() for name, column in declared.items()},
        "objective": None
        if found.objective is None
        else {"metric": found.objective[0], "goal": found.objective[1]},
        "sweep": {"tuner": _TOOL if found.is_of_tool else None, "n_trials": n_trials},
        "imported_from": {
            "tool": _TOOL if found.is_of_tool else "csv",
            "uri": found.path.name,
            "digest": f"sha256:{digest}",
            "epoch_base": base,
        },
    }


def _moment(found: FoundTable) -> datetime:
    """Return when the sweep started; the time of the file where nothing says."""
    started = parse_time(found.started) if found.started else None
    return started or datetime.fromtimestamp(found.path.stat().st_mtime, tz=UTC)


def _said(
    found: FoundTable, table: Decoded, roles: Roles, base: Cell, n_executions: int
) -> Iterator[str]:
    trials = (
        f", trials by {roles.index['trial_id']}" if "trial_id" in roles.index else ", no trials"
    )
    yield (
        f"{found.path.name}: {len(table.rows)} rows{trials}; "
        f"params {_names(roles.params)}; metrics {_names(roles.metrics)}"
        + (f"; neither {_names(roles.meta)}" if roles.meta else "")
        + (f"; epochs from {base}" if base is not None else "")
    )
    if n_executions > 1:
        yield (
            f"{found.path.name}: epochs begin again within a trial: "
            f"read as up to {n_executions} executions of it, in the order of the rows"
        )
    if table.said:
        yield f"{found.path.name}: {'; '.join(table.said)}"


def _names(names: tuple[str, ...]) -> str:
    if not names:
        return "none"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more

"""Past sweeps of kt-masterlog: its table of curves, with the project folder of the search.

Its table lacks what a trial chose late and how trials ended; the folder has both. The epochs begin
with 1, and stay as they are.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

from ledger.contract.json_text import as_text
from ledger.errors import LedgerError, MalformedError
from ledger.reader.foreign.decoded import decode
from ledger.reader.foreign.found import find_table
from ledger.reader.foreign.opened import index_rows
from ledger.reader.foreign.roles import infer_roles, number_of
from ledger.reader.times import parse_time
from ledger.sync.importers import keras_tuner
from ledger.sync.importers.sweep import ForeignRow, ForeignSweep, ForeignTrial, digest_of
from ledger.sync.importers.tuner_files import is_project, read_search
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from ledger.contract.columns import Role
    from ledger.contract.metrics import Cell
    from ledger.reader.foreign.decoded import Decoded
    from ledger.reader.foreign.found import FoundTable
    from ledger.reader.foreign.roles import Roles
    from ledger.sync.importers.tuner_files import TunedSearch

TOOL = "kt-masterlog"
_ENDING = "_master_log.csv"
_TRUTH = {"True": True, "False": False}


@value
class _Logged:
    """The table, and what each of its columns is."""

    found: FoundTable
    table: Decoded
    roles: Roles
    index: Sequence[Mapping[str, Cell]]
    """Of each row: trial_id, epoch, execution and so on."""
    said: tuple[str, ...]

    def places(self, names: Sequence[str]) -> list[int]:
        """Return where the columns ``names`` stand in a row."""
        return [self.table.header.index(name) for name in names]


def table_of(project: Path) -> Path | None:
    """Return the table that kt-masterlog wrote beside the ``project`` folder, None without one."""
    tables = sorted(project.parent.glob(f"*{_ENDING}"))
    own = [table for table in tables if table.name == f"{project.name}{_ENDING}"]
    return next((table for table in [*own, *tables] if _is_of(table, project)), None)


def read_table(given: Path, shown: str, registry: Path | None = None) -> ForeignSweep:
    """Return the sweep of ``given``: a table, its manifest, or a folder with one table.

    Args:
        given: the path.
        shown: the search's project folder, or the table without one, as the record shows it.
        registry: where kt-masterlog keeps its manifests.

    Raises:
        LedgerError: there is no such table, or a file beside it cannot be read.
        MalformedError: a file does not hold what its tool writes.
    """
    found = find_table(given, registry)
    folder = project_of(found)
    search = read_search(folder) if folder else None
    logged = _logged(found, search)
    before = keras_tuner.sweep_of(search, shown) if search else _alone(logged, shown)
    curves = _curves(logged, search)
    told = _from_tool(found, before, _constants(logged))
    objective = told.get("objective", before.objective)
    parts = [*(search.parts if search else ()), ("master.csv", found.path.read_bytes())]
    return ForeignSweep(
        **{
            **as_dict(before),
            **curves,
            **told,
            "tool": TOOL,
            "digest": digest_of(parts),
            "trials": _trials(before.trials, logged, curves["rows"], objective),
            "said": (*before.said, *logged.said),
        }
    )


def project_of(found: FoundTable) -> Path | None:
    """Return the project folder of the search beside its table, None without one."""
    name = as_text(found.about.get("project_name")) or found.path.name.removesuffix(_ENDING)
    folder = found.path.parent / name
    is_inside = folder.parent == found.path.parent and not folder.is_symlink()
    return folder if name and is_inside and folder.is_dir() and is_project(folder) else None


def _is_of(table: Path, project: Path) -> bool:
    """Whether ``table`` is of the search in ``project``, as its config says, or its name."""
    try:
        return table.is_file() and project_of(find_table(table)) == project
    except LedgerError:
        return table.name == f"{project.name}{_ENDING}"  # what is wrong is told when it is read


def _logged(found: FoundTable, search: TunedSearch | None) -> _Logged:
    try:
        table = decode(found.path)
        roles = _roles(table, found, search)
        rows, n_executions = index_rows(table, roles)
    except MalformedError as error:
        raise error.at(found.path) from error
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise LedgerError(message, hint="mend the permissions", path=found.path) from error
    said = [*table.said]
    if n_executions > 1:
        said.append(f"epochs begin again within a trial: up to {n_executions} executions of it")
    return _Logged(found=found, table=table, roles=roles, index=rows, said=tuple(said))


def _roles(table: Decoded, found: FoundTable, search: TunedSearch | None) -> Roles:
    """Return what each column is: as the project folder says, and inferred where it says nothing.

    Raises:
        MalformedError: no column tells trials apart, or none is a metric.
    """
    known: dict[str, Role] = {}
    for trial in search.trials if search else ():
        known |= dict.fromkeys(trial.params, "param")
    for trial in search.trials if search else ():
        known |= dict.fromkeys(trial.metrics, "metric")  # the tool writes it over a param
    roles = infer_roles(table, found.meta, known)
    if "trial_id" not in roles.index:
        message = "has no column trial_id"
        raise MalformedError(message, line=1, hint="give the table of a sweep")
    return roles


def _curves(logged: _Logged, search: TunedSearch | None) -> dict[str, Any]:
    """Return the fields of a sweep that the rows of the table decide."""
    metrics, texts = logged.roles.metrics, _varying(logged)
    attempts = {t.trial_id: search.attempt_of(t.trial_id) for t in search.trials} if search else {}
    at_metrics, at_texts = logged.places(metrics), logged.places(texts)
    rows = []
    for line, (index, row) in enumerate(zip(logged.index, logged.table.rows, strict=True), 2):
        numbers = [_number(logged, row, place, line) for place in at_metrics]
        trial_id = str(index["trial_id"])
        rows.append(
            ForeignRow(
                trial_id=trial_id,
                attempt=attempts.get(trial_id, 0),
                execution=_whole(index.get("execution")),
                epoch=_whole(index.get("epoch")),
                step=_whole(index.get("step")),
                cells=(*numbers, *(row[place] for place in at_texts)),
            )
        )
    base = min((row.epoch for row in rows if row.epoch is not None), default=None)
    return {"rows": rows, "metrics": metrics, "texts": texts, "epoch_base": base}


def _constants(logged: _Logged) -> dict[str, str]:
    """Return the texts that are the same in all rows: they describe the sweep."""
    varying = _varying(logged)
    names = [name for name in logged.roles.meta if name not in varying]
    row = logged.table.rows[0]  # a table without rows has no metric, and was refused
    return {name: row[place] for name, place in zip(names, logged.places(names), strict=True)}


def _varying(logged: _Logged) -> tuple[str, ...]:
    names = logged.roles.meta
    seen = [{row[place] for row in logged.table.rows} for place in logged.places(names)]
    return tuple(name for name, cells in zip(names, seen, strict=True) if len(cells) > 1)


def _number(logged: _Logged, row: Sequence[str], place: int, line: int) -> float | None:
    number = number_of(row[place])
    if number is None and row[place]:
        message = f"{logged.table.header[place]}: {row[place][:40]!r} is not a number"
        hint = "mend the line, or leave it out"
        raise MalformedError(message, line=line, hint=hint, path=logged.found.path)
    return number


def _whole(cell: Cell) -> int | None:
    return cell if isinstance(cell, int) else None


def _trials(
    known: Sequence[ForeignTrial],
    logged: _Logged,
    rows: Sequence[ForeignRow],
    objective: tuple[str, str] | None,
) -> tuple[ForeignTrial, ...]:
    """Return the trials with the best epochs as the rows number them.

    The tool's own is the mean over executions, counted from where the trial began.
    """
    names = {each.trial_id for each in known}
    found = [*known, *(each for each in _in_table(logged) if each.trial_id not in names)]
    best = _best_epochs(logged.roles.metrics, rows, objective)
    return tuple(
        ForeignTrial(**{**as_dict(each), "best_epoch": best.get(each.trial_id)})  # type: ignore[arg-type]  # its own fields
        for each in found
    )


def _best_epochs(
    metrics: Sequence[str], rows: Sequence[ForeignRow], objective: tuple[str, str] | None
) -> dict[str, int | None]:
    """Return the epoch of the first row with the best finite value of the objective, by trial."""
    if objective is None or objective[0] not in metrics:
        return {}
    place, sign = metrics.index(objective[0]), -1 if objective[1] == "max" else 1
    best: dict[str, tuple[float, int | None]] = {}
    for row in rows:
        cell = row.cells[place]
        if isinstance(cell, float) and math.isfinite(cell):
            number = sign * cell
            if row.trial_id not in best or number < best[row.trial_id][0]:
                best[row.trial_id] = number, row.epoch
    return {trial_id: epoch for trial_id, (_, epoch) in best.items()}


def _in_table(logged: _Logged) -> list[ForeignTrial]:
    """Return the trials that the table has rows of, with the params of their first row."""
    names = logged.roles.params
    places = logged.places(names)
    trials: dict[str, ForeignTrial] = {}
    for index, row in zip(logged.index, logged.table.rows, strict=True):
        trial_id = str(index["trial_id"])
        if trial_id not in trials:
            cells = zip(names, (row[place] for place in places), strict=True)
            params = {name: _TRUTH.get(cell, cell) for name, cell in cells if cell}
            trials[trial_id] = ForeignTrial(trial_id=trial_id, params=params)
    return list(trials.values())


def _from_tool(
    found: FoundTable, before: ForeignSweep, constants: Mapping[str, str]
) -> dict[str, Any]:
    """Return what the tool's own config and manifest say."""
    about = dict(found.about)
    told: dict[str, Any] = {"config": {**before.config, **constants, **about}}
    if found.objective is not None:
        told["objective"] = found.objective
    if isinstance(about.get("max_trials"), int):
        told["max_trials"] = about["max_trials"]
    if before.tuner is None:
        told["tuner"] = as_text(about.get("strategy"))
    started = parse_time(found.started) if found.started else None
    if started is not None:
        ended = parse_time(found.ended) if found.ended else None
        told |= {"started": started, "ended": ended, "are_times_said": True}
    if found.status != "finished":
        told["status"] = found.status
    return told


def _alone(logged: _Logged, shown: str) -> ForeignSweep:
    """Return the sweep of which there is nothing but the table."""
    name = logged.found.path.name.removesuffix(".csv").removesuffix("_master_log")
    return ForeignSweep(
        tool=TOOL,
        name=name,
        uri=shown,
        id=name,
        digest="",
        trials=(),
        rows=(),
        metrics=(),
        started=datetime.fromtimestamp(logged.found.path.stat().st_mtime, tz=UTC),
        are_times_said=False,
        said=(
            "how trials ended is not known: no project folder of the search is beside its table",
        ),
    )

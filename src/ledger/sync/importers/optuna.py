"""Studies of Optuna, from whatever storage it can open; Optuna itself reads them."""

from __future__ import annotations

import functools
import os
from datetime import UTC
from pathlib import Path
from urllib.parse import quote, unquote

from ledger.contract.config import to_json
from ledger.contract.json_text import as_text, dump_canonical
from ledger.contract.redaction import redact_text
from ledger.errors import LedgerError, UnknownNameError
from ledger.sync.importers.json_file import as_number
from ledger.sync.importers.sweep import (
    ForeignRow,
    ForeignSweep,
    ForeignTrial,
    Source,
    digest_of,
    shown_address,
    shown_uri,
)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from ledger.contract.metrics import Cell
    from ledger.sync.importers.sweep import Around

TOOL = "optuna"
REPORTED = "intermediate_value"
"""The metric that holds what a trial reports on its way: it is not the objective's own value."""
_SQLITE = "sqlite:///"
_SQLITE_MARK = b"SQLite format 3\0"
_RUN_ID = "ledger.run_id"
"""The user attribute of a study that names the run which recorded it while it ran."""
_GOALS = {"MINIMIZE": "min", "MAXIMIZE": "max"}
_STATUSES = {
    "COMPLETE": "finished",
    "PRUNED": "pruned",
    "FAIL": "failed",
    "RUNNING": "interrupted",
}
_SHOWN = 5


def study_sources(address: str, study: str | None, around: Around) -> list[Source]:
    """Return the studies in a storage.

    Args:
        address: the URL of a database, or the path of a SQLite file or of a journal.
        study: the name of the only one wanted; None for all.
        around: what is known of this machine.

    Raises:
        LedgerError: Optuna is not installed, or cannot open the storage.
        UnknownNameError: there is no study, or none of this name.
    """
    path = _file_of(address)
    uri = shown_address(address) if path is None else shown_uri(path, around)
    storage = _open(address, path, uri)
    names = _asked(uri, lambda: [each.study_name for each in storage.get_all_studies()])
    if study is not None and study not in names:
        message = f"{uri} holds no study {study!r}"
        known = ", ".join(sorted(names)[:_SHOWN]) or "none"
        raise UnknownNameError(message, hint=f"it holds {known}")
    if not names:
        message = f"{uri} holds no study"
        raise UnknownNameError(message, hint="give the storage that the study was created with")
    return [
        Source(shown=f"{uri}, study {name}", read=functools.partial(_read, storage, str(name), uri))
        for name in ([study] if study is not None else names)
    ]


def sweep_of(study: Any, uri: str) -> ForeignSweep:  # noqa: ANN401  # Optuna is not typed here
    """Return ``study`` as a sweep: a row for each reported value, and one for what came out.

    Raises:
        LedgerError: no trial of it has begun, or Optuna cannot read them.
    """
    known = _asked(uri, lambda: study.get_trials(deepcopy=False))
    trials = [each for each in known if each.state.name in _STATUSES]
    if not trials:
        message = f"study {study.study_name} has no trial yet"
        raise LedgerError(message, hint="import it once it has run", path=uri)
    names = _names(study)
    given = [_GOALS.get(each.name) for each in study.directions]
    goals = {name: goal for name, goal in zip(names, given, strict=True) if goal}
    is_single = len(names) == 1 and len(goals) == 1
    reported = {REPORTED: goals[names[0]]} if is_single else {}
    metrics, texts = _columns(trials, names)
    starts = [each.datetime_start for each in trials if each.datetime_start]
    ends = [each.datetime_complete for each in trials if each.datetime_complete]
    waiting = [str(each.number) for each in trials if each.state.name == "RUNNING"]
    return ForeignSweep(
        tool=TOOL,
        name=str(study.study_name),
        uri=uri,
        id=str(study.study_name),
        digest=_digest(study, trials, names),
        trials=tuple(_trial(each, is_single=is_single) for each in trials),
        rows=[row for each in trials for row in _rows(each, names, metrics, texts)],
        metrics=metrics,
        texts=texts,
        goals={**goals, **reported},
        objective=(names[0], goals[names[0]]) if is_single else None,
        why_no_objective=f"the study has {len(names)} objectives; each column has its own goal",
        space=_space(trials),
        about={"user_attrs": dict(study.user_attrs)} if study.user_attrs else {},
        status="interrupted" if waiting else "finished",
        started=_utc(min(starts)),
        ended=_utc(max(ends)) if ends and not waiting else None,
        said=_waiting_told(waiting),
        recorded_as=as_text(study.user_attrs.get(_RUN_ID)),
    )


def _file_of(address: str) -> Path | None:
    """Return the file that ``address`` is, or is the URL of; None for a server's database."""
    if address.startswith(_SQLITE):
        return Path(unquote(address.removeprefix(_SQLITE).partition("?")[0]))
    return None if "://" in address else Path(address)


def _open(address: str, path: Path | None, uri: str) -> Any:  # noqa: ANN401
    """Return the storage; a file is only read, and none is made where there is none."""
    if path is not None and not path.is_file():
        message = "no such file"
        raise LedgerError(message, hint="give a SQLite file, a journal or a URL", path=path)
    try:
        from optuna import storages
        from optuna.storages import journal
    except ImportError as error:
        message = "Optuna is not installed"
        hint = "pip install 'experiment-ledger[optuna]'"
        raise LedgerError(message, hint=hint) from error
    if path is None:
        return _asked(uri, lambda: storages.RDBStorage(address, skip_table_creation=True))
    with path.open("rb") as file:
        is_sqlite = file.read(len(_SQLITE_MARK)) == _SQLITE_MARK
    if not is_sqlite:
        backend = journal.JournalFileBackend(str(path))
        return _asked(uri, lambda: storages.JournalStorage(backend))
    url = f"{_SQLITE}file:{quote(os.path.abspath(path))}?mode=ro&uri=true"
    return _asked(uri, lambda: storages.RDBStorage(url, skip_table_creation=True))


def _asked(uri: str, ask: Any) -> Any:  # noqa: ANN401  # whatever Optuna returns
    """Return what ``ask`` gives; what goes wrong below Optuna is one line.

    Raises:
        LedgerError: it did.
    """
    try:
        return ask()
    except Exception as error:  # its drivers raise what they like
        told = " ".join(redact_text(str(error)).split())[:200]
        message = f"cannot be read by Optuna: {type(error).__name__}: {told}"
        hint = "check the address; an old storage needs `optuna storage upgrade`"
        raise LedgerError(message, hint=hint, path=uri) from error


def _read(storage: Any, name: str, uri: str) -> ForeignSweep:  # noqa: ANN401
    import optuna

    study = _asked(uri, lambda: optuna.load_study(study_name=name, storage=storage))
    return sweep_of(study, uri)


def _names(study: Any) -> list[str]:  # noqa: ANN401
    """Return the names of the objectives; where none were set those of Optuna's own tables."""
    if study.metric_names:
        return [str(name) for name in study.metric_names]
    n = len(study.directions)
    return ["value"] if n == 1 else [f"values_{place}" for place in range(n)]


def _columns(
    trials: Sequence[Any], names: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the metrics, and what else users noted of trials."""
    reported = [REPORTED] if any(each.intermediate_values for each in trials) else []
    items = [pair for each in trials for pair in each.user_attrs.items()]
    others = {name for name, item in items if as_number(item) is None}
    noted = dict.fromkeys(name for name, _ in items)
    metrics = tuple(dict.fromkeys([*names, *reported, *(n for n in noted if n not in others)]))
    return metrics, tuple(name for name in noted if name not in metrics)


def _rows(
    trial: Any,  # noqa: ANN401
    names: Sequence[str],
    metrics: Sequence[str],
    texts: Sequence[str],
) -> Iterator[ForeignRow]:
    """Yield a row for each value that ``trial`` reported, then one of what came out of it."""

    def row(step: int | None, cells: Mapping[str, Cell]) -> ForeignRow:
        return ForeignRow(
            trial_id=str(trial.number),
            attempt=0,
            execution=None,
            epoch=None,
            step=step,
            cells=tuple(cells.get(name) for name in (*metrics, *texts)),
        )

    for step, number in sorted(trial.intermediate_values.items()):
        yield row(step, {REPORTED: float(number)})
    found = zip(names, trial.values or (), strict=False) if trial.state.name == "COMPLETE" else ()
    noted = trial.user_attrs
    cells: dict[str, Cell] = {name: as_number(noted[name]) for name in metrics if name in noted}
    cells |= {name: _text(noted[name]) for name in texts if name in noted}
    cells |= {name: float(number) for name, number in found}
    if cells:
        yield row(None, cells)


def _text(item: object) -> str:
    return item if isinstance(item, str) else dump_canonical(to_json(item)).decode("ascii")


def _trial(trial: Any, *, is_single: bool) -> ForeignTrial:  # noqa: ANN401
    is_scored = is_single and trial.state.name == "COMPLETE"
    return ForeignTrial(
        trial_id=str(trial.number),
        # a choice that is None is a choice like others: it has no empty cell
        params={n: "None" if item is None else item for n, item in trial.params.items()},
        status=_STATUSES[trial.state.name],
        score=float(trial.values[0]) if is_scored else None,
        started=_utc(trial.datetime_start) if trial.datetime_start else None,
        ended=_utc(trial.datetime_complete) if trial.datetime_complete else None,
        message=_message(trial),
    )


def _message(trial: Any) -> str | None:  # noqa: ANN401
    if trial.state.name == "FAIL":
        return str(trial.system_attrs.get("fail_reason") or "") or None
    if trial.state.name != "PRUNED":
        return None
    step = trial.last_step
    if step is None:
        return "pruned"
    return f"pruned at step {step}: {REPORTED} {trial.intermediate_values[step]}"


def _space(trials: Sequence[Any]) -> dict[str, object]:
    """Return what each param may be, by name, as a live study records it."""
    return {
        name: {
            "type": type(each).__name__,
            **{key.lstrip("_"): item for key, item in vars(each).items() if item is not None},
        }
        for trial in trials
        for name, each in trial.distributions.items()
    }


def _digest(study: Any, trials: Sequence[Any], names: Sequence[str]) -> str:  # noqa: ANN401
    """Return the digest over what the study holds; not its times, which have no zone."""
    whole = {
        "study": study.study_name,
        "names": names,
        "directions": [each.name for each in study.directions],
        "user_attrs": study.user_attrs,
        "trials": [
            {
                "number": each.number,
                "state": each.state.name,
                "values": each.values,
                "params": each.params,
                "reported": {str(step): item for step, item in each.intermediate_values.items()},
                "user_attrs": each.user_attrs,
            }
            for each in trials
        ],
        "space": _space(trials),
    }
    return digest_of([("study", dump_canonical(to_json(whole)))])


def _waiting_told(waiting: Sequence[str]) -> tuple[str, ...]:
    if not waiting:
        return ()
    return (f"{len(waiting)} trials had not ended: {', '.join(waiting[:_SHOWN])}",)


def _utc(moment: datetime) -> datetime:
    """Return a local time, as Optuna has them, in UTC."""
    return moment.astimezone(UTC)

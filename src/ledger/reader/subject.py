"""What is compared: a run, or one trial of a sweep as if it were a run of its own."""

from __future__ import annotations

import json

from ledger.contract.json_text import as_object, as_text
from ledger.contract.metrics import rows_of_trial
from ledger.contract.record import RunRecord
from ledger.errors import UnknownNameError
from ledger.reader.facts import of_cell
from ledger.reader.index import open_index
from ledger.reader.index.tables import TRIALS
from ledger.reader.index.trial_rows import trial_rows
from ledger.reader.ledger import StoredRun
from ledger.reader.names import nearest
from ledger.reader.reference import find_run
from ledger.reader.stats import run_columns
from ledger.value import as_dict


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.contract.json_text import Json
    from ledger.reader.ledger import Ledger

SIGN = "#"
"""Between a sweep and its trial: no run id holds one."""
_SHOWN = 5
_NAMED = "SELECT 1 FROM runs WHERE starts_with(lower(name), $start) LIMIT 1"


def find_subject(ledger: Ledger, reference: str) -> StoredRun:
    """Return the run that ``reference`` names, or the trial: ``RUN#TRIAL``.

    A run whose name begins so goes before a trial.

    Raises:
        UnknownNameError: no run, or several, are called so, or the run has no such trial.
        MalformedError: its record does not follow the format; of a trial, also its tables.
    """
    head, sign, trial_id = reference.rpartition(SIGN)
    if not sign or not head or open_index(ledger).rows(_NAMED, {"start": reference.casefold()}):
        return find_run(ledger, reference)
    return trial_of(ledger, find_run(ledger, head), trial_id)


def trial_of(ledger: Ledger, run: StoredRun, trial_id: str) -> StoredRun:
    """Return one trial of the sweep ``run``: its rows, and its params over the run's config.

    Raises:
        UnknownNameError: the run has no such trial.
        MalformedError: located at a table or a log that does not follow the format.
    """
    tables = ledger.tables(run)
    rows = trial_rows(ledger, run, tables, run_columns(run, tables))
    trials = [dict(zip(TRIALS.names, row, strict=True)) for row in rows]
    attempts = [each for each in trials if each["trial_id"] == trial_id]
    if not attempts:
        raise _unknown(run, trial_id, [str(each["trial_id"]) for each in trials])
    attempts.sort(key=_order)
    texts: dict[str, str] = {}
    for each in attempts:
        texts |= json.loads(str(each["params"]))
    document = {key: item for key, item in run.record.document.items() if key != "summary"}
    config = as_object(document.get("config"))
    resolved = as_object(config.get("resolved"))
    for name, text in texts.items():
        resolved = _overlaid(resolved, name, of_cell(text))
    document |= {
        "run_id": f"{run.run_id}{SIGN}{trial_id}",
        "status": as_text(attempts[-1]["status"]) or run.record.status,  # type: ignore[arg-type]  # a cell
        "config": config | {"resolved": resolved},
        "metrics": {},
        "stated": [],
    }
    about = as_dict(run) | {
        "record": RunRecord(document=document),
        "trial_id": trial_id,
        "trial_tables": tuple(rows_of_trial(tables, trial_id)),
    }
    return StoredRun(**about)  # type: ignore[arg-type]  # its own fields


def _order(attempt: Mapping[str, object]) -> tuple[int, str]:
    number = attempt["attempt"]
    return (number if isinstance(number, int) else -1, str(attempt["started"] or ""))


def _overlaid(config: Mapping[str, Json], name: str, item: Json) -> dict[str, Json]:
    """Return ``config`` with a trial's param; ``a.b`` goes into ``a`` where that is an object."""
    step, dot, rest = name.partition(".")
    below = config.get(step)
    if dot and name not in config and isinstance(below, dict):
        return {**config, step: _overlaid(below, rest, item)}
    return {**config, name: item}


def _unknown(run: StoredRun, trial_id: str, known: Sequence[str]) -> UnknownNameError:
    names = list(dict.fromkeys(known))
    if not names:
        message = f"{run.run_id} has no trials: it is no sweep"
        return UnknownNameError(message, hint="name the run alone")
    near = nearest(trial_id, names) or names[:_SHOWN]
    message = f"{run.run_id} has no trial {trial_id!r}"
    return UnknownNameError(message, hint=f"did you mean {' or '.join(near)}?")

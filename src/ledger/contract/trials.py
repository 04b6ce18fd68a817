"""trials.csv: what became of every trial of a sweep.

An event log: a line when an attempt at a trial starts, one when it ends. Of the lines of one
attempt the last non-empty cell of each column counts; a last line without a newline does not exist
yet.
"""

from __future__ import annotations

import math

from ledger.contract.metrics import decode_table, parse_number
from ledger.errors import MalformedError
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ledger.contract.json_text import Json

COLUMNS = (
    *("trial_id", "attempt", "execution", "status", "score"),
    *("best_epoch", "started", "ended", "message"),
)
"""The columns of every log."""
OPTIONAL = ("parent",)
"""Columns of a log that has something to say there; every other one is a param of the trial."""


@value
class Trial:
    """One attempt at a trial."""

    trial_id: str
    """Text: ``00`` is not ``0``."""
    attempt: int | None
    execution: int | None
    status: str | None
    """running until the attempt ends."""
    score: float | None
    """What the tuner said."""
    best_epoch: int | None
    started: str | None
    """ISO 8601; so is ``ended``."""
    ended: str | None
    message: str | None
    parent: str | None
    """The trial that this one continues, in the same sweep; None for one that begins anew."""
    params: Mapping[str, str]
    """By name, as the table holds them; those without a value are left out."""


def decode_trials(data: bytes) -> list[Trial]:
    """Return the attempts in the order in which they started.

    Raises:
        MalformedError: as ``decode_table``; there is no column trial_id, or a cell of a number is
            none.
    """
    table = decode_table(data)
    if not table.header:
        return []
    if "trial_id" not in table.header:
        message = "has no column trial_id"
        raise MalformedError(message, line=1)
    attempts: dict[tuple[str, str], dict[str, str]] = {}
    for row in table.rows:
        cells = {name: cell for name, cell in zip(table.header, row, strict=True) if cell}
        key = cells.get("trial_id", ""), cells.get("attempt", "")
        attempts[key] = attempts.get(key, {}) | cells
    return [_trial(cells) for (trial_id, _), cells in attempts.items() if trial_id]


def is_own(column: str) -> bool:
    """Whether ``column`` is one of the log itself, and no param of the trials."""
    return column in COLUMNS or column in OPTIONAL


def sum_up(trials: Iterable[Trial], goal: str | None) -> dict[str, Json]:
    """Return what ``sweep`` in run.json says of ``trials``: how many, how many failed, the best.

    Of several attempts at a trial the last counts. The best is the trial whose finite score is best
    as ``goal`` (min or max) has it, the one that started first of equal ones; None where no score
    is finite or no goal is known.
    """
    last: dict[str, Trial] = {}
    for trial in trials:
        last[trial.trial_id] = trial
    sign = -1 if goal == "max" else 1
    scored = [
        (sign * each.score, name)
        for name, each in last.items()
        if each.score is not None and math.isfinite(each.score)
    ]
    best = min(scored, key=lambda pair: pair[0], default=None) if goal else None
    return {
        "n_trials": len(last),
        "n_failed": sum(each.status == "failed" for each in last.values()),
        "best_trial": best[1] if best else None,
    }


def _trial(cells: Mapping[str, str]) -> Trial:
    score = cells.get("score")
    return Trial(
        trial_id=cells["trial_id"],
        attempt=_whole("attempt", cells),
        execution=_whole("execution", cells),
        status=cells.get("status"),
        score=None if score is None else parse_number("score", score),
        best_epoch=_whole("best_epoch", cells),
        started=cells.get("started"),
        ended=cells.get("ended"),
        message=cells.get("message"),
        parent=cells.get("parent"),
        params={name: cell for name, cell in cells.items() if not is_own(name)},
    )


def _whole(name: str, cells: Mapping[str, str]) -> int | None:
    cell = cells.get(name)
    if cell is None:
        return None
    number = parse_number(name, cell)
    if not number.is_integer():
        message = f"{cell[:40]!r} is not a whole number"
        raise MalformedError(message, field=name)
    return int(number)

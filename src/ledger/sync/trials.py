"""The trials of a sweep as subjects of their own: what each tried, and what came of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from ledger.contract.redaction import redact_text
from ledger.reader.facts import of_cell
from ledger.sync.subject import Subject, best_of_rows
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ledger.sync.rows import Row

MAX_TRIALS = 1000
"""A tracker makes a run of each trial, several requests or a tenth of a second each."""


@value
class Setting:
    """The run whose trials they are."""

    run_id: str
    status: str
    started_ms: int
    ended_ms: int


def trials_of(
    attempts: Iterable[tuple[Any, ...]],
    rows: Mapping[str | None, tuple[Row, ...]],
    goals: Mapping[str, str],
    setting: Setting,
) -> tuple[tuple[Subject, ...], tuple[str, ...]]:
    """Return the trials of a sweep as they started, and a line that says how many are left out.

    Args:
        attempts: a row for each, as ``curve_rows`` has them; of a trial the last one counts.
        rows: those of each trial, by its id.
        goals: min or max, of the metrics of which it is known.
        setting: the run.
    """
    last = {str(attempt[1]): attempt for attempt in attempts}
    chosen = list(last)[:MAX_TRIALS]
    left_out = len(last) - len(chosen)
    warnings = (
        (f"the first {MAX_TRIALS} of {len(last)} trials; trials.csv has all of them",)
        if left_out
        else ()
    )
    subjects = (_trial(last[each], rows.get(each, ()), goals, setting) for each in chosen)
    return tuple(subjects), warnings


def _trial(
    attempt: tuple[Any, ...],
    rows: tuple[Row, ...],
    goals: Mapping[str, str],
    setting: Setting,
) -> Subject:
    _, trial_id, number, _, status, score, best_epoch, started, ended, *rest = attempt
    message, parent, params = rest
    times = [row.time_ms for row in rows]
    begun = _ms(started, min(times, default=setting.started_ms))
    said = {
        "ledger.attempt": None if number is None else str(number),
        "ledger.best_epoch": None if best_epoch is None else str(best_epoch),
        "ledger.message": message,
        "ledger.parent_trial": parent,
    }
    return Subject(
        name=f"{setting.run_id}#{trial_id}",
        trial_id=trial_id,
        status=_status(status, setting.status),
        started_ms=begun,
        ended_ms=max(_ms(ended, max(times, default=setting.ended_ms)), begun),
        params={name: of_cell(text) for name, text in json.loads(params).items()},
        rows=rows,
        finals={} if score is None else {"score": float(score)},
        best=tuple(best_of_rows(rows, goals)),
        tags={key: redact_text(text) for key, text in said.items() if text},
    )


def _status(status: str | None, of_run: str) -> str:
    """Return a trial's status; one that never ended shares the fate of its run."""
    if status == "pruned":  # ended early because it was worse: no tracker has a word for it
        return "finished"
    if status in {"failed", "crashed", "interrupted", "finished"}:
        return status or ""
    return "crashed" if status == "running" and of_run == "finished" else of_run


def _ms(moment: datetime | None, otherwise: int) -> int:
    return otherwise if moment is None else round(moment.replace(tzinfo=UTC).timestamp() * 1000)

"""Trials of sweeps: which there are, and the list of them."""

from __future__ import annotations

from ledger.reader.answers import Answer
from ledger.reader.asking.bound import Bound
from ledger.reader.asking.keys import LATEST_TRIALS
from ledger.reader.asking.rows import TrialRow
from ledger.reader.facts import of_cell


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from ledger.contract.json_text import Json
    from ledger.reader.asking.asked import Asked
    from ledger.reader.index import Index
    from ledger.reader.question.values import Listing

SUBJECTS = f"""
    SELECT * FROM ({LATEST_TRIALS}) UNION ALL BY NAME
    SELECT DISTINCT run_id, trial_id FROM metrics m WHERE trial_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM trials WHERE trials.run_id = m.run_id AND trials.trial_id = m.trial_id
    )"""  # noqa: S608  # our names
"""Every trial, one row each: as its last attempt ended, or only its name where rows alone tell."""
_FIELDS = (
    *("run_id", "trial_id", "status", "score", "best_epoch", "attempt", "started", "ended"),
    *("message", "parent"),
)


def list_trials(asked: Asked, question: Listing) -> Answer[TrialRow]:
    """Return the trials that ``question`` is about, by the start of their runs, then their own.

    Raises:
        UnknownNameError: no run at all, or none has a key of the question.
        LedgerError: a condition compares a time with something that is none.
    """
    asked.refuse_no_runs()
    keys = asked.keys(question.scope, with_trials=True)
    bound = Bound()
    is_asked = asked.scope_sql(question.scope, keys, bound, is_of_trials=True)
    gone = "false" if asked.with_retracted else "r.is_retracted"
    columns = ", ".join([*(f"t.{name}" for name in _FIELDS), "r.tool AS imported"])
    statement = f"""
        SELECT {columns}, NOT {gone} AS is_kept, count(*) FILTER ({gone}) OVER ()
        FROM ({SUBJECTS}) t JOIN runs r USING (run_id) WHERE {is_asked}
        ORDER BY is_kept DESC, r.started, t.run_id, t.started, t.trial_id"""  # noqa: S608  # marks
    found = asked.index.rows(statement, bound.of(statement))
    width = len(_FIELDS) + 1
    kept = [row[:width] for row in found if row[width]][: asked.limit or question.limit]
    of_trials = trial_params(asked.index, [(str(row[0]), str(row[1])) for row in kept])
    return Answer(
        verb="trials",
        question=asked.text,
        rows=tuple(_row(row, of_trials) for row in kept),
        warnings=asked.index.warnings,
        left_out=int(str(found[0][-1])) if found else 0,
    )


def trial_params(
    index: Index, subjects: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], dict[str, Json]]:
    """Return the params of each of ``subjects``, (run_id, trial_id), sorted by name."""
    if not subjects:
        return {}
    statement = f"""
        SELECT run_id, trial_id, map_keys(params), map_values(params) FROM ({LATEST_TRIALS})
        WHERE run_id IN (SELECT unnest($runs))"""  # noqa: S608  # our names
    wanted = {"runs": sorted({run_id for run_id, _ in subjects})}
    found: dict[tuple[str, str], dict[str, Json]] = {}
    for run_id, trial_id, names, texts in index.rows(statement, wanted):
        pairs = sorted(zip(names or (), texts or (), strict=True))  # type: ignore[call-overload]  # lists
        found[str(run_id), str(trial_id)] = {name: of_cell(text) for name, text in pairs}
    return found


def _row(
    row: Sequence[object], of_trials: Mapping[tuple[str, str], Mapping[str, Json]]
) -> TrialRow:
    named = dict(zip((*_FIELDS, "imported"), row, strict=True))
    times = {name: _iso(named[name]) for name in ("started", "ended")}  # type: ignore[arg-type]  # the view's own types
    found = of_trials.get((str(row[0]), str(row[1])), {})
    return TrialRow(**{**named, **times}, params=found)  # type: ignore[arg-type]  # as above


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.isoformat()}+00:00"

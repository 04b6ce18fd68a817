"""Rankings whose rows are the trials of sweeps; their values are in the curves."""

from __future__ import annotations

from ledger.reader.answers import Answer, RankedRow
from ledger.reader.asking.bound import Bound
from ledger.reader.asking.goals import direction_of
from ledger.reader.asking.keys import ROW_ORDER
from ledger.reader.asking.rank import ROWS, nonfinite_lines, reading_of
from ledger.reader.asking.shown import differing, still_there
from ledger.reader.asking.trials import SUBJECTS, trial_params
from ledger.reader.facts import params


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.contract.direction import Goal
    from ledger.reader.asking.asked import Asked
    from ledger.reader.ledger import StoredRun
    from ledger.reader.question.values import Ranking

_COLUMNS = (
    *("run_id", "trial_id", "value", "epoch", "step", "last", "n_nonfinite", "status"),
    *("commit", "dirty", "data_hash", "is_incomplete", "imported"),
)
_READINGS = {
    "low": "min(value) FILTER (isfinite(value))",
    "high": "max(value) FILTER (isfinite(value))",
    "first": f"first(value ORDER BY {ROW_ORDER})",
    "last": f"last(value ORDER BY {ROW_ORDER})",
    "final": f"last(value ORDER BY {ROW_ORDER})",
}


def rank_trials(asked: Asked, question: Ranking, goal: Goal | None = None) -> Answer[RankedRow]:
    """Return the trials that answer ``question``, ranked over the rows of all their executions.

    Ties: the earlier start of the trial, or else of its run, then run and trial id.

    Raises:
        UnknownNameError: no run at all, or none has the metric or a key of the question.
        LedgerError: nothing says which way the metric is better, or runs disagree.
    """
    asked.refuse_no_runs()
    keys = asked.keys(question.scope, with_trials=True)
    goals = asked.ledger.settings.metrics
    direction = direction_of(
        asked.index, question.metric, goals, question.goal or goal, bound=Bound()
    )
    bound = Bound()
    is_asked = asked.scope_sql(question.scope, keys, bound, is_of_trials=True)
    reading = reading_of(question.verb, direction.goal)
    limit = asked.limit or question.limit or question.count or ROWS
    is_first_high = (direction.goal == "max") != (question.verb == "worst")
    statement = f"""
        {_asked_sql(question, reading, is_asked, bound, with_retracted=asked.with_retracted)}
        SELECT {", ".join(_COLUMNS)}, is_ranked, count(*) FILTER (NOT is_ranked) OVER ()
        FROM asked ORDER BY is_ranked DESC, value {"DESC" if is_first_high else "ASC"},
            started, run_id, trial_id LIMIT {limit:d}"""  # noqa: S608  # our names and marks
    found = asked.index.rows(statement, bound.of(statement))
    width = len(_COLUMNS)
    ranked = [row[:width] for row in found if row[width]]
    there, gone = still_there(asked.ledger, (str(row[0]) for row in ranked))
    rows = tuple(_rows(asked, [row for row in ranked if row[0] in there], there))
    return Answer(
        verb=question.verb,
        question=asked.text,
        metric=question.metric,
        direction=direction.goal,
        direction_source=direction.source,
        rows=rows,
        warnings=(*asked.index.warnings, *nonfinite_lines(rows, question.metric), *gone),
        left_out=(int(str(found[0][-1])) if found else 0) + len(ranked) - len(rows),
    )


def _asked_sql(
    question: Ranking, reading: str, is_asked: str, bound: Bound, *, with_retracted: bool
) -> str:
    """Return the beginning of a statement: ``asked``, the trials with their values and facts."""
    metric = bound.mark(question.metric)
    is_extreme = reading in {"low", "high"}
    at = "min({}) FILTER (m.value = v.value)" if is_extreme else "NULL"
    gone = "false" if with_retracted else "r.is_retracted"
    return f"""
        WITH rows AS (
            SELECT * FROM metrics WHERE metric = {metric} AND trial_id IS NOT NULL
        ), found AS (
            SELECT run_id, trial_id, {_READINGS[reading]} AS value, {_READINGS["last"]} AS last,
                count(*) FILTER (NOT isfinite(value)) AS n_nonfinite
            FROM rows GROUP BY run_id, trial_id
        ), placed AS (
            SELECT v.run_id, v.trial_id, v.value, v.last, v.n_nonfinite,
                {at.format("m.epoch")} AS epoch, {at.format("m.step")} AS step
            FROM found v JOIN rows m USING (run_id, trial_id) GROUP BY ALL
        ), asked AS (
            SELECT t.run_id, t.trial_id, p.value, p.epoch,
                CASE WHEN p.epoch IS NULL THEN p.step END AS step, p.last,
                coalesce(p.n_nonfinite, 0) AS n_nonfinite, coalesce(t.status, r.status) AS status,
                r.commit, r.dirty, r.data_hash, r.is_incomplete,
                r.tool AS imported,
                coalesce(t.started, r.started) AS started,
                NOT {gone} AND coalesce(isfinite(p.value), false) AS is_ranked
            FROM ({SUBJECTS}) t JOIN runs r USING (run_id)
            LEFT JOIN placed p ON p.run_id = t.run_id AND p.trial_id = t.trial_id
            WHERE {is_asked}
        )"""  # noqa: S608  # our names and marks


def _rows(
    asked: Asked, ranked: Sequence[tuple[object, ...]], there: Mapping[str, StoredRun]
) -> list[RankedRow]:
    subjects = [(str(row[0]), str(row[1])) for row in ranked]
    of_trials = trial_params(asked.index, subjects)
    configs = [
        {**params(there[subject[0]].record), **of_trials.get(subject, {})} for subject in subjects
    ]
    return [
        RankedRow(rank=place, config=config, **dict(zip(_COLUMNS, row, strict=True)))  # type: ignore[arg-type]  # the view's own types
        for place, (row, config) in enumerate(zip(ranked, differing(configs), strict=True), 1)
    ]

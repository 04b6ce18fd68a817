"""Rankings of runs: one statement for the order, one for the direction, then the few shown runs."""

from __future__ import annotations

from ledger.reader.answers import Answer, RankedRow
from ledger.reader.asking.bound import Bound
from ledger.reader.asking.goals import direction_of
from ledger.reader.asking.keys import reading_rows
from ledger.reader.asking.shown import FIELDS, RankedRun, ranked_rows, still_there
from ledger.reader.question.values import Scope, conditions
from ledger.reader.text import printable
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.contract.direction import Goal
    from ledger.contract.json_text import Json
    from ledger.reader.asking.asked import Asked
    from ledger.reader.asking.keys import Key
    from ledger.reader.direction import Direction
    from ledger.reader.question.values import Ranking, Spread, Verb

ROWS = 10
"""Rows of a ranking where neither the question nor the caller says how many."""
MAX_TOLD = 5
"""Runs left out that are told by name; of the others only how many there are."""


@value
class Ranked:
    """Runs of a scope in the order of one reading, and how many were left out."""

    rows: tuple[RankedRun, ...]
    n_left_out: int
    n_nonfinite: int
    """Of those left out, how many have the metric but no finite value and are not retracted."""


def rank_runs(asked: Asked, question: Ranking, goal: Goal | None = None) -> Answer[RankedRow]:
    """Return the runs that answer ``question``, the first first; ``rows`` may be empty.

    NaN and infinities never rank. Ties: the earlier start, then the run id.

    Args:
        asked: the ledger and its views.
        question: what is asked, not per trial.
        goal: which way the metric is better, where the caller knows; the question goes before it.

    Raises:
        UnknownNameError: no run at all, or none has the metric or a key of the question.
        LedgerError: nothing says which way the metric is better, or runs disagree; or a condition
            compares a time with something that is none.
    """
    per = () if question.per is None else (question.per,)
    keys = asked.keys(question.scope, per)
    direction = find_direction(asked, question, keys, question.goal or goal)
    limit = asked.limit or question.limit or question.count or ROWS
    ranked = ranking(asked, question, keys, direction.goal, limit=None if per else limit)
    shown: Sequence[RankedRun] = ranked.rows
    groups = None
    if per:
        shown, groups = _first_of_each(asked, ranked.rows, keys[per[0]], limit)
    there, gone = still_there(asked.ledger, (each.run_id for each in shown))
    found = tuple(ranked_rows(asked, question, shown, there, groups))
    return Answer(
        verb=question.verb,
        question=asked.text,
        metric=question.metric,
        direction=direction.goal,
        direction_source=direction.source,
        rows=found,
        warnings=(
            *asked.index.warnings,
            *nonfinite_lines(found, question.metric),
            *_left_out_lines(asked, question, keys, ranked, direction.goal),
            *gone,
        ),
        left_out=ranked.n_left_out + len(gone),
    )


def find_direction(
    asked: Asked, question: Ranking | Spread, keys: Mapping[str, Key], goal: Goal | None
) -> Direction:
    """Return which way the metric of ``question`` is better.

    Raises:
        UnknownNameError: no run at all, or none has the metric.
        LedgerError: the runs disagree, or nothing says.
    """
    bound = Bound()
    scope, metric = question.scope, question.metric
    if any(each.key == metric for each in conditions(scope.where)):
        # what the condition compares depends on the direction
        scope = Scope(since=scope.since, until=scope.until, tags=scope.tags, data=scope.data)
    is_asked = asked.scope_sql(scope, keys, bound)
    goals = asked.ledger.settings.metrics
    return direction_of(asked.index, metric, goals, goal, scope=is_asked, bound=bound)


def ranking(
    asked: Asked,
    question: Ranking | Spread,
    keys: Mapping[str, Key],
    goal: Goal,
    *,
    limit: int | None,
) -> Ranked:
    """Return the runs that ``question`` is about, ranked; at most ``limit`` of them."""
    verb = verb_of(question)
    reading = reading_of(verb, goal)
    order = "DESC" if (goal == "max") != (verb == "worst") else "ASC"
    with_asked, bound = _asked_sql(asked, question, keys, reading)
    # the order is found by little, and what is shown is looked up for the few that are shown
    statement = f"""{with_asked}, ranked AS (
            SELECT * FROM asked WHERE is_ranked
            ORDER BY value {order}, started, run_id LIMIT {"ALL" if limit is None else limit}
        ), told AS (
            SELECT count(*) FILTER (NOT is_ranked) AS n_left_out,
                count(*) FILTER (NOT is_ranked AND is_told) AS n_told FROM asked
        )
        SELECT n_left_out, n_told, {", ".join(f"t.{name}" for name in FIELDS)}
        FROM told LEFT JOIN ranked t ON true
        ORDER BY t.value {order}, t.started, t.run_id"""  # noqa: S608  # our names and marks
    found = asked.index.rows(statement, bound.of(statement))
    named = (dict(zip(FIELDS, row[2:], strict=True)) for row in found if row[2] is not None)
    rows = tuple(RankedRun(**each) for each in named)  # type: ignore[arg-type]  # the view's own types
    n_left_out, n_nonfinite = (int(str(each)) for each in found[0][:2])
    return Ranked(rows=rows, n_left_out=n_left_out, n_nonfinite=n_nonfinite)


def _asked_sql(
    asked: Asked, question: Ranking | Spread, keys: Mapping[str, Key], reading: str
) -> tuple[str, Bound]:
    """Return the beginning of a statement: ``asked``, the runs of the scope and their values."""
    bound = Bound()
    metric = bound.mark(question.metric)
    is_asked = asked.scope_sql(question.scope, keys, bound, ranked=(question.metric, reading))
    column, joined = f"s.{reading}", ""
    at = f"s.{reading}_at" if reading in {"low", "high"} else "NULL"
    if reading == "first":
        firsts = reading_rows(metric, reading)
        column, joined = "f.number", f"LEFT JOIN ({firsts}) f ON f.run_id = r.run_id"
    gone = "false" if asked.with_retracted else "r.is_retracted"
    statement = f"""
        WITH asked AS MATERIALIZED (
            SELECT r.run_id, r.started, {column} AS value, {at} AS position, s.is_by_epoch, s.last,
                s.n_nonfinite,
                NOT {gone} AND coalesce(isfinite({column}), false) AS is_ranked,
                NOT {gone} AND s.metric IS NOT NULL AS is_told
            FROM runs r LEFT JOIN summary s ON s.run_id = r.run_id AND s.metric = {metric} {joined}
            WHERE {is_asked}
        )"""  # noqa: S608  # our names and marks
    return statement, bound


def verb_of(question: Ranking | Spread) -> Verb:
    """Return which value of each run is asked for."""
    verb: Verb = getattr(question, "reading", None) or question.verb  # type: ignore[union-attr]  # one of the two
    return verb


def reading_of(verb: Verb, goal: Goal) -> str:
    """Return the column of the view summary that ``verb`` ranks by; "first" is in the curves."""
    if verb in {"last", "final", "first"}:
        return verb
    return "high" if (verb == "best") == (goal == "max") else "low"


def nonfinite_lines(rows: Sequence[RankedRow], metric: str) -> list[str]:
    """Return a warning for each of ``rows`` that had values which are not finite."""
    return [
        f"{row.run_id}: {row.n_nonfinite} of its values of {printable(metric)} were not finite"
        for row in rows
        if row.n_nonfinite
    ]


def _first_of_each(
    asked: Asked, rows: Sequence[RankedRun], key: Key, limit: int
) -> tuple[list[RankedRun], list[Mapping[str, Json]]]:
    """Return the first of ``rows`` in each group by ``key``, and the groups."""
    from ledger.reader.asking.groups import Grouping  # noqa: PLC0415  # only per something

    grouping = Grouping(asked.index, [key])
    seen: set[object] = set()
    firsts: list[RankedRun] = []
    groups: list[Mapping[str, Json]] = []
    for row in rows:
        for group in grouping.groups((row.run_id, None)):
            if group.identity not in seen and len(firsts) < limit:
                seen.add(group.identity)
                firsts.append(row)
                groups.append({key.name: group.values[0]})
    return firsts, groups


def _left_out_lines(
    asked: Asked, question: Ranking, keys: Mapping[str, Key], ranked: Ranked, goal: Goal
) -> list[str]:
    """Return a line for each of the first runs left out for want of a finite value."""
    if not ranked.n_nonfinite:
        return []
    with_asked, bound = _asked_sql(asked, question, keys, reading_of(question.verb, goal))
    named = f"""{with_asked}
        SELECT run_id FROM asked WHERE NOT is_ranked AND is_told
        ORDER BY started, run_id LIMIT {MAX_TOLD:d}"""  # noqa: S608  # as above
    metric = printable(question.metric)
    lines = [
        f"{run_id}: left out, its {metric} is not finite"
        for (run_id,) in asked.index.rows(named, bound.of(named))
    ]
    more = ranked.n_nonfinite - len(lines)
    return [*lines, f"and {more} more left out, their {metric} is not finite"] if more else lines

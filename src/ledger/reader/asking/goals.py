"""Which way a metric is better, read from the views: the goals of the runs that are asked about."""

from __future__ import annotations

from ledger.reader.asking.keys import UnknownWordError, metric_names
from ledger.reader.direction import choose_direction
from ledger.reader.names import unknown


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.direction import Goal
    from ledger.reader.asking.bound import Bound
    from ledger.reader.direction import Direction
    from ledger.reader.index import Index


def direction_of(  # noqa: PLR0913  # two callers
    index: Index,
    metric: str,
    settings_goals: Mapping[str, str],
    asked: Goal | None = None,
    *,
    scope: str = "true",
    bound: Bound,
) -> Direction:
    """Return which way ``metric`` is better; runs outside ``scope`` decide where those in say none.

    Raises:
        UnknownWordError: no run has the metric.
        LedgerError: the runs disagree, or nothing says.
    """
    mark = bound.mark(metric)
    joined = "" if scope == "true" else "JOIN runs r USING (run_id)"
    statement = f"""
        SELECT 'columns', s.goal, bool_or({scope}) FROM summary s {joined}
        WHERE s.metric = {mark}
            AND s.run_id NOT IN (SELECT run_id FROM runs WHERE is_retracted) GROUP BY s.goal
        UNION ALL
        SELECT 'objectives', r.goal, bool_or({scope}) FROM runs r
        WHERE r.objective = {mark} AND NOT r.is_retracted GROUP BY r.goal"""  # noqa: S608  # marks
    found = index.rows(statement, bound.of(statement))
    if not any(where == "columns" for where, _, _ in found):
        refuse_unknown_metric(index, metric)
    goals: dict[str, set[str]] = {}
    for where in ("objectives", "columns"):
        said = {str(goal): is_asked for place, goal, is_asked in found if place == where and goal}
        goals[where] = {goal for goal, is_asked in said.items() if is_asked} or set(said)
    return choose_direction(metric, goals["objectives"], goals["columns"], settings_goals, asked)


def refuse_unknown_metric(index: Index, metric: str) -> None:
    """Refuse a metric that no run has; of retracted ones at least the name is known.

    Raises:
        UnknownWordError: no run has it.
    """
    known = metric_names(index)
    if metric not in known:
        kind = "metric"
        raise UnknownWordError(unknown(kind, metric, known), metric)

"""Which way a metric is better, and who says so; a ranking never guesses in silence."""

from __future__ import annotations

from ledger.contract.direction import infer_goal, is_goal
from ledger.contract.json_text import as_object, as_text
from ledger.errors import LedgerError
from ledger.reader.text import printable
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from typing import Literal, TypeAlias

    from ledger.contract.direction import Goal
    from ledger.reader.ledger import StoredRun

    DirectionSource: TypeAlias = Literal["question", "objective", "column", "settings", "inferred"]


@value
class Direction:
    """The goal of a metric and where it is written down."""

    goal: Goal
    source: DirectionSource


def resolve_direction(
    metric: str,
    runs: Iterable[StoredRun],
    settings_goals: Mapping[str, str],
    asked: Goal | None = None,
) -> Direction:
    """Return which way ``metric`` is better.

    In this order: the question itself, the runs' objectives, the goals of their columns, the
    settings, and the closed list of names that state their goal.

    Raises:
        LedgerError: the runs disagree, or nothing says.
    """
    runs = list(runs)
    return choose_direction(
        metric,
        {goal for run in runs if (goal := _objective(run, metric))},
        {goal for run in runs if (goal := _column(run, metric))},
        settings_goals,
        asked,
    )


def choose_direction(
    metric: str,
    objectives: Collection[str],
    columns: Collection[str],
    settings_goals: Mapping[str, str],
    asked: Goal | None = None,
) -> Direction:
    """Return which way ``metric`` is better, of the goals that runs state for it.

    Raises:
        LedgerError: the runs disagree, or nothing says.
    """
    if asked is not None:
        return Direction(goal=asked, source="question")
    stated = _agreed(metric, "objectives", objectives)
    if stated:
        return Direction(goal=stated, source="objective")
    stated = _agreed(metric, "columns", columns)
    if stated:
        return Direction(goal=stated, source="column")
    settled = _goal(settings_goals.get(metric))
    if settled:
        return Direction(goal=settled, source="settings")
    inferred = infer_goal(metric)
    if inferred:
        return Direction(goal=inferred, source="inferred")
    message = f"nothing says whether a higher or a lower {printable(metric)} is better"
    raise LedgerError(message, hint=_ask(metric))


def _agreed(metric: str, where: str, goals: Collection[str]) -> Goal | None:
    known = {goal for each in goals if (goal := _goal(each))}
    if len(known) > 1:
        message = f"the runs' {where} disagree whether {printable(metric)} is min or max"
        raise LedgerError(message, hint=_ask(metric))
    return next(iter(known), None)


def _ask(metric: str) -> str:
    metric = printable(metric)
    shown = f'\\"{metric}\\"' if any(mark in metric for mark in " <>=!'") else metric
    return (
        f'ask "best {shown} max" or "best {shown} min", or write metrics = {{"{metric}" = "max"}} '
        "into the settings"
    )


def _objective(run: StoredRun, metric: str) -> Goal | None:
    objective = run.record.objective
    return _goal(objective[1]) if objective is not None and objective[0] == metric else None


def _column(run: StoredRun, metric: str) -> Goal | None:
    column = as_object(as_object(run.record.document.get("columns")).get(metric))
    return _goal(as_text(column.get("goal")))


def _goal(text: str | None) -> Goal | None:
    if not is_goal(text):
        return None
    return "min" if text == "min" else "max"

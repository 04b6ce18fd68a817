"""How a metric is spread over runs: mean, deviation and extremes in each group."""

from __future__ import annotations

from ledger.errors import LedgerError
from ledger.reader.answers import Answer
from ledger.reader.asking.groups import Grouping
from ledger.reader.asking.mixed import mixed_lines
from ledger.reader.asking.rank import find_direction, ranking
from ledger.reader.asking.rows import SpreadRow
from ledger.reader.asking.statistics import describe, statistic
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.contract.direction import Goal
    from ledger.reader.asking.asked import Asked
    from ledger.reader.asking.groups import Group
    from ledger.reader.asking.keys import Key
    from ledger.reader.direction import Direction
    from ledger.reader.question.values import Spread


@value
class Members:
    """The runs of one group, by value."""

    group: Group
    runs: Sequence[tuple[str, float]]
    """(run_id, value), every value finite."""


def spread_asked(asked: Asked, question: Spread, goal: Goal | None = None) -> Answer[SpreadRow]:
    """Return how the metric of ``question`` is spread in each group.

    Groups are in the order of the statistic, the better first where a direction is known and the
    statistic is none of width; else in the order of their keys.

    Raises:
        UnknownNameError: no run at all, or none has the metric or a key of the question.
        LedgerError: the reading needs a direction and nothing says which; or a condition compares
            a time with something that is none.
    """
    asked.refuse_no_runs()
    over = () if question.over is None else (question.over,)
    keys = asked.keys(question.scope, (*question.by, *over))
    direction = _direction(asked, question, keys, question.goal or goal)
    ranked = ranking(asked, question, keys, direction.goal if direction else "max", limit=None)
    runs = [(each.run_id, each.value) for each in ranked.rows]
    members = _grouped(asked, question, keys, runs)
    rows = [_row(question, each) for each in members]
    if direction is not None and question.statistic not in {"std", "sum"}:
        is_high = (direction.goal == "max") != (question.reading == "worst")
        rows.sort(key=lambda row: (row.value is None, -row.value if is_high else row.value))  # type: ignore[operator]  # a number, by the first place
    warnings = [*asked.index.warnings]
    if question.over is not None:
        warnings += mixed_lines(asked, question, keys[question.over], members)
    return Answer(
        verb=question.statistic,
        question=asked.text,
        metric=question.metric,
        reading=question.reading,
        direction=direction.goal if direction else None,
        direction_source=direction.source if direction else None,
        rows=tuple(rows[: asked.limit or question.limit]),
        warnings=tuple(warnings),
        left_out=ranked.n_left_out,
    )


def _direction(
    asked: Asked, question: Spread, keys: Mapping[str, Key], goal: Goal | None
) -> Direction | None:
    """Return which way the metric is better; None where nothing says and nothing depends on it."""
    try:
        return find_direction(asked, question, keys, goal)
    except LedgerError as error:
        is_needed = question.reading in {"best", "worst"} or error.exit_code == 1
        if is_needed:
            raise
        return None


def _grouped(
    asked: Asked, question: Spread, keys: Mapping[str, Key], runs: Sequence[tuple[str, float]]
) -> list[Members]:
    grouping = Grouping(asked.index, [keys[name] for name in question.by])
    found: dict[tuple[object, ...], tuple[Group, list[tuple[str, float]]]] = {}
    for run_id, number in runs:
        for group in grouping.groups((run_id, None)):
            found.setdefault(group.identity, (group, []))[1].append((run_id, number))
    ordered = sorted(found.values(), key=lambda pair: pair[0].place)
    return [Members(group=group, runs=runs) for group, runs in ordered]


def _row(question: Spread, members: Members) -> SpreadRow:
    numbers = [number for _, number in members.runs]
    found = describe(numbers)
    return SpreadRow(
        group=dict(zip(question.by, members.group.values, strict=True)),
        n=found.n,
        value=statistic(question.statistic, numbers),
        mean=found.mean,
        std=found.std,
        low=found.low,
        high=found.high,
    )

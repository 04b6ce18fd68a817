"""Which metrics two runs of a comparison have: every one of either, changed or not."""

from __future__ import annotations

from ledger.contract.json_text import as_object
from ledger.errors import LedgerError
from ledger.reader.answers import json_number
from ledger.reader.difference import difference, number_difference
from ledger.reader.direction import resolve_direction
from ledger.reader.stats import collect_stats
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ledger.contract.direction import Goal
    from ledger.contract.json_text import Json
    from ledger.reader.difference import Difference
    from ledger.reader.ledger import Ledger, StoredRun
    from ledger.reader.stats import Stat

_PAIR = 2


@value
class Measured:
    """The metrics of all runs of one comparison, whose rows have to hold for each of them."""

    n_runs: int
    stats: Mapping[str, Mapping[str, Stat]]
    """By run, then metric."""
    goals: Mapping[str, Goal | None]
    """By metric; None where nothing says, or the runs disagree."""
    with_final: frozenset[str]
    """Metrics whose final value is not the last one in some run."""
    with_text: frozenset[str]
    """Metrics that are no number in some run."""
    warnings: tuple[str, ...]
    """One line for each table that could not be read."""


def measure(ledger: Ledger, runs: Sequence[StoredRun]) -> Measured:
    """Return the metrics of ``runs``; each table is read once."""
    found = collect_stats(ledger, runs)
    stats: dict[str, dict[str, Stat]] = {run.run_id: {} for run in runs}
    for stat in found.stats:
        stats[stat.run_id][stat.metric] = stat
    names = {stat.metric for stat in found.stats}
    return Measured(
        n_runs=len(runs),
        stats=stats,
        goals={metric: _goal(ledger, runs, metric) for metric in names},
        with_final=frozenset(s.metric for s in found.stats if s.final != s.last),
        with_text=frozenset(
            metric for run in runs for metric in _raw(run) if metric not in stats[run.run_id]
        ),
        warnings=found.warnings,
    )


def metric_differences(measured: Measured, old: StoredRun, new: StoredRun) -> Iterator[Difference]:
    """Yield every metric of either run; one that is text somewhere has a row without a change."""
    sides = [measured.stats[run.run_id] for run in (old, new)]
    raws = [_raw(run) for run in (old, new)]
    for metric in sorted({*sides[0], *sides[1], *raws[0], *raws[1]}):
        if metric in measured.with_text:
            shown = [_shown(metric, *each) for each in zip(sides, raws, strict=True)]
            yield difference("metrics", metric, shown[0], shown[1])
        if metric not in measured.with_text or measured.n_runs > _PAIR:
            yield from _numbers(measured, metric, sides[0].get(metric), sides[1].get(metric))


def _numbers(
    measured: Measured, metric: str, old: Stat | None, new: Stat | None
) -> Iterator[Difference]:
    names = {"last": "last"}
    goal = measured.goals.get(metric)
    if goal is not None:
        names["best"] = "low" if goal == "min" else "high"
    if metric in measured.with_final:
        names["final"] = "final"
    for reading, field in names.items():
        before, after = getattr(old, field, None), getattr(new, field, None)
        yield number_difference(metric, reading, before, after, goal)


def _raw(run: StoredRun) -> Mapping[str, Json]:
    return as_object(run.record.document["metrics"])


def _shown(metric: str, stats: Mapping[str, Stat], raw: Mapping[str, Json]) -> dict[str, Json]:
    if metric in stats:
        return {metric: json_number(stats[metric].final)}
    return {metric: raw[metric]} if metric in raw else {}


def _goal(ledger: Ledger, runs: Sequence[StoredRun], metric: str) -> Goal | None:
    try:
        return resolve_direction(metric, runs, ledger.settings.metrics).goal
    except LedgerError:
        return None  # a comparison shows the numbers; only a ranking needs the direction

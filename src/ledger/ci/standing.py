"""Where a new run stands against the best on the base, in its own objective."""

from __future__ import annotations

from ledger.ci.arrival import BETTER, EQUAL, WORSE, Standing
from ledger.contract.direction import is_goal
from ledger.contract.json_text import as_object, as_text
from ledger.errors import LedgerError
from ledger.reader.difference import number_difference
from ledger.reader.direction import resolve_direction
from ledger.reader.facts import data_hashes
from ledger.reader.ledger import kept
from ledger.reader.stats import collect_stats
from ledger.value import as_dict


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ledger.contract.direction import Goal
    from ledger.reader.ledger import Ledger, StoredRun
    from ledger.reader.stats import Stat


class Yardstick:
    """The runs on the base that new ones are measured against.

    Args:
        ledgers: of the base.
        goals: goals of the settings, by metric.
    """

    def __init__(self, ledgers: Sequence[Ledger], goals: Mapping[str, str]) -> None:
        self._goals = goals
        self.runs: dict[str, StoredRun] = {}
        """By id, less the retracted ones, which are in ``all``."""
        self.all: dict[str, StoredRun] = {}
        self.problems: list[str] = []
        self._stats: dict[str, list[Stat]] = {}
        """By metric, in the order of the runs."""
        self._rankings: dict[tuple[str, str], list[tuple[str, float]]] = {}
        self._by_data: dict[tuple[tuple[str, str], ...], set[str]] = {}
        """Ids of the runs by what data they used."""
        self._directions: dict[tuple[object, ...], tuple[Goal | None, str | None]] = {}
        for ledger in ledgers:
            self.all |= ledger.by_id
            runs = kept(ledger.runs)
            self.problems += [str(each) for each in ledger.broken]
            self.runs |= {run.run_id: run for run in runs}
            for run in runs:
                data = tuple(data_hashes(run.record))
                self._by_data.setdefault(data, set()).add(run.run_id)
            stats = collect_stats(ledger, runs)
            self.problems += [str(each) for each in stats.broken]
            for stat in stats.stats:
                self._stats.setdefault(stat.metric, []).append(stat)

    def standing(
        self, run: StoredRun, stats: Mapping[str, Stat], *, on_same_data: bool = False
    ) -> Standing:
        """Return where ``run``, whose metrics are ``stats``, stands.

        With ``on_same_data`` only runs with the same data measure it, whose hashes must be known.
        """
        metric, why = self._metric(run, stats)
        if metric is None:
            return Standing(metric=None, goal=None, value=None, why=why)
        goal, why = self._direction(run, metric)
        stat = stats.get(metric)
        if goal is None:
            return Standing(
                metric=metric, goal=None, value=None if stat is None else stat.final, why=why
            )
        own = None if stat is None else _best(stat, goal)
        best = self._best_of(metric, goal, run, on_same_data=on_same_data)
        return _measured(run, metric, goal, own, best)

    def _metric(self, run: StoredRun, stats: Mapping[str, Stat]) -> tuple[str | None, str | None]:
        """Return the metric that counts, or None and why none does."""
        if run.record.objective is not None:
            return run.record.objective[0], None
        columns = as_object(run.record.document.get("columns"))
        with_goal = [
            metric
            for metric in stats
            if is_goal(as_text(as_object(columns.get(metric)).get("goal"))) or metric in self._goals
        ]
        if len(with_goal) == 1:
            return with_goal[0], None
        if with_goal:
            return None, f"the run states no objective, and {len(with_goal)} metrics have a goal"
        return None, "the run states no objective"

    def _direction(self, run: StoredRun, metric: str) -> tuple[Goal | None, str | None]:
        """Return which way ``metric`` is better, or None and why that is not known."""
        column = as_object(as_object(run.record.document.get("columns")).get(metric))
        key = metric, run.record.objective, as_text(column.get("goal"))
        if key not in self._directions:
            others = [self.runs[stat.run_id] for stat in self._stats.get(metric, ())]
            self._directions[key] = direction_of([run, *others], metric, self._goals)
        return self._directions[key]

    def _best_of(
        self, metric: str, goal: Goal, run: StoredRun, *, on_same_data: bool
    ) -> tuple[str, float] | None:
        """Return (run id, value) of the best on the base.

        A run that was brought to the base too is not measured against itself.
        """
        asked: Collection[str] = self.runs
        if on_same_data:
            asked = self._by_data.get(tuple(data_hashes(run.record)), ())
        if asked:
            for run_id, number in self._ranking(metric, goal):
                if run_id != run.run_id and run_id in asked:
                    return run_id, number
        return None

    def _ranking(self, metric: str, goal: Goal) -> list[tuple[str, float]]:
        """Return (run id, value) of every run, the best first; ties: earlier start, then id."""
        if (metric, goal) not in self._rankings:
            found = [
                (stat.run_id, number)
                for stat in self._stats.get(metric, ())
                if (number := _best(stat, goal)) is not None
            ]
            found.sort(key=lambda each: (self.runs[each[0]].started, each[0]))
            found.sort(key=lambda each: each[1], reverse=goal == "max")
            self._rankings[metric, goal] = found
        return self._rankings[metric, goal]


def _measured(
    run: StoredRun, metric: str, goal: Goal, own: float | None, best: tuple[str, float] | None
) -> Standing:
    known = Standing(
        metric=metric,
        goal=goal,
        value=own,
        best_run_id=None if best is None else best[0],
        best_value=None if best is None else best[1],
    )
    why = _why_unknown(run, own, best)
    if why is not None or own is None or best is None:
        return _with(known, why=why)
    found = number_difference(metric, "best", best[1], own, goal)
    word = BETTER if (own > best[1]) == (goal == "max") else WORSE
    return _with(
        known,
        change=found.change,
        percent=found.percent,
        word=EQUAL if own == best[1] else word,
    )


def _why_unknown(run: StoredRun, own: float | None, best: tuple[str, float] | None) -> str | None:
    if run.is_retracted:
        return "the run is retracted"
    if own is None:
        return "the run has no finite value of it"
    return "no run on the base has it" if best is None else None


def direction_of(
    runs: Sequence[StoredRun], metric: str, goals: Mapping[str, str]
) -> tuple[Goal | None, str | None]:
    """Return which way ``metric`` is better, or None and why nobody has said it."""
    try:
        direction = resolve_direction(metric, runs, goals)
    except LedgerError as error:
        return None, error.message
    if direction.source == "inferred":
        return None, "only its name says which way it is better"
    return direction.goal, None


def _best(stat: Stat, goal: Goal) -> float | None:
    return stat.high if goal == "max" else stat.low


def _with(standing: Standing, **changed: object) -> Standing:
    return Standing(**{**as_dict(standing), **changed})  # type: ignore[arg-type]  # its own fields

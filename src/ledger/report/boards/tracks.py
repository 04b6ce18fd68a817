"""The rows of everything that is looked at, in columns of numbers, and which of them are new."""

from __future__ import annotations

import math
import operator
from array import array

from ledger.contract.json_text import encode_number
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TypeAlias

    from ledger.contract.json_text import Json

    At: TypeAlias = tuple[int, int]
    """(epoch, step) of a row; NOWHERE for what it does not have."""
    Summed: TypeAlias = tuple[float | None, int | None, float | None, int | None, float, int, int]
    """(min, at, max, at, last, n, n_nonfinite) of a metric; extremes over finite values."""

NOWHERE = -1
MISSING = math.nan
"""Stands for no value; a NaN that was logged is in ``Series.odd``."""


@value
class Row:
    """One new row, as the page hears of it."""

    candidate: str
    series: str
    at: tuple[int, int]
    time: float | None
    """Seconds since the run started."""
    values: Mapping[str, float]

    def to_json(self) -> dict[str, Json]:
        """Return the row as it is sent; short names, for there are many."""
        epoch, step = self.at
        return {
            "id": self.candidate,
            "k": self.series,
            "e": None if epoch == NOWHERE else epoch,
            "s": None if step == NOWHERE else step,
            "t": self.time,
            "m": {name: encode_number(number) for name, number in self.values.items()},
        }


class Series:
    """The rows of one training, in order; in each column MISSING where a row has no value."""

    __slots__ = ("_summed", "columns", "epochs", "odd", "steps", "times")

    def __init__(self) -> None:
        self.epochs = array("q")
        self.steps = array("q")
        self.times = array("d")
        self.columns: dict[str, array[float]] = {}
        self.odd: dict[str, set[int]] = {}
        """Rows whose logged value was NaN, by metric."""
        self._summed: dict[str, Summed] = {}

    def add(self, at: At, time: float | None, values: Mapping[str, float]) -> None:
        """Add a row; one whose epoch and step are there already adds to that row."""
        place = self._place(at)
        if place == len(self.epochs):
            self.epochs.append(at[0])
            self.steps.append(at[1])
            self.times.append(MISSING)
            for column in self.columns.values():
                column.append(MISSING)
        if time is not None:
            self.times[place] = time
        self._summed.clear()
        for name, number in values.items():
            if name not in self.columns:
                self.columns[name] = array("d", [MISSING]) * len(self.epochs)
            self.columns[name][place] = number
            odd = self.odd.setdefault(name, set())
            (odd.add if math.isnan(number) else odd.discard)(place)

    def extend(
        self,
        at: Sequence[At],
        times: Sequence[float],
        columns: Mapping[str, array[float]],
        odd: Mapping[str, Sequence[int]],
    ) -> bool:
        """Add rows that all follow the last one; whether they do, else nothing is added.

        Args:
            at: of each row.
            times: MISSING where a row has none.
            columns: the values of each row, MISSING where it has none; of each metric at least one.
            odd: which of these rows logged NaN, by metric.
        """
        before = [(self.epochs[-1], self.steps[-1])] if self.epochs else []
        if not is_rising([*before, *at]):
            return False
        n = len(self.epochs)
        self.epochs.extend([epoch for epoch, _ in at])
        self.steps.extend([step for _, step in at])
        self.times.extend(times)
        for name in dict.fromkeys([*self.columns, *columns]):
            own = self.columns.setdefault(name, array("d", [MISSING]) * n)
            own.extend(columns.get(name) or array("d", [MISSING]) * len(at))
            self.odd.setdefault(name, set()).update(n + place for place in odd.get(name, ()))
        self._summed.clear()
        return True

    def points(self, metric: str) -> Iterator[tuple[int, float]]:
        """Yield (place of the row, value) of the rows that have one, finite or not."""
        odd = self.odd.get(metric, ())
        for place, number in enumerate(self.columns.get(metric, ())):
            if number == number or place in odd:  # noqa: PLR0124  # the fastest look for NaN
                yield place, number

    def summed(self, metric: str) -> Summed:
        """Return the summary of a metric that has a value here; kept until a row comes."""
        if metric not in self._summed:
            column = self.columns[metric]
            is_whole = math.isfinite(sum(column))
            self._summed[metric] = self._sum_whole(column) if is_whole else self._sum(metric)
        return self._summed[metric]

    def xs(self, axis: str) -> list[float | None]:
        """Return where the rows stand: epoch, step or time; a step where a row has no epoch."""
        if axis == "time":
            return [None if math.isnan(time) else time for time in self.times]
        if axis == "epoch":
            return [*map(self.position, range(len(self.epochs)))]
        return [None if step == NOWHERE else step for step in self.steps]

    def position(self, place: int) -> int | None:
        """Return the epoch of a row, its step where it has none, None where it has neither."""
        epoch, step = self.epochs[place], self.steps[place]
        found = step if epoch == NOWHERE else epoch
        return None if found == NOWHERE else found

    def _sum_whole(self, column: array[float]) -> Summed:
        """Sum up a metric that has a finite value in every row."""
        low, high = min(column), max(column)
        at, high_at = self.position(column.index(low)), self.position(column.index(high))
        return low, at, high, high_at, column[-1], len(column), 0

    def _sum(self, metric: str) -> Summed:
        points = [*self.points(metric)]
        finite = [point for point in points if math.isfinite(point[1])]
        last, n, n_odd = points[-1][1], len(points), len(points) - len(finite)
        if not finite:
            return None, None, None, None, last, n, n_odd
        at, low = min(finite, key=operator.itemgetter(1))
        high_at, high = max(finite, key=operator.itemgetter(1))
        return low, self.position(at), high, self.position(high_at), last, n, n_odd

    def _place(self, at: At) -> int:
        n = len(self.epochs)
        if at == (NOWHERE, NOWHERE) or not n or at > (self.epochs[-1], self.steps[-1]):
            return n
        for place in range(n - 1, -1, -1):
            if (self.epochs[place], self.steps[place]) == at:
                return place
        return n


class Track:
    """The trainings of one candidate: the executions and attempts of a trial, or a run."""

    __slots__ = ("params", "series")

    def __init__(self) -> None:
        self.series: dict[str, Series] = {}
        self.params: dict[str, str] = {}

    def training(self, key: str) -> Series:
        """Return the rows of the training called ``key``, which begins where it was not there."""
        if key not in self.series:
            self.series[key] = Series()
        return self.series[key]

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return sum(len(each.epochs) for each in self.series.values())

    @property
    def last_position(self) -> int | None:
        """The epoch, or step, of the training that goes on."""
        last = next(reversed(self.series.values()), None)
        return None if last is None or not last.epochs else last.position(len(last.epochs) - 1)

    def summary(self) -> dict[str, Json]:
        """Return {metric: [min, at, max, at, last, n, n_nonfinite]} over all trainings.

        Extremes are over finite values and None where there is none; the first row that reaches
        one tells where.
        """
        names = dict.fromkeys(name for each in self.series.values() for name in each.columns)
        return {name: self._summary(name) for name in names}

    def curves(self, metric: str, axis: str) -> list[dict[str, Json]]:
        """Return a curve for each training: its key, x (epoch, step or time) and y."""
        return [
            {"k": key, "x": xs, "y": ys}
            for key, each in self.series.items()
            for xs, ys in [_curve(each, metric, axis)]
            if ys
        ]

    def _summary(self, name: str) -> list[Json]:
        found = [each.summed(name) for each in self.series.values() if name in each.columns]
        low = min((each[:2] for each in found if each[0] is not None), key=_first, default=None)
        high = max((each[2:4] for each in found if each[2] is not None), key=_first, default=None)
        counts = sum(each[5] for each in found), sum(each[6] for each in found)
        last = encode_number(found[-1][4])
        return [*(low or (None, None)), *(high or (None, None)), last, *counts]


def is_rising(at: Sequence[At] | Sequence[int]) -> bool:
    """Whether each is greater than the one before."""
    return all(map(operator.lt, at, at[1:]))


def _curve(series: Series, metric: str, axis: str) -> tuple[list[Json], list[Json]]:
    xs, column = series.xs(axis), series.columns.get(metric)
    if column is None:
        return [], []
    if math.isfinite(sum(column)) and None not in xs:
        return [*xs], _short(column)
    drawn = [(xs[place], number) for place, number in series.points(metric)]
    drawn = [each for each in drawn if each[0] is not None]
    return [x for x, _ in drawn], _short([number for _, number in drawn])


def _short(numbers: Sequence[float]) -> list[Json]:
    """Return ``numbers`` with six digits: a curve is drawn, and the table keeps the whole value."""
    found = [*map(float, ("%.6g " * len(numbers) % (*numbers,)).split())]  # all in one go
    return [*map(encode_number, found)]


def _first(pair: tuple[float | None, int | None]) -> float:
    return pair[0] or 0.0

"""The rows of everything that is looked at, in columns of numbers, and which of them are new."""

from __future__ import annotations

import math
from array import array
from itertools import pairwise

from ledger.contract.json_text import encode_number
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TypeAlias

    from ledger.contract.json_text import Json

    At: TypeAlias = tuple[int, int]
    """(epoch, step) of a row; NOWHERE for what it does not have."""

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

    __slots__ = ("columns", "epochs", "odd", "steps", "times")

    def __init__(self) -> None:
        self.epochs = array("q")
        self.steps = array("q")
        self.times = array("d")
        self.columns: dict[str, array[float]] = {}
        self.odd: dict[str, set[int]] = {}
        """Rows whose logged value was NaN, by metric."""

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
        for name, number in values.items():
            if name not in self.columns:
                self.columns[name] = array("d", [MISSING]) * len(self.epochs)
            self.columns[name][place] = number
            odd = self.odd.setdefault(name, set())
            (odd.add if math.isnan(number) else odd.discard)(place)

    def extend(
        self, at: Sequence[At], times: Sequence[float], columns: Mapping[str, array[float]]
    ) -> bool:
        """Add rows that all follow the last one; whether they do, else nothing is added.

        Args:
            at: of each row.
            times: MISSING where a row has none.
            columns: the values of each row, none of them missing.
        """
        before = [(self.epochs[-1], self.steps[-1])] if self.epochs else []
        if any(a >= b for a, b in pairwise([*before, *at])):
            return False
        n = len(self.epochs)
        self.epochs.extend(epoch for epoch, _ in at)
        self.steps.extend(step for _, step in at)
        self.times.extend(times)
        for name in dict.fromkeys([*self.columns, *columns]):
            own = self.columns.setdefault(name, array("d", [MISSING]) * n)
            own.extend(columns.get(name) or array("d", [MISSING]) * len(at))
            odd = self.odd.setdefault(name, set())
            if name in columns and math.isnan(sum(columns[name])):
                odd.update(n + k for k, number in enumerate(columns[name]) if math.isnan(number))
        return True

    def points(self, metric: str) -> Iterator[tuple[int, float]]:
        """Yield (place of the row, value) of the rows that have one, finite or not."""
        odd = self.odd.get(metric, ())
        for place, number in enumerate(self.columns.get(metric, ())):
            if number == number or place in odd:  # noqa: PLR0124  # the fastest look for NaN
                yield place, number

    def position(self, place: int) -> int | None:
        """Return the epoch of a row, its step where it has none, None where it has neither."""
        epoch, step = self.epochs[place], self.steps[place]
        found = step if epoch == NOWHERE else epoch
        return None if found == NOWHERE else found

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
        return {name: self._summed(name) for name in names}

    def curves(self, metric: str, axis: str) -> list[dict[str, Json]]:
        """Return a curve for each training: its key, x (epoch, step or time) and y."""
        return [
            {"k": key, "x": xs, "y": ys}
            for key, each in self.series.items()
            for xs, ys in [_curve(each, metric, axis)]
            if ys
        ]

    def _summed(self, name: str) -> list[Json]:
        low: tuple[float, int | None] | None = None
        high: tuple[float, int | None] | None = None
        last, n, n_odd = MISSING, 0, 0
        for each in self.series.values():
            for place, number in each.points(name):
                last, n = number, n + 1
                if not math.isfinite(number):
                    n_odd += 1
                    continue
                if low is None or number < low[0]:
                    low = number, each.position(place)
                if high is None or number > high[0]:
                    high = number, each.position(place)
        return [*(low or (None, None)), *(high or (None, None)), encode_number(last), n, n_odd]


def _curve(series: Series, metric: str, axis: str) -> tuple[list[Json], list[Json]]:
    xs: list[Json] = []
    ys: list[Json] = []
    for place, number in series.points(metric):
        x = series.times[place] if axis == "time" else _whole(series, place, axis)
        if x is not None and x == x:  # noqa: PLR0124  # as above
            xs.append(x)
            ys.append(_short(number))
    return xs, ys


def _whole(series: Series, place: int, axis: str) -> int | None:
    """Return where a row stands; of a table without epochs steps take their place."""
    if axis == "epoch":
        return series.position(place)
    step = series.steps[place]
    return None if step == NOWHERE else step


def _short(number: float) -> Json:
    """Return ``number`` with six digits: a curve is drawn, and the table keeps the whole value."""
    return float(f"{number:.6g}") if math.isfinite(number) else encode_number(number)

"""The rows of a table as what they say: whose they are, where they stand, params and numbers."""

from __future__ import annotations

import math
from array import array

from ledger.contract.metrics import parse_number
from ledger.errors import MalformedError
from ledger.report.boards.tracks import MISSING, NOWHERE, Row, is_rising
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar

    from ledger.report.boards.tracks import At, Series, Track

    T = TypeVar("T")

_TRIAL, _EPOCH, _STEP, _TIME = "trial_id", "epoch", "step", "time"
_SERIES = ("attempt", "execution")
_MOST = 1 << 63
"""No epoch or step is as large: columns hold 64 bits."""


@value
class Plan:
    """Which column of a table is what; places are those of its header."""

    index: Mapping[str, int]
    """By the format's own names: trial_id, attempt, execution, epoch, step, time."""
    params: tuple[tuple[str, int], ...]
    metrics: tuple[tuple[str, int], ...]
    number_of: Callable[[str, str], float | None]
    """Reads a cell of a metric, given its name; None where it holds no number."""
    worker: str = ""
    """Whose table it is; rows of two workers are never one training."""


def number_in(name: str, cell: str) -> float | None:
    """Return the number of our own tables in ``cell``; None where a guessed metric holds text."""
    try:
        return parse_number(name, cell)
    except MalformedError:
        return None


class RowReader:
    """Puts the rows of one table into the tracks they belong to.

    Args:
        plan: what the columns are.
        alone: the candidate whose rows they are, where the table has no trials.
    """

    def __init__(self, plan: Plan, alone: str = "") -> None:
        self._plan = plan
        self._alone = alone
        self._executions: dict[str, int] = {}
        self._last: dict[str, int] = {}

    def read(self, rows: Sequence[Sequence[str]], track_of: Callable[[str], Track]) -> list[Row]:
        """Add ``rows`` to their tracks and return them as they are sent."""
        return [self._one(row, track_of) for row in rows]

    def fill(self, rows: Sequence[Sequence[str]], track_of: Callable[[str], Track]) -> None:
        """Add ``rows`` to their tracks; of very many, by whole columns."""
        epochs, steps = self._wholes(rows, _EPOCH), self._wholes(rows, _STEP)
        for (candidate, key), places in self._trainings(rows, epochs).items():
            track, own = track_of(candidate), _picked(rows, places)
            at = [*zip(_picked(epochs, places), _picked(steps, places), strict=True)]
            if not self._extend(track.training(key), own, at):
                for row in own:
                    self._add(track, key, row)
            for name, p in self._plan.params:
                last = next((row[p] for row in reversed(own) if row[p]), "")
                track.params |= {name: last} if last else {}

    def _trainings(
        self, rows: Sequence[Sequence[str]], epochs: Sequence[int]
    ) -> dict[tuple[str, str], list[int]]:
        """Return the places of the rows of each training, by its candidate and key."""
        by_candidate: dict[str, list[int]] = {}
        for place, candidate in enumerate(self._candidates(rows)):
            by_candidate.setdefault(candidate, []).append(place)
        found: dict[tuple[str, str], list[int]] = {}
        for candidate, places in by_candidate.items():
            own = _picked(epochs, places)
            if self._goes_on(candidate, own) and self._are_alike(_picked(rows, places)):
                found[candidate, self._series(candidate, rows[places[0]], own[0])] = places
                self._last[candidate] = own[-1]
                continue
            for place in places:
                key = self._series(candidate, rows[place], epochs[place])
                found.setdefault((candidate, key), []).append(place)
        return found

    def _goes_on(self, candidate: str, epochs: Sequence[int]) -> bool:
        return is_rising(epochs) and epochs[0] > self._last.get(candidate, NOWHERE)

    def _are_alike(self, rows: Sequence[Sequence[str]]) -> bool:
        """Whether the columns that tell trainings apart, if there are any, do not change."""
        places = [self._plan.index[name] for name in _SERIES if name in self._plan.index]
        return all(len({row[place] for row in rows}) == 1 for place in places)

    def _extend(self, series: Series, rows: Sequence[Sequence[str]], at: list[At]) -> bool:
        """Add rows whose cells are numbers or empty by whole columns; whether that was done."""
        place = self._plan.index.get(_TIME)
        try:
            times = [] if place is None else _numbers([row[place] for row in rows])
            cells = {name: [row[p] for row in rows] for name, p in self._plan.metrics}
            columns = {name: _numbers(own) for name, own in cells.items() if any(own)}
        except ValueError:
            return False
        odd = {name: _odd(cells[name], own) for name, own in columns.items() if _has_nan(own)}
        return series.extend(at, times or array("d", [MISSING]) * len(rows), columns, odd)

    def _one(self, row: Sequence[str], track_of: Callable[[str], Track]) -> Row:
        (candidate,) = self._candidates([row])
        key = self._series(candidate, row, self._at(row)[0])
        track = track_of(candidate)
        track.params |= {name: row[place] for name, place in self._plan.params if row[place]}
        at, time, values = self._add(track, key, row)
        return Row(candidate=candidate, series=key, at=at, time=time, values=values)

    def _add(
        self, track: Track, key: str, row: Sequence[str]
    ) -> tuple[At, float | None, dict[str, float]]:
        at = self._at(row)
        place = self._plan.index.get(_TIME)
        time = None if place is None or not row[place] else number_in(_TIME, row[place])
        values = {
            name: number
            for name, place in self._plan.metrics
            if row[place] and (number := self._plan.number_of(name, row[place])) is not None
        }
        track.training(key).add(at, time, values)
        return at, time, values

    def _candidates(self, rows: Sequence[Sequence[str]]) -> list[str]:
        place = self._plan.index.get(_TRIAL)
        return [self._alone] * len(rows) if place is None else [row[place] for row in rows]

    def _series(self, candidate: str, row: Sequence[str], epoch: int) -> str:
        index = self._plan.index
        parts = [row[index[name]] or "0" if name in index else "0" for name in _SERIES]
        if "execution" not in index and epoch != NOWHERE:
            parts[1] = str(self._counted(candidate, epoch))
        return ".".join([*([self._plan.worker] if self._plan.worker else []), *parts])

    def _counted(self, candidate: str, epoch: int) -> int:
        """Return which training it is where no column tells: epochs that begin again are one."""
        if epoch <= self._last.get(candidate, NOWHERE):
            self._executions[candidate] = self._executions.get(candidate, 0) + 1
        self._last[candidate] = epoch
        return self._executions.get(candidate, 0)

    def _wholes(self, rows: Sequence[Sequence[str]], name: str) -> Sequence[int]:
        place = self._plan.index.get(name)
        if place is None:
            return array("q", [NOWHERE]) * len(rows)
        try:
            return array("q", [int(row[place]) for row in rows])
        except (ValueError, OverflowError):
            return [_whole(row[place]) for row in rows]

    def _at(self, row: Sequence[str]) -> At:
        index = self._plan.index
        epoch, step = (_whole(row[index[n]]) if n in index else NOWHERE for n in (_EPOCH, _STEP))
        return epoch, step


def _picked(items: Sequence[T], places: Sequence[int]) -> Sequence[T]:
    """Return the items at rising ``places``, which mostly follow each other."""
    first, last = places[0], places[-1]
    if last - first + 1 == len(places):
        return items[first : last + 1]
    return [items[place] for place in places]


def _whole(cell: str) -> int:
    try:
        number = int(float(cell)) if cell else NOWHERE
    except (ValueError, OverflowError):
        return NOWHERE
    return number if abs(number) < _MOST else NOWHERE


def _numbers(cells: Sequence[str]) -> array[float]:
    """Return the numbers in ``cells``, MISSING for an empty one.

    Raises:
        ValueError: a cell holds something else.
    """
    if "" not in cells:
        return array("d", map(float, cells))
    return array("d", [float(cell) if cell else MISSING for cell in cells])


def _has_nan(numbers: array[float]) -> bool:
    return math.isnan(sum(numbers))


def _odd(cells: Sequence[str], numbers: array[float]) -> list[int]:
    """Return where NaN was logged."""
    return [
        place
        for place, (cell, number) in enumerate(zip(cells, numbers, strict=True))
        if cell and math.isnan(number)
    ]

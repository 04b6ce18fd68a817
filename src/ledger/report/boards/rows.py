"""The rows of a table as what they say: whose they are, where they stand, params and numbers."""

from __future__ import annotations

from array import array

from ledger.contract.metrics import parse_number
from ledger.errors import MalformedError
from ledger.report.boards.tracks import MISSING, NOWHERE, Row
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ledger.report.boards.tracks import At, Series, Track

_TRIAL, _EPOCH, _STEP, _TIME = "trial_id", "epoch", "step", "time"
_SERIES = ("attempt", "execution")


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
        trainings: dict[tuple[str, str], list[Sequence[str]]] = {}
        for row in rows:
            candidate = self._candidate(row)
            key = self._series(candidate, row, self._whole(row, _EPOCH))
            trainings.setdefault((candidate, key), []).append(row)
        for (candidate, key), own in trainings.items():
            track = track_of(candidate)
            if not self._extend(track.training(key), own):
                for row in own:
                    self._add(track, key, row)
            track.params |= {name: own[-1][p] for name, p in self._plan.params if own[-1][p]}

    def _extend(self, series: Series, rows: list[Sequence[str]]) -> bool:
        """Add rows that are all numbers by whole columns; whether that could be done."""
        at = [(self._whole(row, _EPOCH), self._whole(row, _STEP)) for row in rows]
        place = self._plan.index.get(_TIME)
        try:
            columns = {
                name: array("d", [float(row[p]) for row in rows]) for name, p in self._plan.metrics
            }
            times = [MISSING if place is None else float(row[place]) for row in rows]
        except ValueError:
            return False
        return series.extend(at, times, columns)

    def _one(self, row: Sequence[str], track_of: Callable[[str], Track]) -> Row:
        candidate = self._candidate(row)
        key = self._series(candidate, row, self._whole(row, _EPOCH))
        track = track_of(candidate)
        track.params |= {name: row[place] for name, place in self._plan.params if row[place]}
        at, time, values = self._add(track, key, row)
        return Row(candidate=candidate, series=key, at=at, time=time, values=values)

    def _add(
        self, track: Track, key: str, row: Sequence[str]
    ) -> tuple[At, float | None, dict[str, float]]:
        at = self._whole(row, _EPOCH), self._whole(row, _STEP)
        place = self._plan.index.get(_TIME)
        time = None if place is None or not row[place] else number_in(_TIME, row[place])
        values = {
            name: number
            for name, place in self._plan.metrics
            if row[place] and (number := self._plan.number_of(name, row[place])) is not None
        }
        track.training(key).add(at, time, values)
        return at, time, values

    def _candidate(self, row: Sequence[str]) -> str:
        place = self._plan.index.get(_TRIAL)
        return self._alone if place is None else row[place]

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

    def _whole(self, row: Sequence[str], name: str) -> int:
        place = self._plan.index.get(name)
        cell = "" if place is None else row[place]
        try:
            return int(float(cell)) if cell else NOWHERE
        except (ValueError, OverflowError):
            return NOWHERE

"""A run's tables as rows to send: each with its step, its time, and names that do not clash.

The same metric may come from several lanes of one run: further processes, attempts and executions
of a trial. The first lane keeps the metric's name, the others lead it with theirs:
``rank1/loss``, ``execution2/val_acc``.
"""

from __future__ import annotations

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import Any, TypeAlias

    Lane: TypeAlias = tuple[str, int | None, int | None]
    """(worker, attempt, execution); "" is the owner of the run."""
    Curves: TypeAlias = dict[str | None, dict[Lane, dict["Place", "dict[str, float]"]]]

_MAX_S = 1e10
"""Seconds, three centuries: a time beyond is none."""


@value
class Place:
    """Where a row stands in its lane."""

    epoch: int | None
    step: int | None
    time_s: float | None
    """Since the start of the run."""
    order: int
    """Of the row among those of its lane, from 0."""

    @property
    def position(self) -> int:
        """What other trackers call its step: the step, else the epoch, else its order."""
        return next(at for at in (self.step, self.epoch, self.order) if at is not None)


@value
class Row:
    """All values of one row, by the names they are sent under."""

    step: int
    time_ms: int
    """Since 1970, UTC; from the record, so that the same row is sent alike at any time."""
    epoch: int | None
    """None where the table has none, or ``step`` is the epoch."""
    is_by_epoch: bool
    """Whether ``step`` is an epoch."""
    values: Mapping[str, float]
    """As the table holds them, NaN and infinities too."""


def rows_of(
    points: Iterable[tuple[Any, ...]], started: datetime
) -> dict[str | None, tuple[Row, ...]]:
    """Return the rows of each trial of a run, by its id; None for those of no trial.

    Args:
        points: the single values, as ``curve_rows`` has them.
        started: start of the run, which the times of the rows count from.
    """
    start_ms = round(started.timestamp() * 1000)
    return {trial: tuple(_rows(lanes, start_ms)) for trial, lanes in _curves(points).items()}


def _curves(points: Iterable[tuple[Any, ...]]) -> Curves:
    found: Curves = {}
    places: dict[tuple[object, ...], Place] = {}
    for _, trial, attempt, execution, worker, epoch, step, time, name, number, _ in points:
        # which process of a search tried it is no matter to a trial
        lane = ("" if trial is not None else worker or "", attempt, execution)
        rows = found.setdefault(trial, {}).setdefault(lane, {})
        key = (trial, worker, lane, epoch, step, time)
        place = places.get(key)
        if place is None or (epoch is None and step is None and name in rows[place]):
            place = Place(epoch=epoch, step=step, time_s=time, order=len(rows))
            places[key] = place
        rows.setdefault(place, {})[name] = float(number)
    return found


def _rows(lanes: dict[Lane, dict[Place, dict[str, float]]], start_ms: int) -> Iterator[Row]:
    taken: set[str] = set()
    for lane in sorted(lanes, key=lambda lane: _precedence(lane, lanes)):
        names = {name for values in lanes[lane].values() for name in values}
        lead = _lead(lane, list(lanes))
        sent = {name: lead + name if name in taken else name for name in names}
        taken |= set(sent.values())
        for place, values in lanes[lane].items():
            yield Row(
                step=place.position,
                time_ms=start_ms + _ms(place.time_s),
                epoch=place.epoch if place.step is not None else None,
                is_by_epoch=place.step is None and place.epoch is not None,
                values={sent[name]: number for name, number in values.items()},
            )


def _precedence(lane: Lane, lanes: Iterable[Lane]) -> tuple[object, ...]:
    """Return the sort key: the owner first, then the last attempt and the first execution."""
    worker, attempt, execution = lane
    place = [each[0] for each in lanes].index(worker)
    return bool(worker), place, -(attempt or 0), execution or 0


def _lead(lane: Lane, lanes: Sequence[Lane]) -> str:
    """Return what tells ``lane`` from the others."""
    words = ("", "attempt", "execution")
    differs = [len({each[part] for each in lanes}) > 1 for part in range(len(words))]
    told = zip(words, lane, differs, strict=True)
    return "".join(
        f"{word}{part}/" for word, part, is_told in told if is_told and part not in {"", None}
    )


def _ms(time_s: float | None) -> int:
    return round(time_s * 1000) if time_s is not None and 0 <= time_s < _MAX_S else 0

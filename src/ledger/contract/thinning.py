"""Which rows of long tables are worth keeping, and their summary, without holding the tables.

Every trial is cut into buckets of as many rows. Of each bucket the first and the last row are kept,
and of each metric the rows of its least and its greatest value; of each trial and metric also the
first and the last value, and the first that is not finite. So what a summary says of extremes and
of the last value stays exact, of the run and of each trial. All rows of one index are kept
together: none that was overridden comes back.
"""

from __future__ import annotations

from ledger.contract.long_table import Index, OutOfOrderError, fold_by_parts, fold_in_order
from ledger.contract.metrics import Summary, row_position


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from typing import TypeAlias

    from ledger.contract.long_table import Group, Key, LongTable, Merged, Values

    Extreme: TypeAlias = tuple[float, int, Key]
    """A value, the place of the row that reached it first, and the key of that row."""


class _Bucket:
    """What is kept of some rows of a trial that follow each other."""

    __slots__ = ("first", "highs", "last", "lows")

    def __init__(self, merged: Merged, n_metrics: int) -> None:
        self.first = self.last = (merged.order, merged.key)
        self.lows: list[Extreme | None] = [None] * n_metrics
        self.highs: list[Extreme | None] = [None] * n_metrics


class _Ends:
    """Of one trial and each metric the keys of its first, last, and first non-finite value."""

    __slots__ = ("first", "last", "odd")

    def __init__(self, n_metrics: int) -> None:
        self.first: list[Key | None] = [None] * n_metrics
        self.last: list[Key | None] = [None] * n_metrics
        self.odd: list[Key | None] = [None] * n_metrics


class Survey:
    """What all rows of the metrics tables of a run say.

    Args:
        tables: in their order; each has an index.
        metrics: names of the metric columns.
        bucket_rows: rows of a bucket.
        n_parts: passes to take where an index comes back later; see ``fold_by_parts``.

    Raises:
        MalformedError: a table does not follow the format.
    """

    def __init__(
        self, tables: Sequence[LongTable], metrics: Sequence[str], bucket_rows: int, n_parts: int
    ) -> None:
        self._metrics = metrics
        self._bucket_rows = bucket_rows
        self._clear()
        try:
            for merged in fold_in_order(tables, metrics, self._see):
                self._absorb(merged)
        except OutOfOrderError:
            self._clear()
            for merged in fold_by_parts(tables, metrics, self._see, n_parts):
                self._absorb(merged)

    def summary(self) -> dict[str, Summary]:
        """Return the same as ``metrics.summarise`` of the tables, by metric."""
        found: dict[str, Summary] = {}
        for slot, name in enumerate(self._metrics):
            last = self._last[slot]
            if last is not None:
                lows = [bucket.lows[slot] for bucket in self._buckets.values()]
                highs = [bucket.highs[slot] for bucket in self._buckets.values()]
                low = min((one for one in lows if one), key=_by_value, default=None)
                high = min((one for one in highs if one), key=_by_negative, default=None)
                found[name] = Summary(
                    last=last,
                    min=low[0] if low else None,
                    min_at=row_position(low[2]) if low else None,
                    max=high[0] if high else None,
                    max_at=row_position(high[2]) if high else None,
                    n=self._n[slot],
                    n_nonfinite=self._n_odd[slot],
                )
        return found

    def keys(self) -> set[Key]:
        """Return the keys of the rows that are worth keeping."""
        keys: set[Key | None] = {self._last_key}
        for bucket in self._buckets.values():
            keys |= {bucket.first[1], bucket.last[1]}
            keys.update(one[2] for one in (*bucket.lows, *bucket.highs) if one)
        for ends in self._ends.values():
            keys.update(ends.first, ends.last, ends.odd)
        return {key for key in keys if key is not None}

    def _clear(self) -> None:
        n_metrics = len(self._metrics)
        self._buckets: dict[tuple[Group, int], _Bucket] = {}
        self._ends: dict[Group, _Ends] = {}
        self._last: list[float | None] = [None] * n_metrics
        self._last_key: Key | None = None
        self._n = [0] * n_metrics
        self._n_odd = [0] * n_metrics

    def _see(self, key: Key, group: Group, values: Values) -> None:
        """Take note of a row as it stands: what is last is the last that was written."""
        ends = self._ends.get(group)
        if ends is None:
            ends = self._ends[group] = _Ends(len(self._metrics))
        self._last_key = key
        for slot, number in values:
            self._last[slot] = number
            ends.last[slot] = key
            if ends.first[slot] is None:
                ends.first[slot] = key
            if number - number != 0 and ends.odd[slot] is None:
                ends.odd[slot] = key

    def _absorb(self, merged: Merged) -> None:
        """Take note of all rows of one index."""
        place = (merged.group, merged.place // self._bucket_rows)
        bucket = self._buckets.get(place)
        if bucket is None:
            bucket = self._buckets[place] = _Bucket(merged, len(self._metrics))
        order, key = merged.order, merged.key
        if order > bucket.last[0]:
            bucket.last = (order, key)
        elif order < bucket.first[0]:
            bucket.first = (order, key)
        lows, highs = bucket.lows, bucket.highs
        for slot, number in enumerate(merged.values):
            if number is None:
                continue
            self._n[slot] += 1
            if number - number != 0:
                self._n_odd[slot] += 1
                continue
            # of equal values the one that was there first
            at, low, high = merged.orders[slot], lows[slot], highs[slot]
            if low is None or number < low[0] or (number == low[0] and at < low[1]):
                lows[slot] = (number, at, key)
            if high is None or number > high[0] or (number == high[0] and at < high[1]):
                highs[slot] = (number, at, key)


def thinned_lines(table: LongTable, keys: Collection[Key]) -> Iterator[bytes]:
    """Yield the lines of ``table`` below its header whose key is one of ``keys``, as they stand."""
    index = Index(table)
    for chunk in table.chunks():
        pairs = zip(chunk.lines, chunk.rows, strict=True)
        kept = [line for line, row in pairs if index.key(row) in keys]
        if kept:
            yield b"\n".join([*kept, b""])


def _by_value(one: Extreme) -> tuple[float, int]:
    return one[0], one[1]


def _by_negative(one: Extreme) -> tuple[float, int]:
    return -one[0], one[1]

"""Tables too long to hold: their rows one after the other, those of one index as one row.

Where the rows of an index stand together, as a training writes them, one row of each trial is held.
Where an index comes back later (a restart, several processes), the tables are read in several
passes, each of which holds a part of the rows.
"""

from __future__ import annotations

from operator import itemgetter

from ledger.contract.columns import ROW_INDEX
from ledger.contract.metrics import decode_rows, parse_number
from ledger.errors import MalformedError
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    Key: TypeAlias = tuple[str, ...]
    """The worker, the cells of the index columns, then the position that summaries report."""
    Group: TypeAlias = tuple[str | bool, ...]
    Values: TypeAlias = list[tuple[int, float]]
    """(place of the metric among those asked for, value) of one row."""
    See: TypeAlias = Callable[[Key, Group, Values], None]

_POSITIONS = ("epoch", "step")
# Of these bytes float() accepts only what the format does.
_PLAIN = b"0123456789.,e-\n"


@value
class Chunk:
    """Some rows of a table."""

    rows: list[list[str]]
    lines: list[bytes]
    """The same rows as they stand in the table, without their newlines."""
    is_plain: bool
    """Whether every cell is empty or a finite number."""


@value
class LongTable:
    """A table that is read again and again, and never held."""

    name: str
    header: tuple[str, ...]
    data: Callable[[], Iterator[bytes]]
    """Whole lines below the header, some at a time; an unfinished last line is left out."""
    worker: str = ""
    """Whose table it is; "" for the owner's. Rows of two workers are never one row."""
    hidden: frozenset[str] = frozenset()
    """Columns whose values do not count."""

    @property
    def has_index(self) -> bool:
        """Whether a column says which row is which."""
        return any(name in self.header for name in ROW_INDEX)

    def chunks(self) -> Iterator[Chunk]:
        """Yield all rows, some at a time.

        Raises:
            MalformedError: with table and line, where it does not follow the format.
        """
        line = 2
        for data in self.data():
            try:
                rows = decode_rows(data, len(self.header), line)
            except MalformedError as error:
                raise error.at(self.name) from error
            line += len(rows)
            is_plain = not data.translate(None, _PLAIN)
            yield Chunk(rows=rows, lines=data.split(b"\n")[:-1], is_plain=is_plain)


class Index:
    """What identifies the rows of ``table``, which has an index, and what orders them."""

    def __init__(self, table: LongTable) -> None:
        header = table.header
        self._worker = table.worker
        places = [header.index(name) for name in ROW_INDEX if name in header]
        self._at = [header.index(name) for name in _POSITIONS if name in header]
        self._others = [place for place in places if place not in self._at]
        self._cells = (
            itemgetter(*places) if len(places) > 1 else itemgetter(slice(places[0], places[0] + 1))
        )

    def key(self, row: list[str]) -> Key:
        """Return what rows of one index share: its cells, then their position."""
        at = self._at
        return (self._worker, *self._cells(row), (row[at[0]] or row[at[-1]]) if at else "")

    def group(self, row: list[str]) -> Group:
        """Return what rows share that follow each other: trial, and whether epoch or step count."""
        positions = [row[place] == "" for place in self._at]
        return (self._worker, *[row[place] for place in self._others], *positions)

    def position(self, row: list[str]) -> tuple[int, ...] | None:
        """Return what grows from row to row of a group; None where that is no number."""
        cells = [row[place] for place in self._at]
        if not all(cell == "" or (cell.isascii() and cell.isdigit()) for cell in cells):
            return None
        return tuple([int(cell) if cell else -1 for cell in cells])


class Merged:
    """All rows of one index as one."""

    __slots__ = ("group", "key", "order", "orders", "place", "values")

    def __init__(self, key: Key, group: Group, place: int, order: int, n_metrics: int) -> None:
        self.key = key
        self.group = group
        self.place = place
        """Among the rows of its group, from 0."""
        self.order = order
        """Of its first row among all, from 0."""
        self.values: list[float | None] = [None] * n_metrics
        """Of each metric the last value, None where it has none."""
        self.orders = [0] * n_metrics
        """Of each metric the row, among all, that gave the first value."""


class OutOfOrderError(Exception):
    """An index came back after others: a row that was let go of was not complete."""


class _Group:
    """Where the rows of one group stand."""

    __slots__ = ("n", "pending", "position")

    def __init__(self) -> None:
        self.n = 0
        self.pending: Merged | None = None
        self.position: tuple[int, ...] = ()


def fold_in_order(
    tables: Sequence[LongTable], metrics: Sequence[str], see: See
) -> Iterator[Merged]:
    """Yield the rows of ``tables`` in one pass, rows of one index as one.

    Args:
        tables: in their order; each has an index.
        metrics: names of the columns whose values are wanted.
        see: called with key, group and values of each row as it stands in its table, in order.

    Raises:
        OutOfOrderError: an index comes back after others.
        MalformedError: a table does not follow the format.
    """
    groups: dict[Group, _Group] = {}
    for order, (key, index, row, values) in enumerate(_rows(tables, metrics)):
        group = index.group(row)
        see(key, group, values)
        state = groups.get(group)
        if state is None:
            state = groups[group] = _Group()
        pending = state.pending
        if pending is None or pending.key != key:
            position = index.position(row)
            if position is None or position <= state.position:
                raise OutOfOrderError
            if pending is not None:
                yield pending
            pending = state.pending = Merged(key, group, state.n, order, len(metrics))
            state.position = position
            state.n += 1
        _merge(pending, order, values)
    for state in groups.values():
        if state.pending is not None:
            yield state.pending


def fold_by_parts(
    tables: Sequence[LongTable], metrics: Sequence[str], see: See, n_parts: int
) -> Iterator[Merged]:
    """Yield the same as ``fold_in_order`` in any order, of rows that stand in any order.

    Args:
        tables: in their order; each has an index.
        metrics: names of the columns whose values are wanted.
        see: called with key, group and values of each row as it stands in its table, in order.
        n_parts: how many passes to take; each holds one part of the rows.
    """
    for part in range(n_parts):
        held: dict[Key, Merged] = {}
        counts: dict[Group, int] = {}
        for order, (key, index, row, values) in enumerate(_rows(tables, metrics)):
            group = index.group(row)
            if part == 0:
                see(key, group, values)
            counts[group] = place = counts.get(group, -1) + 1
            if hash(key) % n_parts == part:
                merged = held.get(key)
                if merged is None:
                    merged = held[key] = Merged(key, group, place, order, len(metrics))
                _merge(merged, order, values)
        yield from held.values()


def _rows(
    tables: Sequence[LongTable], metrics: Sequence[str]
) -> Iterator[tuple[Key, Index, list[str], Values]]:
    """Yield (key, index of the table, cells, values) of every row."""
    for table in tables:
        index = Index(table)
        header = table.header
        counted = set(header) - table.hidden
        slots = [(slot, header.index(name)) for slot, name in enumerate(metrics) if name in counted]
        for chunk in table.chunks():
            parse = float if chunk.is_plain else None
            for row in chunk.rows:
                try:
                    values = [
                        (slot, parse(cell) if parse else parse_number(metrics[slot], cell))
                        for slot, place in slots
                        if (cell := row[place])
                    ]
                except ValueError:  # a cell like "1-2": the strict reading says which
                    values = [
                        (slot, parse_number(metrics[slot], row[place]))
                        for slot, place in slots
                        if row[place]
                    ]
                yield index.key(row), index, row, values


def _merge(merged: Merged, order: int, values: Values) -> None:
    for slot, number in values:
        if merged.values[slot] is None:
            merged.orders[slot] = order
        merged.values[slot] = number

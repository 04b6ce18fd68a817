"""Rows that differ from the one before in their numbers alone: one format makes their lines."""

from __future__ import annotations

from operator import is_

from ledger.contract.metrics import encode_cell
from ledger.value import value
from ledger.writer.scalars import PLAIN


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import TypeAlias

    from ledger.contract.columns import Column
    from ledger.contract.metrics import Cell

    TrialIndex: TypeAlias = tuple[str, int, int | None, int | None]
    """trial_id, attempt, execution, epoch."""

INDEX_NAMES = ("epoch", "step")
TRIAL_INDEX = ("trial_id", "attempt", "execution", "epoch")
NUMBERS = frozenset({float, int})


@value
class ShortRow:
    """What makes lines of rows with the same names, all of them numbers."""

    names: tuple[str, ...]
    n_index: int
    """How many values of a row are its index; 0 when the table counts steps."""
    format: str
    """Takes the index, the seconds since the start, and the metrics."""


def short_row(
    names: tuple[str, ...],
    header: Sequence[str],
    columns: Mapping[str, Column],
    undecided: Collection[str],
) -> ShortRow | None:
    """Return what makes lines of rows of ``names``; None unless the header has them in this order.

    Args:
        names: of the values of a row, as they are given.
        header: of the table.
        columns: of the table, by name.
        undecided: columns that have had no value yet.
    """
    index = tuple(name for name in header if name in INDEX_NAMES)
    leads = index if names[: len(index)] == index else ()
    if not leads and any(name in names for name in INDEX_NAMES):
        return None
    is_numeric = all(columns[name].role != "meta" and name not in undecided for name in header)
    if not is_numeric or (*(leads or ("step",)), "time", *names[len(leads) :]) != (*header,):
        return None
    cells = ",".join("%.3f" if name == "time" else "%r" for name in header)
    return ShortRow(names=names, n_index=len(leads), format=cells + "\n")


@value
class ShortTrialRow:
    """What makes lines of the rows of one training of a trial while its params stay the same."""

    trial: tuple[str, int, int | None]
    params: tuple[object, ...]
    """The very objects, which cannot change: their text is part of the format."""
    param_names: tuple[str, ...]
    names: tuple[str, ...]
    """Of the metrics."""
    columns: Mapping[str, str]
    """Theirs, by name."""
    format: str
    """Takes the epoch, the seconds since the start, and the metrics."""

    def encode(
        self,
        index: TrialIndex,
        seconds: float,
        params: Mapping[str, object],
        metrics: Mapping[str, object],
    ) -> bytes | None:
        """Return the line of a row; None when it is not one of these."""
        epoch, numbers = index[3], tuple(metrics.values())
        if (
            index[:3] == self.trial
            and type(epoch) is int
            and tuple(params) == self.param_names
            and all(map(is_, params.values(), self.params))
            and tuple(metrics) == self.names
            and NUMBERS.issuperset(map(type, numbers))
        ):
            try:
                return (self.format % (epoch, seconds, *numbers)).encode()
            except ValueError:  # an integer of more digits than Python writes out
                return None
        return None


def short_trial_row(
    index: TrialIndex,
    params: Mapping[str, object],
    metrics: Mapping[str, str],
    header: Sequence[str],
    cells: Mapping[str, Cell],
) -> ShortTrialRow | None:
    """Return what makes lines of rows like the one that ``cells`` are of; None if nothing does.

    Args:
        index: of the row.
        params: of the trial, by name.
        metrics: columns by the names of the metrics; each has held a number.
        header: of the table.
        cells: of the row, by column.
    """
    given = ("epoch", "time", *metrics.values())
    are_lasting = PLAIN.issuperset(map(type, params.values()))
    if not are_lasting or tuple(name for name in header if name in given) != given:
        return None
    slots = {**dict.fromkeys(given, "%r"), "epoch": "%d", "time": "%.3f"}
    parts = [slots.get(name) or _literal(cells.get(name)) for name in header]
    return ShortTrialRow(
        trial=index[:3],
        params=tuple(params.values()),
        param_names=tuple(params),
        names=tuple(metrics),
        columns=metrics,
        format=",".join(parts) + "\n",
    )


def _literal(cell: Cell) -> str:
    return encode_cell(cell).replace("%", "%%")

"""Rows as Weights & Biases takes them: in rising steps, for it drops a smaller one in silence."""

from __future__ import annotations

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TypeAlias

    from ledger.sync.rows import Row

    Values: TypeAlias = dict[str, float]

_RESERVED = ("_step", "_timestamp", "_runtime", "_wandb", "epoch", "step")


@value
class History:
    """What is logged, in this order."""

    rows: Sequence[tuple[int, Values]]
    """(step there, values by name, the time as ``_timestamp``); steps rise."""
    axes: Mapping[str, str]
    """Of each metric, or of ``*``, the column it is drawn over."""


def history_of(rows: Iterable[Row]) -> History:
    """Return ``rows`` merged where they share a step, in rising steps.

    Where steps come again with other values (each epoch counts its own), or are negative, the rows
    are numbered, and drawn over the column ``step`` that keeps what was theirs.
    """
    ordered = sorted(rows, key=lambda row: (row.epoch is not None and row.epoch, row.step))
    merged: list[tuple[int, Values]] = []
    last: dict[tuple[int, bool, int | None], Values] = {}
    for row in ordered:
        values = {_free(name): number for name, number in row.values.items()}
        key = (row.step, row.is_by_epoch, row.epoch)
        held = last.get(key)
        if held is None or held.keys() & values.keys():
            held = last[key] = _head(row)
            merged.append((row.step, held))
        held |= values
        held["_timestamp"] = max(held["_timestamp"], row.time_ms / 1000)
    steps = [step for step, _ in merged]
    is_rising = all(step >= 0 for step in steps) and len(set(steps)) == len(steps)
    if is_rising:
        merged.sort(key=lambda pair: pair[0])
    else:
        merged = [(place, values) for place, (_, values) in enumerate(merged)]
    return History(rows=merged, axes=_axes(merged, is_numbered=not is_rising))


def _head(row: Row) -> Values:
    """Return the columns that say where a row stands."""
    axis: Values = {"epoch" if row.is_by_epoch else "step": row.step}
    if row.epoch is not None:
        axis["epoch"] = row.epoch
    return {**axis, "_timestamp": row.time_ms / 1000}


def _axes(merged: Iterable[tuple[int, Values]], *, is_numbered: bool) -> dict[str, str]:
    """Return the axis of each metric; one entry for all where they share it."""
    found: dict[str, str] = {}
    for _, values in merged:
        axis = "step" if "step" in values else "epoch"
        for name in values.keys() - {*_RESERVED}:
            found.setdefault(name, axis)
    axes = set(found.values())
    if axes == {"step"} and not is_numbered:
        return {}  # what it does by itself
    return {"*": axes.pop()} if len(axes) == 1 else found


def _free(name: str) -> str:
    return f"metric.{name}" if name in _RESERVED else name

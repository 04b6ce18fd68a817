"""What the columns of a foreign table are: told by their names and by how they change."""

from __future__ import annotations

import math
import re

from ledger.contract.direction import infer_goal
from ledger.errors import MalformedError
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.contract.columns import Role
    from ledger.reader.foreign.decoded import Decoded

_INDEX = {
    "trial_id": ("trial_id", "trial", "trial_number", "trial id"),
    "epoch": ("epoch", "epochs"),
    "step": ("step", "global_step", "iteration"),
    "time": ("time",),
    "attempt": ("attempt",),
    "execution": ("execution",),
}
_BOOLEANS = {"true": 1.0, "false": 0.0}
_COMMA = re.compile(r"[+-]?\d+,\d+")


@value
class Roles:
    """The role of every column of a table."""

    index: Mapping[str, str]
    """Columns of the table by the name we give them."""
    params: tuple[str, ...]
    metrics: tuple[str, ...]
    meta: tuple[str, ...]

    def by_column(self) -> dict[str, Role]:
        """Return the role of every column that is no index."""
        found: dict[str, Role] = dict.fromkeys(self.params, "param")
        return found | dict.fromkeys(self.metrics, "metric") | dict.fromkeys(self.meta, "meta")


def infer_roles(
    table: Decoded, meta: frozenset[str], known: Mapping[str, Role] | None = None
) -> Roles:
    """Return the roles of the columns of ``table``.

    A number that changes within a trial, or whose name ends with a word that says what is better
    or begins with ``val_``, is a metric; what is the same in every row of a trial is a param; text
    that is the same in all rows describes the table.

    Args:
        table: the rows.
        meta: columns that are neither, as the tool itself says.
        known: roles that need not be inferred, by column.

    Raises:
        MalformedError: no column can be a metric.
    """
    index = _index(table.header)
    by_name = dict(zip(table.header, zip(*table.rows, strict=True), strict=False))
    trials = by_name.get(index.get("trial_id", ""), ("",) * len(table.rows))
    taken = frozenset(index.values())
    params: list[str] = []
    metrics: list[str] = []
    others: list[str] = []
    for name in table.header:
        if name in taken:
            continue
        kind = (known or {}).get(name) or _kind(name, by_name.get(name, ()), trials)
        if name in meta or kind == "meta":
            others.append(name)
        else:
            (metrics if kind == "metric" else params).append(name)
    if not metrics:
        raise _no_metric(table)
    return Roles(index=index, params=tuple(params), metrics=tuple(metrics), meta=tuple(others))


def number_of(cell: str) -> float | None:
    """Return the number that ``cell`` holds; true is 1, false 0; None where it is none."""
    truth = _BOOLEANS.get(cell.lower())
    if truth is not None:
        return truth
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def whole_of(cell: str) -> int | None:
    """Return the whole number in ``cell``, ``3`` or ``3.0``; None where it is none."""
    number = number_of(cell)
    is_whole = number is not None and math.isfinite(number) and number.is_integer()
    return int(number) if is_whole and number is not None else None


def _index(header: Sequence[str]) -> dict[str, str]:
    folded = {name.casefold(): name for name in reversed(header)}
    found = {
        ours: next((folded[name] for name in names if name in folded), None)
        for ours, names in _INDEX.items()
    }
    return {ours: name for ours, name in found.items() if name is not None}


def _kind(name: str, cells: Sequence[str], trials: Sequence[str]) -> Role:
    values = {*cells}
    is_changing = len({*zip(trials, cells, strict=True)}) > len({*trials})
    filled = values - {""}
    is_number = bool(filled) and all(number_of(cell) is not None for cell in filled)
    if is_number and (is_changing or _is_called_metric(name)):
        return "metric"
    if is_changing:
        return "meta"
    return "meta" if len(values) == 1 and not is_number else "param"


def _is_called_metric(name: str) -> bool:
    """Whether a name says that it is a metric: ``val_loss`` and ``acc_1``, not ``loss_weight``."""
    words = [word for word in name.split("_") if not word.isdecimal()]
    return name.startswith("val_") or (bool(words) and infer_goal(words[-1]) is not None)


def _no_metric(table: Decoded) -> MalformedError:
    is_comma = any(_COMMA.fullmatch(cell) for row in table.rows[:50] for cell in row)
    if is_comma:
        message = "writes numbers with a comma"
        return MalformedError(message, hint="write them with a point")
    if not table.rows:
        message = "has no row yet"
        return MalformedError(message, hint="wait for its first row")
    message = "has no column of numbers that change or are named like a metric"
    return MalformedError(message, hint="one row per epoch per trial, a column per metric")

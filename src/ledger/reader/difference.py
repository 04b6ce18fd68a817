"""One thing that differs between two runs, and by how much."""

from __future__ import annotations

import math

from ledger.reader.answers import json_number
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.direction import Goal
    from ledger.contract.json_text import Json


@value
class Difference:
    """One key of two runs; ``in_old`` and ``in_new`` tell a missing value from a null one."""

    section: str
    key: str
    reading: str | None
    """last, best or final for a metric; None elsewhere."""
    old: Json
    new: Json
    in_old: bool
    in_new: bool
    change: float | None = None
    """``new - old``; None unless both are finite numbers."""
    percent: float | None = None
    """Change in percent of the absolute ``old``, so that its sign is that of ``change``; None
    where ``old`` is 0 or the result is no finite number."""
    is_better: bool | None = None
    """None where nothing says which way is better, or nothing changed."""

    def to_json(self) -> dict[str, Json]:
        """Return the difference as ``--format json`` holds it."""
        names = {"is_better": "better"}
        fields = {names.get(key, key): item for key, item in as_dict(self).items()}
        return {k: json_number(v) if isinstance(v, float) else v for k, v in fields.items()}  # type: ignore[misc]  # fields are JSON


def difference(
    section: str, key: str, old: Mapping[str, Json], new: Mapping[str, Json]
) -> Difference:
    """Return what the two sides hold under ``key``; a side without it is told apart from null."""
    return Difference(
        section=section,
        key=key,
        reading=None,
        old=old.get(key),
        new=new.get(key),
        in_old=key in old,
        in_new=key in new,
    )


def number_difference(
    key: str, reading: str, old: float | None, new: float | None, goal: Goal | None
) -> Difference:
    """Return the change of a metric from ``old`` to ``new``; None is a run without it."""
    change = _finite(None if old is None or new is None else _subtract(new, old))
    percent = None if not old or change is None else _finite(change / abs(old) * 100)
    is_better = None if goal is None or not change else (change > 0) == (goal == "max")
    return Difference(
        section="metrics",
        key=key,
        reading=reading,
        old=old,
        new=new,
        in_old=old is not None,
        in_new=new is not None,
        change=change,
        percent=percent,
        is_better=is_better,
    )


def _subtract(new: float, old: float) -> float | None:
    try:
        return new - old
    except OverflowError:  # an integer beyond every float
        return None


def _finite(number: float | None) -> float | None:
    try:
        return number if number is not None and math.isfinite(number) else None
    except OverflowError:
        return None

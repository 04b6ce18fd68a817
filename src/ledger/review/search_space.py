"""The search space of a sweep, as its record holds it, whichever tuner described it."""

from __future__ import annotations

from ledger.contract.json_text import as_list, as_object, as_text
from ledger.review.robust import LARGEST
from ledger.review.subject import Param


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json
    from ledger.review.subject import Scale

_LOWS = ("min_value", "low", "min", "lower")
_HIGHS = ("max_value", "high", "max", "upper")
_VALUES = ("values", "choices", "categories", "options")
_SCALES: Mapping[str, Scale] = {
    "log": "log",
    "loguniform": "log",
    "log-uniform": "log",
    "reverse_log": "reverse_log",
}


def read_space(space: Json) -> tuple[Param, ...] | None:
    """Return the params that ``space`` declares, by name; None where none was recorded.

    Each is an object with bounds, values, step and sampling under the names that tuners give them;
    a bare list is a choice. What is neither has no edge.
    """
    entries = as_object(space)
    if not entries:
        return None
    return tuple(_param(name, entry) for name, entry in sorted(entries.items()))


def _param(name: str, entry: Json) -> Param:
    if isinstance(entry, list):
        return Param(name=name, values=tuple(entry))
    told = as_object(entry)
    values = next((as_list(told[key]) for key in _VALUES if key in told), [])
    return Param(
        name=name,
        low=_number(told, _LOWS),
        high=_number(told, _HIGHS),
        scale=_scale(told),
        step=_number(told, ("step", "q")),
        values=tuple(values),
        is_ordered=told.get("ordered") is True,
    )


def _scale(told: Mapping[str, Json]) -> Scale:
    if told.get("log") is True:
        return "log"
    said = as_text(told.get("sampling")) or as_text(told.get("scale")) or ""
    return _SCALES.get(said.lower(), "linear")


def _number(told: Mapping[str, Json], keys: tuple[str, ...]) -> float | None:
    for key in keys:
        item = told.get(key)
        is_number = isinstance(item, int | float) and not isinstance(item, bool)
        if is_number and abs(item) <= LARGEST:  # type: ignore[arg-type]  # a number
            return float(item)  # type: ignore[arg-type]  # as above
    return None

"""What a training loop may log, as plain Python: scalars of any array library, text, None."""

from __future__ import annotations

import functools

from ledger.contract.redaction import redact_under


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.metrics import Cell

PLAIN = frozenset({float, int, bool, str, type(None)})
MAX_BITS = 13_000
"""Of a whole number: nearly 4,000 decimal digits, all that a record and Python itself will read."""
MAX_KEPT = 100
"""Characters of a text whose redaction is remembered."""


def plain(item: object) -> Cell:
    """Return the scalar ``item`` of numpy, torch, jax or Python as a plain value.

    Raises:
        TypeError: ``item`` is no scalar: an array of several numbers, a list, a model.
    """
    if type(item) in PLAIN:
        return _within_limit(item) if type(item) is int else item  # type: ignore[return-value]  # one of the plain types
    for kind in (bool, int, float):
        if isinstance(item, kind):  # numpy's float64 and IntEnum are subclasses
            return plain(kind(item))
    if isinstance(item, str):
        return str.__str__(item)  # of an enum the value, not "Phase.WARM"
    return _converted(item)


def param_cell(name: str, item: object) -> Cell:
    """Return the value of a param as a table holds it; what is no scalar as its text."""
    try:
        cell = plain(item)
    except TypeError:
        cell = str(item)
    if not isinstance(cell, str):
        return cell
    return redact_under(name, cell) if len(cell) > MAX_KEPT else _redacted(name, cell)


@functools.lru_cache(maxsize=512)
def _redacted(name: str, text: str) -> str:
    """Return ``text`` as it may be written: the choices of a sweep come again with each trial."""
    return redact_under(name, text)


def position(item: object) -> int | None:
    """Return ``item`` as an epoch or step, a whole number from 0; None when it is none."""
    try:
        number = plain(item)
    except TypeError:
        return None
    if isinstance(number, int):
        return number if number >= 0 and not isinstance(number, bool) else None
    is_whole = isinstance(number, float) and number >= 0 and number.is_integer()
    return int(number) if is_whole else None  # type: ignore[arg-type]  # a float, by the line above


def legible(name: object) -> str:
    """Return ``name`` as text that UTF-8 can hold; a NUL would make the whole table unreadable."""
    return str(name).encode("utf-8", "replace").decode("utf-8").replace("\0", "?")


def _converted(item: object) -> Cell:
    convert = getattr(item, "item", None)
    if callable(convert):
        try:
            item = convert()
        except (TypeError, ValueError, RuntimeError) as error:
            message = f"{type(item).__name__} is not one number"
            raise TypeError(message) from error
        if type(item) in PLAIN:
            return plain(item)
    if isinstance(item, complex):
        message = "a complex number is not one number"
        raise TypeError(message)
    try:
        return float(item)  # type: ignore[arg-type]  # bfloat16, Decimal, Fraction; others raise
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        message = f"{type(item).__name__} is not a number"
        raise TypeError(message) from error


def _within_limit(number: int) -> int:
    if number.bit_length() > MAX_BITS:
        message = f"a whole number of {number.bit_length()} bits is too large"
        raise TypeError(message)
    return number

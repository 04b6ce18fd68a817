"""A number as it was printed, and the values that print so."""

from __future__ import annotations

import re
from decimal import Decimal

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal, TypeAlias

    How: TypeAlias = Literal["equal", "rounded", "truncated"]

NUMBER = r"[+-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"
"""A decimal number, with ``,`` between thousands if at all."""
MAX_DIGITS = 40
_COMMA_IS_POINT = re.compile(r"([+-]?0),(\d+)")
_METRIC, _PARAM, _NOTE = 1, 2, 4
ANYWHERE = _METRIC | _PARAM | _NOTE
OF_METRICS = _METRIC
OF_PARAMS = _PARAM
OF_NOTES = _NOTE
BY_DIGITS = {0: 0.4, 1: 0.6, 2: 0.9}
"""How much a rounded number of so few significant digits says; with more of them, all."""
TRUNCATED = 0.7
STORED_AS_PERCENT = 0.95
PERCENT_UNSAID = 0.8
PERCENT_OF_WHOLE = 0.5
"""As above, for a number without decimals: 93 for 0.93."""


@value
class Range:
    """Values that a printed number may stand for, both ends included."""

    low: float
    high: float
    quality: float
    """0..1: how well such a value fits what was printed."""
    how: How
    places: int
    """Bits: where a value in it counts, of OF_METRICS, OF_PARAMS and OF_NOTES."""


@value
class Spread:
    """A mean and its spread over repeats, at one scale."""

    mean: Range
    spread: Range


def ranges_of(text: str, *, is_percent: bool = False) -> tuple[Range, ...]:
    """Return what the printed number ``text`` may stand for; nothing if it is beyond all floats.

    Rounding half up and half to even are both accepted: both ends belong to a range.

    Args:
        text: as NUMBER has it; ``0,931`` is read as 0.931.
        is_percent: whether a percent sign followed.
    """
    printed = decimal_of(text)
    if printed is None:
        return ()
    found: list[Range] = []
    for scale, quality, places in _scales(printed, is_percent=is_percent):
        found += _at_scale(printed, scale, quality, places)
    return tuple(found)


def spreads_of(mean: str, spread: str, *, is_percent: bool) -> tuple[Spread, ...]:
    """Return what ``mean ± spread`` may stand for, both at one scale; nothing without a spread."""
    middle, width = decimal_of(mean), decimal_of(spread)
    if middle is None or not width:
        return ()
    return tuple(
        Spread(
            mean=next(_at_scale(middle, scale, quality, places)),
            spread=next(_at_scale(width, scale, quality, places)),
        )
        for scale, quality, places in _scales(middle, is_percent=is_percent)
    )


def decimal_of(text: str) -> Decimal | None:
    """Return the number ``text`` prints, its exponent that of the last printed digit."""
    comma = _COMMA_IS_POINT.fullmatch(text)
    plain = f"{comma[1]}.{comma[2]}" if comma else text.replace(",", "")
    if len(plain) > MAX_DIGITS or not re.fullmatch(NUMBER, plain):
        return None
    number = Decimal(plain)
    return number if -300 < number.adjusted() < 300 else None  # noqa: PLR2004  # well within floats


def significant_digits(number: Decimal) -> int:
    """Return how many digits of ``number`` say something: 3 of 0.0931, 3 of 0.930, 0 of 0."""
    return len(number.as_tuple().digits) if number else 0


def _scales(printed: Decimal, *, is_percent: bool) -> Iterator[tuple[Decimal, float, int]]:
    """Yield factor, quality and places of the scales a number may be stored at."""
    hundredth, one, hundred = Decimal("0.01"), Decimal(1), Decimal(100)
    if is_percent:
        yield hundredth, 1.0, ANYWHERE
        yield one, STORED_AS_PERCENT, OF_METRICS | OF_NOTES
        return
    yield one, 1.0, ANYWHERE
    is_whole = int(printed.as_tuple().exponent) >= 0
    if one < abs(printed) <= hundred and (not is_whole or significant_digits(printed) > 1):
        yield hundredth, PERCENT_OF_WHOLE if is_whole else PERCENT_UNSAID, OF_METRICS | OF_NOTES
    elif 0 < abs(printed) < one and not is_whole:
        yield hundred, PERCENT_UNSAID, OF_METRICS | OF_NOTES


def _at_scale(printed: Decimal, scale: Decimal, quality: float, places: int) -> Iterator[Range]:
    unit = Decimal(1).scaleb(int(printed.as_tuple().exponent)) * scale
    number, half = printed * scale, unit / 2
    by_digits = BY_DIGITS.get(significant_digits(printed), 1.0) * quality
    yield _range(number - half, number + half, by_digits, "rounded", places)
    if by_digits < quality:
        yield _range(number, number, quality, "equal", places)
    if places & OF_METRICS and number:
        away = unit.copy_sign(number)
        cut = by_digits * TRUNCATED
        yield _range(number + away / 2, number + away, cut, "truncated", OF_METRICS)


def _range(one: Decimal, other: Decimal, quality: float, how: How, places: int) -> Range:
    low, high = sorted((float(one), float(other)))
    return Range(low=low, high=high, quality=quality, how=how, places=places)

"""Times as people write them: ``yesterday``, ``3 days ago``, ``last week``, ``2026-02-01``.

Each is a period of local time; ``now`` and the time zone are handed in.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ledger.reader.times import YEARS
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import tzinfo

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WORDS = (
    *("now", "today", "yesterday", *DAYS),
    *(f"{which} {unit}" for which in ("this", "last") for unit in ("week", "month", "year")),
    *(f"last {day}" for day in DAYS),
)
"""Every word that is a time by itself; ``3 days ago`` and dates are too."""
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_AGO = re.compile(r"([0-9]{1,6}|an?) (second|minute|hour|day|week|month|year)s?(?: ago)?")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]")
_INSTANT = timedelta(microseconds=1)
_MONTHS = 12


@value
class Period:
    """A stretch of time, UTC: from ``start`` to before ``end``."""

    start: datetime
    end: datetime


def canonical(text: str) -> str:
    """Return ``text`` as questions write times: words in lower case, one blank between."""
    words = " ".join(text.split())
    if words[:1].isdecimal() and "-" in words[:5]:
        return words.upper()
    words = words.lower()
    is_short = _AGO.fullmatch(words) and not words.endswith(" ago")
    return f"{words} ago" if is_short else words


def is_time(text: str) -> bool:
    """Whether ``text`` names a time."""
    return period_of(text, datetime(2026, 1, 1, tzinfo=UTC), UTC) is not None


def period_of(text: str, now: datetime, zone: tzinfo | None = None) -> Period | None:
    """Return the period that ``text`` names, None if it names none.

    A day, a week (from Monday), a month and a year are whole; ``3 days ago`` and a time of day are
    instants; a weekday is the latest one, today included; ``last monday`` lies before today.

    Args:
        text: as ``canonical`` writes it, or nearly so.
        now: the moment the words are told for, with its own zone.
        zone: the local time zone; None for the system's.
    """
    try:
        return _period(canonical(text), now, zone)
    except (ValueError, OverflowError):
        return None


def _period(text: str, now: datetime, zone: tzinfo | None) -> Period | None:
    local = now.astimezone(zone).replace(tzinfo=None)
    today = local.replace(hour=0, minute=0, second=0, microsecond=0)
    ago = _AGO.fullmatch(text)
    if ago:
        n = int(ago[1]) if ago[1].isdecimal() else 1
        return _earlier(n, ago[2], now, local, zone)
    date = _DATE.fullmatch(text)
    if date:
        return _dated([int(part) for part in date.groups() if part is not None], zone)
    if _DAY.match(text):
        moment = datetime.fromisoformat(text)
        start = _utc(moment, zone) if moment.tzinfo is None else moment.astimezone(UTC)
        return Period(start=start, end=start + _INSTANT) if start.year in YEARS else None
    if text == "now":
        return Period(start=now.astimezone(UTC), end=now.astimezone(UTC) + _INSTANT)
    return _named(text, today, zone)


def _earlier(
    n: int, unit: str, now: datetime, local: datetime, zone: tzinfo | None
) -> Period | None:
    if unit in _SECONDS:
        # days keep the hour of the clock, whatever summer time does
        is_day = unit in {"day", "week"}
        step = timedelta(seconds=n * _SECONDS[unit])
        start = _utc(local - step, zone) if is_day else now.astimezone(UTC) - step
    else:
        months = n * (_MONTHS if unit == "year" else 1)
        first = _months_later(local.replace(day=1), -months)
        last = (_months_later(first, 1) - timedelta(days=1)).day
        start = _utc(first.replace(day=min(local.day, last)), zone)
    return Period(start=start, end=start + _INSTANT) if start.year in YEARS else None


def _dated(parts: list[int], zone: tzinfo | None) -> Period | None:
    if parts[0] not in YEARS or parts[0] + 1 not in YEARS:
        return None
    year, month, day = (*parts, 1, 1)[:3] if len(parts) < 3 else parts  # noqa: PLR2004  # a whole date
    start = datetime(year, month, day)  # noqa: DTZ001  # local, _between adds the zone
    if len(parts) == 1:
        return _between(start, start.replace(year=year + 1), zone)
    whole_month = len(parts) == 2  # noqa: PLR2004  # year and month
    end = _months_later(start, 1) if whole_month else start + timedelta(days=1)
    return _between(start, end, zone)


def _named(text: str, today: datetime, zone: tzinfo | None) -> Period | None:
    which, _, unit = text.rpartition(" ")
    day, month = timedelta(days=1), today.replace(day=1)
    if text in {"today", "yesterday"}:
        start = today if text == "today" else today - day
        return _between(start, start + day, zone)
    if unit in DAYS and which in {"", "last"}:
        back = (today.weekday() - DAYS.index(unit)) % 7
        start = today - timedelta(days=7 if which and not back else back)
        return _between(start, start + day, zone)
    if which not in {"this", "last"} or unit not in {"week", "month", "year"}:
        return None
    is_last = which == "last"
    if unit == "week":
        start = today - timedelta(days=today.weekday() + 7 * is_last)
        return _between(start, start + timedelta(days=7), zone)
    if unit == "month":
        start = _months_later(month, -1) if is_last else month
        return _between(start, _months_later(start, 1), zone)
    start = month.replace(month=1, year=today.year - is_last)
    return _between(start, start.replace(year=start.year + 1), zone)


def _months_later(first: datetime, months: int) -> datetime:
    """Return the day ``first``, the first of a month, so many months later."""
    years, place = divmod(first.month - 1 + months, _MONTHS)
    return first.replace(year=first.year + years, month=place + 1)


def _between(start: datetime, end: datetime, zone: tzinfo | None) -> Period:
    return Period(start=_utc(start, zone), end=_utc(end, zone))


def _utc(local: datetime, zone: tzinfo | None) -> datetime:
    aware = local.astimezone() if zone is None else local.replace(tzinfo=zone)
    return aware.astimezone(UTC)

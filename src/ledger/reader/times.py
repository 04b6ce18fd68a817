"""Times as records write them: ISO 8601 with an offset, read as UTC."""

from __future__ import annotations

from datetime import UTC, datetime


YEARS = range(1970, 2262)
"""Years that every clock and every file system can hold; a time outside them is none."""


def parse_time(text: str) -> datetime | None:
    """Return the moment ``text`` names, UTC; without an offset it is UTC already; None if none."""
    try:
        moment = datetime.fromisoformat(text)
        utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return utc if utc.year in YEARS else None


def local_text(moment: datetime | None) -> str:
    """Return ``moment`` in the local time zone as people read it, "" for None."""
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S %z")


def duration_text(seconds: float | None) -> str:
    """Return a duration as people read it: ``42 s``, ``3 m 05 s``, ``2 h 10 m``, "" for None."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004  # seconds of a minute
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"  # noqa: PLR2004
    minutes, rest = divmod(whole, 60)
    if minutes < 60:  # noqa: PLR2004  # minutes of an hour
        return f"{minutes} m {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} m"

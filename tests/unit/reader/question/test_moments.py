"""Times as people write them: which stretch of local time each of them is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.reader.question.moments import WORDS, canonical, is_time, period_of


BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 2, 10, 12, 0, tzinfo=UTC)  # a Tuesday


def spoken(text: str, now: datetime = NOW) -> tuple[str, str] | None:
    """Return the period's edges as local time."""
    period = period_of(text, now, BERLIN)
    if period is None:
        return None
    edges = (each.astimezone(BERLIN) for each in (period.start, period.end))
    start, end = (f"{each:%Y-%m-%d %H:%M}" for each in edges)
    return start, end


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("today", "2026-02-10 00:00", "2026-02-11 00:00"),
        ("yesterday", "2026-02-09 00:00", "2026-02-10 00:00"),
        ("tuesday", "2026-02-10 00:00", "2026-02-11 00:00"),
        ("last tuesday", "2026-02-03 00:00", "2026-02-04 00:00"),
        ("monday", "2026-02-09 00:00", "2026-02-10 00:00"),
        ("last monday", "2026-02-09 00:00", "2026-02-10 00:00"),
        ("wednesday", "2026-02-04 00:00", "2026-02-05 00:00"),
        ("this week", "2026-02-09 00:00", "2026-02-16 00:00"),
        ("last week", "2026-02-02 00:00", "2026-02-09 00:00"),
        ("this month", "2026-02-01 00:00", "2026-03-01 00:00"),
        ("last month", "2026-01-01 00:00", "2026-02-01 00:00"),
        ("last year", "2025-01-01 00:00", "2026-01-01 00:00"),
        ("2026", "2026-01-01 00:00", "2027-01-01 00:00"),
        ("2025-12", "2025-12-01 00:00", "2026-01-01 00:00"),
        ("2026-02-01", "2026-02-01 00:00", "2026-02-02 00:00"),
        ("3 days ago", "2026-02-07 13:00", "2026-02-07 13:00"),
        ("an hour ago", "2026-02-10 12:00", "2026-02-10 12:00"),
        ("2 weeks", "2026-01-27 13:00", "2026-01-27 13:00"),
        ("1 month ago", "2026-01-10 13:00", "2026-01-10 13:00"),
        ("a year ago", "2025-02-10 13:00", "2025-02-10 13:00"),
        ("2026-02-01T10:00", "2026-02-01 10:00", "2026-02-01 10:00"),
        ("2026-02-01 10:00:30", "2026-02-01 10:00", "2026-02-01 10:00"),
        ("2026-02-01T10:00:00Z", "2026-02-01 11:00", "2026-02-01 11:00"),
        ("now", "2026-02-10 13:00", "2026-02-10 13:00"),
    ],
)
def test_a_time_is_a_period_of_local_time(text: str, start: str, end: str) -> None:
    assert spoken(text) == (start, end)


def test_a_day_of_summer_time_has_23_hours() -> None:
    period = period_of("2026-03-29", NOW, BERLIN)

    assert period is not None
    assert period.end - period.start == timedelta(hours=23)


def test_days_ago_keep_the_hour_of_the_clock_and_hours_do_not() -> None:
    now = datetime(2026, 3, 29, 10, 0, tzinfo=UTC)

    assert spoken("1 day ago", now) == ("2026-03-28 12:00", "2026-03-28 12:00")
    assert spoken("24 hours ago", now) == ("2026-03-28 11:00", "2026-03-28 11:00")


def test_a_month_before_the_31st_is_the_last_day_of_a_shorter_one() -> None:
    now = datetime(2026, 3, 31, 10, 0, tzinfo=UTC)

    assert spoken("1 month ago", now) == ("2026-02-28 12:00", "2026-02-28 12:00")


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "last", "last day", "next week", "now now", "3 fortnights ago"),
        *("2026-13", "2026-02-31", "2026-W05-1", "1969", "9999", "20260201", "999999 years ago"),
        "2026-02-01T25:00",
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    assert period_of(text, NOW, BERLIN) is None


@pytest.mark.parametrize("word", WORDS)
def test_every_word_is_a_time(word: str) -> None:
    assert is_time(word)
    assert canonical(f" {word.upper()} ") == word


@given(st.text(max_size=20), st.datetimes(timezones=st.just(UTC)))
def test_any_text_at_any_time_is_a_period_or_none(text: str, now: datetime) -> None:
    period = period_of(text, now, UTC)

    assert period is None or period.start < period.end


@given(
    st.sampled_from([*WORDS, "3 days ago", "5 months ago"]), st.datetimes(timezones=st.just(UTC))
)
def test_words_end_somewhere_at_every_moment(text: str, now: datetime) -> None:
    """The edges of what a clock can hold are no time, and no failure."""
    period = period_of(text, now, UTC)

    assert period is None or period.start < period.end

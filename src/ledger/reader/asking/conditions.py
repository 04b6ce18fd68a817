"""Conditions as SQL: true of the runs, or the trials, that a question asks about."""

from __future__ import annotations

from ledger.errors import LedgerError
from ledger.reader.asking.keys import rows_of, trial_rows_of
from ledger.reader.facts import PREFIXED, typed
from ledger.reader.question.moments import period_of
from ledger.reader.question.values import AllOf, AnyOf, Condition, Denied
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ledger.reader.asking.bound import Bound
    from ledger.reader.asking.keys import Key
    from ledger.reader.question.values import Among, Test

_MIN_PREFIX = 4
_DATE_START = 5


@value
class Asking:
    """What conditions are translated with."""

    keys: Mapping[str, Key]
    bound: Bound
    now: datetime
    """The moment that words for times are told for, UTC."""
    is_of_trials: bool = False
    """Whether the conditions are on trials ``t``; else they are on runs ``r``."""
    metric: str | None = None
    """The metric that the question ranks by."""
    reading: str = "final"
    """The column of the view summary that it ranks by."""


def test_sql(test: Test, asking: Asking) -> str:
    """Return SQL that is true of what passes ``test``; it is never NULL.

    What has no value under the key meets only ``!=`` and ``not``.

    Raises:
        LedgerError: a time is compared with something that is none.
    """
    if isinstance(test, AllOf | AnyOf):
        sign = " AND " if isinstance(test, AllOf) else " OR "
        return f"({sign.join(test_sql(part, asking) for part in test.parts)})"
    if isinstance(test, Denied):
        return f"NOT {test_sql(test.part, asking)}"
    is_denied = isinstance(test, Condition) and test.operator == "!="
    return f"{'NOT ' if is_denied else ''}({_positive(test, asking)})"


def _positive(test: Condition | Among, asking: Asking) -> str:
    """Return SQL for the condition, ``!=`` taken as ``=``."""
    key = asking.keys[test.key]
    operator, literals = _compared(test)
    if key.kind == "time" and operator != "contains":
        return " OR ".join(_time_test(key, operator, each, asking) for each in literals)
    tests = " OR ".join(f"({_fact_test(key, operator, each, asking.bound)})" for each in literals)
    if not asking.is_of_trials:
        return f"r.run_id IN ({_matching(key, tests, asking)})"
    own = "(t.run_id, t.trial_id)"
    if key.kind == "metric":
        return f"{own} IN ({_trial_matching(key, tests, asking)})"
    if not key.is_of_trial:
        return f"t.run_id IN ({_matching(key, tests, asking)})"
    found = f"{own} IN ({_trial_matching(key, tests, asking)})"
    if not key.is_of_run:
        return found
    of_run = f"t.run_id IN ({_matching(key, tests, asking)})"
    return f"{found} OR ({own} NOT IN ({_trial_matching(key, 'true', asking)}) AND {of_run})"


def _compared(test: Condition | Among) -> tuple[str, tuple[str, ...]]:
    if isinstance(test, Condition):
        return test.operator.replace("!=", "="), (test.literal,)
    return "=", test.literals


def _matching(key: Key, tests: str, asking: Asking) -> str:
    reading = asking.reading if key.column == asking.metric else "final"
    rows = _time_rows(key) if key.kind == "time" else rows_of(key, asking.bound, reading=reading)
    return f"SELECT p.run_id FROM ({rows}) p WHERE {tests}"  # noqa: S608  # marks and our names


def _trial_matching(key: Key, tests: str, asking: Asking) -> str:
    rows = trial_rows_of(key, asking.bound)
    return f"SELECT p.run_id, p.trial_id FROM ({rows}) p WHERE {tests}"  # noqa: S608  # as above


def _time_rows(key: Key) -> str:
    text = f"strftime({key.column}, '%Y-%m-%dT%H:%M:%S+00:00')"
    return f"SELECT run_id, {text} AS text FROM runs"  # noqa: S608  # our names


def _time_test(key: Key, operator: str, literal: str, asking: Asking) -> str:
    is_date = literal[:4].isdecimal() and literal[4:_DATE_START] == "-"
    period = period_of(literal, asking.now) if is_date else None
    if period is None:
        message = f"{key.name} is compared with {literal!r}, which is no time"
        hint = f"write it as {asking.now:%Y-%m-%d}; words like yesterday go with since and until"
        raise LedgerError(message, hint=hint)
    moment = f"{'t' if key.is_of_trial else 'r'}.{key.column}"
    start, end = (
        asking.bound.mark(each.replace(tzinfo=None)) for each in (period.start, period.end)
    )
    if operator == "=":
        return f"coalesce({moment} >= {start} AND {moment} < {end}, false)"
    return f"coalesce({moment} {operator} {start}, false)"


def _fact_test(key: Key, operator: str, literal: str, bound: Bound) -> str:
    """Return SQL that is true of a value ``p`` which meets the condition."""
    found = typed(literal)
    if key.kind == "metric":
        if found.number is None or operator == "contains":
            return "false"
        return f"p.number {operator} {bound.mark(found.number)}"
    text = bound.mark(found.text)
    if operator == "contains":
        return f"contains(lower(p.text), lower({text}))"
    tests = _exact_tests(found.whole, found.number, operator, bound)
    if operator != "=":
        ordered = (
            [] if found.number is not None else [f"p.number IS NULL AND p.text {operator} {text}"]
        )
        return _either([*ordered, *tests])
    tests.append(f"p.text = {text}")
    if key.kind == "field" and key.column in PREFIXED and len(literal) >= _MIN_PREFIX:
        tests.append(f"starts_with(p.text, {text})")
    if found.flag is not None:
        tests.append(f"p.flag = {bound.mark(found.flag)}")
    return _either(tests)


def _exact_tests(whole: str | None, number: float | None, operator: str, bound: Bound) -> list[str]:
    """Return the numeric tests: integers exactly, all else as floats."""
    if number is None:
        return []
    mark = bound.mark(number)
    if whole is None:
        return [f"p.number {operator} {mark}"]
    exact = f"p.whole {operator} {bound.mark(whole)}::HUGEINT"
    return [exact, f"p.whole IS NULL AND p.number {operator} {mark}"]


def _either(tests: list[str]) -> str:
    return " OR ".join(f"({test})" for test in tests) or "false"

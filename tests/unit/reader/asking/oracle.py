"""A slow answer to conditions and rankings, in plain Python over plain values."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from ledger.reader.question.values import AllOf, Among, AnyOf, Denied


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from ledger.contract.json_text import Json
    from ledger.reader.question.values import Condition, Test

    Facts = Mapping[str, Sequence[Json]]
    """All that one run has, by key: params, fields, and finals of metrics."""

METRICS = ("score", "loss")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def passes(test: Test | None, facts: Facts) -> bool:
    """Whether a run with ``facts`` passes ``test``."""
    if test is None:
        return True
    if isinstance(test, AllOf):
        return all(passes(part, facts) for part in test.parts)
    if isinstance(test, AnyOf):
        return any(passes(part, facts) for part in test.parts)
    if isinstance(test, Denied):
        return not passes(test.part, facts)
    if isinstance(test, Among):
        return any(
            _holds(item, "=", text) for item in facts.get(test.key, ()) for text in test.literals
        )
    return _single(test, facts)


def ranked(
    runs: Sequence[tuple[str, datetime, float | None]], *, is_high_first: bool
) -> list[tuple[str, float]]:
    """Return (id, value) of the ``runs``, (id, start, value), whose value is finite, in order."""
    finite = [run for run in runs if run[2] is not None and math.isfinite(run[2])]
    sign = -1 if is_high_first else 1
    return [
        (name, number)
        for name, _, number in sorted(finite, key=lambda r: (sign * r[2], r[1], r[0]))
    ]  # type: ignore[operator]


def _single(test: Condition, facts: Facts) -> bool:
    items = facts.get(test.key, ())
    if test.key in METRICS and test.operator == "contains":
        return False  # a metric is a number, however it is written
    if test.operator == "!=":
        return not any(_holds(item, "=", test.literal) for item in items)
    return any(_holds(item, test.operator, test.literal) for item in items)


def _holds(item: Json, operator: str, literal: str) -> bool:
    text, number, flag = _kinds(item)
    _, wanted, wanted_flag = _kinds(literal)
    if isinstance(number, float) or isinstance(wanted, float):
        # whole numbers are compared exactly, anything else as the floats that were meant
        number = None if number is None else float(number)
        wanted = None if wanted is None else float(wanted)
    if operator == "contains":
        return literal.lower() in text.lower()
    if operator == "=":
        same_flag = flag is not None and flag == wanted_flag
        return text == literal or same_flag or (number is not None and number == wanted)
    left, right = (number, wanted) if wanted is not None else (text, literal)
    if left is None or (wanted is None and number is not None):
        return False
    return {
        "<": left < right,  # type: ignore[operator]
        "<=": left <= right,  # type: ignore[operator]
        ">": left > right,  # type: ignore[operator]
        ">=": left >= right,  # type: ignore[operator]
    }[operator]


def _kinds(item: Json) -> tuple[str, float | None, bool | None]:
    """Return the text, the number (whole ones exactly) and the flag of ``item``."""
    if isinstance(item, bool):
        return ("true" if item else "false"), None, item
    text = item if isinstance(item, str) else "null" if item is None else repr(item)
    flag = {"true": True, "false": False}.get(text.lower())
    if not NUMBER.fullmatch(text):
        return text, None, flag
    is_whole = re.fullmatch(r"[+-]?\d{1,38}", text, re.ASCII)
    return text, int(text) if is_whole else float(text), flag

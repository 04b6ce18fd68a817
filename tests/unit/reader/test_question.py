"""Questions: what parses to what, and where a complaint points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import LedgerError
from ledger.reader.question import (
    OPERATORS,
    VERBS,
    Condition,
    Question,
    parse_by_grammar,
    parse_question,
)


if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = st.text(min_size=1, max_size=12).filter(str.strip)
WORDS = st.sampled_from(
    ["best", "top", "by", "where", "and", "min", "max", "select", "contains", "3", "a.b", "val/acc"]
)
CONDITIONS = st.builds(
    Condition,
    key=NAMES | WORDS,
    operator=st.sampled_from(OPERATORS),
    literal=st.text(max_size=8) | WORDS,
)
QUESTIONS = st.builds(
    Question,
    verb=st.sampled_from(VERBS),
    metric=NAMES | WORDS,
    goal=st.sampled_from(["min", "max"]) | st.none(),
    conditions=st.lists(CONDITIONS, max_size=3).map(tuple),
) | st.builds(
    Question,
    verb=st.just("best"),
    metric=NAMES | WORDS,
    goal=st.sampled_from(["min", "max"]) | st.none(),
    count=st.integers(1, 10**9),
)


@given(QUESTIONS)
def test_text_of_a_question_parses_to_it(question: Question) -> None:
    assert parse_question(question.to_text()) == question


@given(st.lists(WORDS, min_size=1, max_size=6).map(" ".join))
def test_the_short_way_agrees_with_the_grammar(text: str) -> None:
    """The everyday questions skip the grammar; they must not mean something else there."""
    assert outcome(parse_question, text) == outcome(parse_by_grammar, text)


@given(st.text(max_size=40))
def test_any_text_parses_or_is_refused_with_a_hint(text: str) -> None:
    assert outcome(parse_question, text)


def outcome(parse: Callable[[str], Question], text: str) -> object:
    """Return what ``text`` parses to, or the complaint with its code and hint."""
    try:
        return parse(text)
    except LedgerError as error:
        return (str(error), error.exit_code) if error.hint else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("best val_acc", Question(verb="best", metric="val_acc")),
        ("  WORST  Loss ", Question(verb="worst", metric="Loss")),
        ("best foo max", Question(verb="best", metric="foo", goal="max")),
        ("top 3 by test_acc", Question(verb="best", metric="test_acc", count=3)),
        ("top 3 test_acc min", Question(verb="best", metric="test_acc", goal="min", count=3)),
        ("best select", Question(verb="best", metric="select")),
        ("top 5 by by", Question(verb="best", metric="by", count=5)),
        ('best "a b"', Question(verb="best", metric="a b")),
        ("best précision", Question(verb="best", metric="précision")),
    ],
)
def test_rankings(text: str, expected: Question) -> None:
    assert parse_question(text) == expected


def test_conditions_may_be_quoted_bare_and_without_blanks() -> None:
    text = """last loss where lr<1e-3 and model = "big net" and note contains 'x' and a==true"""

    question = parse_question(text)

    assert question.conditions == (
        Condition(key="lr", operator="<", literal="1e-3"),
        Condition(key="model", operator="=", literal="big net"),
        Condition(key="note", operator="contains", literal="x"),
        Condition(key="a", operator="=", literal="true"),
    )


@pytest.mark.parametrize(
    ("text", "word", "hint"),
    [
        ("bst val_acc", "bst", "did you mean 'best'?"),
        ("best val_acc wher lr < 3", "wher", "did you mean 'where'?"),
        ("best val_acc mx", "mx", "did you mean 'max'?"),
        ("best val_acc where lr 3", "3", "expected one of = != < <= > >= contains"),
        ("top ten by val_acc", "ten", "expected a number"),
        ("best val_acc where lr < 1 or", "or", "expected and or the end"),
    ],
)
def test_a_complaint_points_at_the_word_and_suggests(text: str, word: str, hint: str) -> None:
    with pytest.raises(LedgerError) as caught:
        parse_question(text)

    _, shown, mark, _ = str(caught.value).split("\n")
    at = mark.index("^")
    assert shown[at : at + mark.count("^")] == word
    assert caught.value.hint == hint


@pytest.mark.parametrize("text", ["", "best", "top 5 by", "best val_acc where", "best a where b <"])
def test_an_unfinished_question_is_refused_at_its_end(text: str) -> None:
    with pytest.raises(LedgerError, match="at its end") as caught:
        parse_question(text)

    assert caught.value.exit_code == 2


@pytest.mark.parametrize("count", ["0", "00", "1000000001", "9" * 5000])
def test_a_count_nobody_can_want_is_refused(count: str) -> None:
    with pytest.raises(LedgerError, match="there is no top"):
        parse_question(f"top {count} by val_acc")


def test_control_characters_in_a_complaint_are_escaped() -> None:
    with pytest.raises(LedgerError) as caught:
        parse_question("best a \x1b[31m")

    assert "\x1b" not in str(caught.value)

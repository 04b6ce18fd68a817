"""Questions: what parses to what, and where a complaint points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import LedgerError
from ledger.reader.question import parse_question
from ledger.reader.question.grammar import parse_by_grammar
from ledger.reader.question.moments import WORDS as TIMES
from ledger.reader.question.values import (
    KEYWORDS,
    OPERATORS,
    STATISTICS,
    VERBS,
    AllOf,
    Among,
    AnyOf,
    Comparing,
    Condition,
    Counting,
    Denied,
    Listing,
    Ranking,
    Scope,
    Spread,
)


TIME_HINT = "write it as 2026-02-01, yesterday, monday or 3 days ago"

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.reader.question.values import Question

NAMES = st.text(min_size=1, max_size=12).filter(str.strip)
WORDS = st.sampled_from(
    ["select", "3", "a.b", "val/acc", "f(x)", "a,b", "2 days ago", *sorted(KEYWORDS)]
)
NAMED = NAMES | WORDS
VALUES = st.text(max_size=8) | WORDS
GOALS = st.sampled_from(["min", "max"]) | st.none()
COUNTS = st.integers(1, 10**9)
CONDITIONS = st.builds(
    Condition, key=NAMED, operator=st.sampled_from(OPERATORS), literal=VALUES
) | st.builds(Among, key=NAMED, literals=st.lists(VALUES, min_size=1, max_size=3).map(tuple))
TESTS = st.recursive(
    CONDITIONS,
    lambda parts: (
        st.builds(AllOf, parts=st.lists(parts, min_size=2, max_size=3).map(tuple))
        | st.builds(AnyOf, parts=st.lists(parts, min_size=2, max_size=3).map(tuple))
        | st.builds(Denied, part=parts)
    ),
    max_leaves=6,
)
DATES = ("", "T10:00", " 10:00:00", "T10:00:00Z", "T10:00:00+02:00")
MOMENTS = st.sampled_from(
    [*TIMES, "3 days ago", "a week ago", *(f"2026-02-01{more}" for more in DATES), "2026-02"]
)
SCOPES = st.builds(
    Scope,
    where=TESTS | st.none(),
    since=MOMENTS | st.none(),
    until=MOMENTS | st.none(),
    tags=st.lists(NAMED, max_size=2).map(tuple),
    data=st.lists(NAMED, max_size=2).map(tuple),
)
LIMITS = COUNTS | st.none()
KEYS = st.lists(NAMED, max_size=3).map(tuple)
RANKINGS = st.builds(
    Ranking,
    verb=st.sampled_from(VERBS),
    metric=NAMED,
    goal=GOALS,
    scope=SCOPES,
    per=NAMED | st.none(),
    limit=LIMITS,
) | st.builds(Ranking, verb=st.just("best"), metric=NAMED, goal=GOALS, count=COUNTS, scope=SCOPES)
SUBJECTS = st.sampled_from(["runs", "trials"])
QUESTIONS = (
    RANKINGS
    | st.builds(Listing, of=SUBJECTS, scope=SCOPES, limit=LIMITS)
    | st.builds(Counting, of=SUBJECTS, by=KEYS, scope=SCOPES, limit=LIMITS)
    | st.builds(
        Spread,
        statistic=st.sampled_from(STATISTICS),
        metric=NAMED,
        reading=st.sampled_from(VERBS),
        goal=GOALS,
        by=KEYS,
        over=NAMED | st.none(),
        scope=SCOPES,
        limit=LIMITS,
    )
    | st.builds(Comparing, runs=st.lists(NAMED, min_size=2, max_size=20).map(tuple))
)


@given(QUESTIONS)
def test_text_of_a_question_parses_to_it(question: Question) -> None:
    assert parse_question(question.to_text()) == question


@pytest.mark.parametrize("word", sorted(KEYWORDS))
def test_every_word_of_the_language_may_be_a_metric(word: str) -> None:
    assert parse_question(f"best {word} max") == Ranking(verb="best", metric=word, goal="max")
    assert parse_question(f'mean "{word}"') == Spread(statistic="mean", metric=word)


@pytest.mark.parametrize("word", sorted(KEYWORDS - {"not"}))
def test_every_word_of_the_language_but_not_may_be_a_bare_key(word: str) -> None:
    condition = Condition(key=word, operator="=", literal=word)

    assert parse_question(f"runs where {word} = {word}") == Listing(
        of="runs", scope=Scope(where=condition)
    )


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
        ("best val_acc", Ranking(verb="best", metric="val_acc")),
        ("  WORST  Loss ", Ranking(verb="worst", metric="Loss")),
        ("best foo max", Ranking(verb="best", metric="foo", goal="max")),
        ("top 3 by test_acc", Ranking(verb="best", metric="test_acc", count=3)),
        ("top 3 test_acc min", Ranking(verb="best", metric="test_acc", goal="min", count=3)),
        ("best select", Ranking(verb="best", metric="select")),
        ("top 5 by by", Ranking(verb="best", metric="by", count=5)),
        ('best "a b"', Ranking(verb="best", metric="a b")),
        ("best précision", Ranking(verb="best", metric="précision")),
    ],
)
def test_rankings(text: str, expected: Question) -> None:
    assert parse_question(text) == expected


def where(text: str) -> object:
    question = parse_question(f"runs where {text}")
    assert isinstance(question, Listing)
    return question.scope.where


def test_conditions_may_be_quoted_bare_and_without_blanks() -> None:
    found = where("""lr<1e-3 and model = "big net" and note contains 'x' and a==true""")

    assert found == AllOf(
        parts=(
            Condition(key="lr", operator="<", literal="1e-3"),
            Condition(key="model", operator="=", literal="big net"),
            Condition(key="note", operator="contains", literal="x"),
            Condition(key="a", operator="=", literal="true"),
        )
    )


A, B, C = (Condition(key=key, operator="=", literal="1") for key in "abc")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1 or b = 1 and c = 1", AnyOf(parts=(A, AllOf(parts=(B, C))))),
        ("(a = 1 or b = 1) and c = 1", AllOf(parts=(AnyOf(parts=(A, B)), C))),
        ("not a = 1 and b = 1", AllOf(parts=(Denied(part=A), B))),
        ("not (a = 1 and b = 1)", Denied(part=AllOf(parts=(A, B)))),
        ("NOT(a=1)AND(b=1)", AllOf(parts=(Denied(part=A), B))),
        ("a in (1, 'x y',z)", Among(key="a", literals=("1", "x y", "z"))),
        ("a not in(1)", Denied(part=Among(key="a", literals=("1",)))),
        ("a not contains b", Denied(part=Condition(key="a", operator="contains", literal="b"))),
        ("((a = 1))", A),
        ("where = tag", Condition(key="where", operator="=", literal="tag")),
    ],
)
def test_conditions_are_joined_as_in_every_language(text: str, expected: object) -> None:
    assert where(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "best val_acc tag a since yesterday on data @latest limit 3 tag b until 2026-02",
            Ranking(
                verb="best",
                metric="val_acc",
                scope=Scope(since="yesterday", until="2026-02", tags=("a", "b"), data=("@latest",)),
                limit=3,
            ),
        ),
        ("worst loss per trial", Ranking(verb="worst", metric="loss", per="trial")),
        ("runs", Listing(of="runs")),
        ("TRIALS limit 2", Listing(of="trials", limit=2)),
        ("runs since 3 Days", Listing(of="runs", scope=Scope(since="3 days ago"))),
        ("count", Counting()),
        ("count trials by lr, seed", Counting(of="trials", by=("lr", "seed"))),
        (
            "mean val_acc by lr over seed",
            Spread(statistic="mean", metric="val_acc", by=("lr",), over="seed"),
        ),
        ("std of last loss", Spread(statistic="std", metric="loss", reading="last")),
        ("median score max", Spread(statistic="median", metric="score", goal="max")),
        ("compare a @best:val_acc", Comparing(runs=("a", "@best:val_acc"))),
    ],
)
def test_every_form(text: str, expected: Question) -> None:
    assert parse_question(text) == expected


@pytest.mark.parametrize(
    ("text", "word", "hint"),
    [
        ("bst val_acc", "bst", "did you mean 'best'?"),
        ("cuont by lr", "cuont", "did you mean 'count'?"),
        ("best val_acc wher lr < 3", "wher", "did you mean 'where'?"),
        ("best val_acc mx", "mx", "did you mean 'max'?"),
        ("best val_acc where lr 3", "3", "expected in (…) or one of = != < <= > >= contains"),
        ("top ten by val_acc", "ten", "expected a number"),
        ("best val_acc where lr < 1 ro a = 2", "ro", "did you mean 'or'?"),
        ("best val_acc sinse monday", "sinse", "did you mean 'since'?"),
        ("runs since yestrday", "yestrday", "did you mean 'yesterday'?"),
        ("runs until 2026-02-31", "2026-02-31", TIME_HINT),
        ("runs where a = 1 where b = 2", "where", "join the conditions with and"),
        ("count by a limit 2 limit 3", "limit", "say it once"),
        ("runs per model", "per", "expected where or since"),
        ("compare " + "a " * 20 + "b", "b", "name 20 or fewer"),
        ("best a where b in c", "c", "expected ("),
    ],
)
def test_a_complaint_points_at_the_word_and_suggests(text: str, word: str, hint: str) -> None:
    with pytest.raises(LedgerError) as caught:
        parse_question(text)

    _, shown, mark, _ = str(caught.value).split("\n")
    at = mark.index("^")
    assert shown[at : at + mark.count("^")] == word
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "best",
        "top 5 by",
        "best val_acc where",
        "best a where b <",
        "compare a",
        "runs where",
        "count by",
    ],
)
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

"""How findings are shown and ordered."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.policy.finding import Finding, by_weight, printable, shell_word, shell_words, to_lines


def finding(code: str, severity: str, path: str = "a", line: int | None = None) -> Finding:
    return Finding(code=code, severity=severity, path=path, line=line, message="m", fix="f")


@given(st.text())
def test_shown_text_never_acts_on_a_terminal(text: str) -> None:
    assert printable(text).isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日本", "plain é 日本"),
        ("a\x1b[31m", "a\\x1b[31m"),
        ("a\nb", "a\\x0ab"),
        ("\u202eexe.md", "\\u202eexe.md"),
        ("\udcff", "\\udcff"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_escapes(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1))
def test_a_word_of_a_command_is_one_word(text: str) -> None:
    assert shlex.split(shell_word(text)) == [text]


def test_long_lists_are_cut() -> None:
    assert shell_words("abc", limit=2) == "a b …"


def test_errors_come_first_and_once() -> None:
    warn, error = finding("LED101", "warn", "a"), finding("LED102", "error", "b", 3)
    assert by_weight([warn, error, error]) == (error, warn)


def test_neighbours_share_the_line_that_mends_them() -> None:
    lines = [*to_lines([finding("LED102", "error", line=n) for n in (1, 2)])]
    assert lines == ["LED102 a:1: m", "LED102 a:2: m", "    fix: f"]


def test_text_holds_place_and_mend() -> None:
    assert finding("LED102", "error", "x/run.md", 3).to_text() == "LED102 x/run.md:3: m\n    fix: f"
    assert finding("LED101", "warn").to_text().startswith("LED101 (warn) a: ")

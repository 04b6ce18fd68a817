"""Errors a user can act on."""

from __future__ import annotations

import pytest

from ledger.errors import GitError, LedgerError, MalformedError, NoLedgerError, UnknownNameError


def test_error_says_what_where_and_what_to_do() -> None:
    assert "a/b: is gone (run `x`)" == str(LedgerError("is gone", hint="run `x`", path="a/b"))
    assert "is gone (run `x`)" == str(LedgerError("is gone", hint="run `x`"))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LedgerError("x", hint="y"), 2),
        (NoLedgerError("x", hint="y"), 2),
        (GitError("x", hint="y"), 2),
        (UnknownNameError("x", hint="y"), 1),
        (MalformedError("x"), 1),
    ],
)
def test_exit_codes_are_the_documented_ones(error: LedgerError, code: int) -> None:
    assert code == error.exit_code


def test_malformed_file_names_line_and_field() -> None:
    error = MalformedError("is no number", field="a.b", line=3, hint="mend it").at("run.json")
    assert "run.json:3: a.b: is no number (mend it)" == str(error)
    assert ("a.b", 3, "mend it", "run.json") == (error.field, error.line, error.hint, error.path)


def test_malformed_text_without_a_file_still_names_the_field() -> None:
    assert str(MalformedError("is missing", field="git")).startswith("git: is missing (")


def test_a_hint_cannot_be_forgotten() -> None:
    with pytest.raises(TypeError):
        LedgerError("x")  # type: ignore[call-arg]  # what is tested

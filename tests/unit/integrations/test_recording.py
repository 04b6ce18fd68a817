"""What is told of an error that ended a trial."""

from __future__ import annotations

import pytest

from ledger.integrations.recording import named


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("too narrow"), "ValueError: too narrow"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (AssertionError(), "AssertionError"),
    ],
)
def test_an_error_is_named_with_what_it_says(error: BaseException, told: str) -> None:
    assert told == named(error)

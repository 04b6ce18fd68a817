"""The question language: text to values and back."""

from __future__ import annotations

from ledger.reader.question.parse import parse_question
from ledger.reader.question.values import (
    Comparing,
    Counting,
    Listing,
    Ranking,
    Scope,
    Spread,
)


__all__ = [
    "Comparing",
    "Counting",
    "Listing",
    "Ranking",
    "Scope",
    "Spread",
    "parse_question",
]

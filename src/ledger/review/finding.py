"""One thing that a review found, with the numbers that it rests on."""

from __future__ import annotations

from ledger.reader.answers import json_number
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Literal, TypeAlias

    from ledger.contract.json_text import Json

    Verdict: TypeAlias = Literal["ok", "note", "warn", "insufficient"]
    QuestionId: TypeAlias = Literal["behaved", "stable", "overfit", "weak", "space", "why"]

OK: Verdict = "ok"
NOTE: Verdict = "note"
"""Worth knowing; speaks against nothing."""
WARN: Verdict = "warn"
"""Speaks against the decision."""
INSUFFICIENT: Verdict = "insufficient"
"""The data cannot carry an answer; ``missing`` says what would."""

QUESTIONS: Mapping[QuestionId, str] = {
    "behaved": "How did it behave?",
    "stable": "Was validation stable?",
    "overfit": "Did it overfit?",
    "weak": "Consistently weak values?",
    "space": "Was the space sensible?",
    "why": "Why this one?",
}
"""The six questions of every review, in their order."""

INSTALL = "scipy and scikit-learn: pip install experiment-ledger[review]"
"""What is missing where the libraries of the extra are."""
_WEIGHT = (OK, NOTE, INSUFFICIENT, WARN)


@value
class Finding:
    """What one rule says."""

    question: QuestionId
    rule: str
    """``<room>.<rule>``: stays what it is, so that a machine may rely on it."""
    verdict: Verdict
    sentence: str
    """For people: one line, numbers included."""
    value: float | None = None
    """What was computed; None where it could not be."""
    threshold: float | None = None
    """What ``value`` is measured against."""
    n: int = 0
    """How many epochs, trials, runs or repeats ``value`` comes from."""
    missing: str | None = None
    """Of ``insufficient``: what would have to be there."""
    about: str | None = None
    """The trial, run, or param (``lr``, ``optimizer=sgd``) that it is about; None for all."""
    epoch: int | None = None
    """Where it happened."""

    def to_json(self) -> dict[str, Json]:
        """Return the finding as ``--format json`` holds it."""
        fields: dict[str, Json] = as_dict(self)  # type: ignore[assignment]  # plain fields
        return fields | {
            "value": json_number(self.value),
            "threshold": json_number(self.threshold),
        }


def heaviest(findings: Iterable[Finding]) -> Verdict:
    """Return the verdict that counts of several; ``ok`` of none."""
    return max((each.verdict for each in findings), key=_WEIGHT.index, default=OK)

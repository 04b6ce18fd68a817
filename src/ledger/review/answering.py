"""The six answers: of each question what its findings come to, in one line and one of numbers."""

from __future__ import annotations

from ledger.reader.text import sparkline
from ledger.review.finding import INSUFFICIENT, OK, QUESTIONS, WARN, heaviest
from ledger.review.result import Answer


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.review.assess import Assessed
    from ledger.review.finding import Finding, QuestionId

_WIDTH = 30
_LED_BY: dict[str, tuple[str, ...]] = {
    "behaved": ("curve.shape",),
    "stable": ("curve.noise",),
    "overfit": ("curve.overfit",),
    "weak": ("weak.values",),
    "space": ("space.boundary",),
    "why": ("choice.lead",),
}
"""The rule that answers each question; the others are evidence."""
_IN_DETAILS = frozenset({"choice.test", "choice.optimism", "space.duplicates"})


def answers_of(findings: Sequence[Finding], leader: Assessed | None) -> tuple[Answer, ...]:
    """Return the answers to the six questions, in their order."""
    return tuple(_answer(question, findings, leader) for question in QUESTIONS)


def _answer(question: QuestionId, findings: Sequence[Finding], leader: Assessed | None) -> Answer:
    own = [each for each in findings if each.question == question]
    leading = [each for each in own if each.rule in _LED_BY[question]]
    more = [each for each in own if each not in leading]
    warned = [each for each in more if each.verdict == WARN]
    evidence = [*warned, *(each for each in more if each not in warned and _is_told(each))]
    lines = [each.sentence for each in evidence]
    if question == "behaved" and leader is not None and leader.curve:
        lines.insert(0, sparkline(leader.curve, width=_WIDTH))
    return Answer(
        question=question,
        verdict=heaviest(own if question == "why" else [*leading, *warned]),
        answer="; ".join(each.sentence for each in leading),
        evidence="; ".join(lines),
    )


def _is_told(each: Finding) -> bool:
    """Whether a finding is worth a place on the first screen."""
    if each.verdict == INSUFFICIENT:
        return each.rule.startswith("equal.")
    return each.verdict != OK and each.rule not in _IN_DETAILS

"""The best runs by a metric, for whoever asks by value instead of by text."""

from __future__ import annotations

from ledger.reader.asking.door import answer_question


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.direction import Goal
    from ledger.reader.answers import Answer, RankedRow
    from ledger.reader.index import Index
    from ledger.reader.ledger import Ledger
    from ledger.reader.question.values import Ranking


def ask(  # noqa: PLR0913  # independent wishes
    ledger: Ledger,
    question: Ranking,
    *,
    text: str,
    goal: Goal | None = None,
    limit: int | None = None,
    index: Index | None = None,
) -> Answer[RankedRow]:
    """Return the runs that answer ``question``, the best first; ``rows`` may be empty.

    Args:
        ledger: the runs.
        question: what is asked.
        text: the question as the user put it.
        goal: which way the metric is better, where the caller knows; the question goes before it.
        limit: at most so many rows; None for the question's own count, else 10.
        index: the views, where they are open already.

    Raises:
        UnknownNameError: no run at all, or none has the metric or a key of the conditions.
        LedgerError: nothing says which way the metric is better, or runs disagree; or a condition
            compares a time with something that is none.
    """
    answered = answer_question(ledger, question, text=text, goal=goal, limit=limit, index=index)
    return answered.answer  # type: ignore[return-value]  # a ranking's rows

"""``compare A B``: the runs that a question names, beside each other."""

from __future__ import annotations

from ledger.errors import LedgerError
from ledger.reader.compare import compare_answer
from ledger.reader.reference import find_run


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.reader.answers import Answer
    from ledger.reader.asking.asked import Asked
    from ledger.reader.compare import Comparison
    from ledger.reader.difference import Difference
    from ledger.reader.question.values import Comparing

_MOST = 2


def compare_asked(asked: Asked, question: Comparing) -> tuple[Comparison, Answer[Difference]]:
    """Return what differs between the runs that ``question`` names.

    Raises:
        UnknownNameError: no run, or several, are called so.
        LedgerError: more than two are named.
    """
    if len(question.runs) > _MOST:
        message = f"{len(question.runs)} runs are to be compared"
        raise LedgerError(message, hint="name two")
    old, new = (find_run(asked.ledger, name) for name in question.runs)
    return compare_answer(asked.ledger, old, new, question=asked.text)

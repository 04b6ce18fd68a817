"""``compare A B``: the runs that a question names, beside each other."""

from __future__ import annotations

from ledger.reader.beside import check_number, compare_together
from ledger.reader.compare import compare_answer
from ledger.reader.curves import curve_sheets
from ledger.reader.subject import find_subject


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.reader.answers import Answer, Row
    from ledger.reader.asking.asked import Asked
    from ledger.reader.beside import Together
    from ledger.reader.compare import Comparison
    from ledger.reader.question.values import Comparing
    from ledger.reader.text import Grid


def compare_asked(
    asked: Asked, question: Comparing
) -> tuple[Comparison | None, Together | None, list[Grid], Answer[Row]]:
    """Return what differs between the runs that ``question`` names, of two or of more, and curves.

    Raises:
        UnknownNameError: no run, or several, are called so.
        LedgerError: more than twenty are named, or one twice.
    """
    runs = [find_subject(asked.ledger, name) for name in question.runs]
    check_number([run.run_id for run in runs])
    if len(runs) == 2:  # noqa: PLR2004  # old and new have a form of their own
        comparison, pair = compare_answer(asked.ledger, *runs, question=asked.text)
        return comparison, None, curve_sheets(asked.ledger, runs), pair
    together, answer = compare_together(asked.ledger, runs, question=asked.text)
    return None, together, curve_sheets(asked.ledger, runs), answer

"""The list of the runs that a question is about, as ``ledger ls`` shows them."""

from __future__ import annotations

from ledger.reader.answers import Answer
from ledger.reader.asking.bound import Bound
from ledger.reader.listing import ListedRun, list_named


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.reader.asking.asked import Asked
    from ledger.reader.question.values import Listing


def list_asked(asked: Asked, question: Listing) -> Answer[ListedRun]:
    """Return the runs that ``question`` is about, the newest first.

    Raises:
        UnknownNameError: no run at all, or none has a key of the question.
        LedgerError: a condition compares a time with something that is none.
    """
    asked.refuse_no_runs()
    bound = Bound()
    is_asked = asked.scope_sql(question.scope, asked.keys(question.scope), bound)
    gone = "false" if asked.with_retracted else "r.is_retracted"
    statement = f"""
        SELECT r.run_id, {gone} FROM runs r WHERE {is_asked}
        ORDER BY r.started DESC, r.run_id DESC"""  # noqa: S608  # our names and marks
    found = asked.index.rows(statement, bound.of(statement))
    kept = [str(run_id) for run_id, is_gone in found if not is_gone]
    return Answer(
        verb="runs",
        question=asked.text,
        rows=list_named(asked.ledger, asked.index, kept[: asked.limit or question.limit]),
        warnings=asked.index.warnings,
        left_out=len(found) - len(kept),
    )

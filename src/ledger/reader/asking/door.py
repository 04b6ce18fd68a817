"""The door of the question language: any question, answered."""

from __future__ import annotations

from ledger.reader.asking.asked import Asked, layers_of
from ledger.reader.asking.keys import UnknownWordError
from ledger.reader.asking.rank import rank_runs
from ledger.reader.engine import failure, load_duckdb
from ledger.reader.index import open_index
from ledger.reader.question.parse import is_everyday, parse_question
from ledger.reader.question.values import Comparing, Counting, Listing, Ranking
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.contract.direction import Goal
    from ledger.reader.answers import Answer, Row
    from ledger.reader.beside import Together
    from ledger.reader.compare import Comparison
    from ledger.reader.index import Index
    from ledger.reader.ledger import Ledger
    from ledger.reader.question.values import Question
    from ledger.reader.text import Grid


@value
class Answered:
    """The answer to a question of any form."""

    question: Question
    answer: Answer[Row]
    comparison: Comparison | None = None
    """Of two runs, whose rows alone do not say how they belong together."""
    together: Together | None = None
    """Of more than two."""
    curves: Sequence[Grid] = ()
    """Of the runs that are compared."""


def ask_text(  # noqa: PLR0913  # independent wishes
    ledger: Ledger,
    text: str,
    *,
    goal: Goal | None = None,
    limit: int | None = None,
    with_retracted: bool = False,
    is_of_trials: bool = False,
    index: Index | None = None,
) -> Answered:
    """Return the answer to the question ``text``; ``rows`` may be empty.

    Args:
        ledger: the runs.
        text: the question, as docs/guides/queries.md describes it.
        goal: which way the metric is better, where the caller knows; the question goes before it.
        limit: at most so many rows; None for what the question says.
        with_retracted: whether retracted runs answer too.
        is_of_trials: whether a ranking that says nothing else ranks trials.
        index: the views, where they are open already; with the layers that the question needs.

    Raises:
        UnknownNameError: no run at all, or a name that no run has; it points at the word.
        LedgerError: the text is no question, nothing says which way a metric is better, or the
            engine failed.
    """
    question = parse_question(text)
    if is_of_trials and isinstance(question, Ranking) and question.per is None:
        question = Ranking(**{**as_dict(question), "per": "trial"})  # type: ignore[arg-type]  # its own fields
    try:
        return answer_question(
            ledger,
            question,
            text=text,
            goal=goal,
            limit=limit,
            with_retracted=with_retracted,
            index=index,
        )
    except UnknownWordError as error:
        if is_everyday(text):
            raise  # the only name in it
        from ledger.reader.question.complain import pointed  # noqa: PLC0415  # only for complaints

        raise pointed(text, error, error.word) from error


def answer_question(  # noqa: PLR0913  # independent wishes
    ledger: Ledger,
    question: Question,
    *,
    text: str,
    goal: Goal | None = None,
    limit: int | None = None,
    with_retracted: bool = False,
    index: Index | None = None,
) -> Answered:
    """Return the answer to ``question``; arguments and errors are those of ``ask_text``."""
    is_ours = index is None
    views = open_index(ledger, *layers_of(question)) if index is None else index
    asked = Asked(ledger=ledger, index=views, text=text, limit=limit, with_retracted=with_retracted)
    try:
        return _answered(asked, question, goal)
    except UnknownWordError:
        asked.refuse_no_runs()
        raise
    except load_duckdb().Error as error:
        raise failure(error) from error
    finally:
        if is_ours:
            views.close()


def _answered(asked: Asked, question: Question, goal: Goal | None) -> Answered:
    if isinstance(question, Ranking) and question.per != "trial":
        return Answered(question=question, answer=rank_runs(asked, question, goal))
    return _rarer(asked, question, goal)


def _rarer(asked: Asked, question: Question, goal: Goal | None) -> Answered:
    """Return the answer to a question that needs more than the everyday one's modules."""
    comparison = together = None
    curves: Sequence[Grid] = ()
    answer: Answer[Row]
    if isinstance(question, Ranking):
        from ledger.reader.asking.trial_rank import rank_trials  # noqa: PLC0415

        answer = rank_trials(asked, question, goal)
    elif isinstance(question, Listing) and question.of == "trials":
        from ledger.reader.asking.trials import list_trials  # noqa: PLC0415

        answer = list_trials(asked, question)
    elif isinstance(question, Listing):
        from ledger.reader.asking.listed import list_asked  # noqa: PLC0415

        answer = list_asked(asked, question)
    elif isinstance(question, Counting):
        from ledger.reader.asking.counting import count_asked  # noqa: PLC0415

        answer = count_asked(asked, question)
    elif isinstance(question, Comparing):
        from ledger.reader.asking.compared import compare_asked  # noqa: PLC0415

        comparison, together, curves, answer = compare_asked(asked, question)
    else:
        from ledger.reader.asking.spread import spread_asked  # noqa: PLC0415

        answer = spread_asked(asked, question, goal)
    return Answered(
        question=question,
        answer=answer,
        comparison=comparison,
        together=together,
        curves=curves,
    )

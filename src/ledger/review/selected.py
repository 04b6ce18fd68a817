"""What a review says of the one that a person chose, in lines for a decision."""

from __future__ import annotations

from ledger.errors import UnknownNameError
from ledger.reader.text import number_text, printable
from ledger.review.finding import QUESTIONS
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.review.result import Review, Standing

_MOST = 10


@value
class Selected:
    """The chosen one beside the others."""

    standing: str
    rejected: tuple[str, ...]
    evidence: tuple[str, ...]


def describe(review: Review, chosen: str) -> Selected:
    """Return what ``review`` says of ``chosen``, a candidate's name, and of those it leaves.

    Raises:
        UnknownNameError: it is no candidate of the review.
    """
    own = next((each for each in review.standings if each.name == chosen), None)
    if own is None:
        message = f"{chosen} is not among what is compared: {review.title}"
        raise UnknownNameError(message, hint="name a question that it answers too: --over")
    others = [each for each in review.standings if each.group != own.group]
    n_repeats = sum(each.group == own.group for each in review.standings)
    repeats = f", one of {n_repeats} repeats" if n_repeats > 1 else ""
    rejected = [f"{each.name} ({_measured(review, each)})" for each in others[:_MOST]]
    rejected += [f"and {len(others) - _MOST} more"] if len(others) > _MOST else []
    return Selected(
        standing=_measured(review, own) + repeats,
        rejected=tuple(map(printable, rejected)),
        evidence=tuple(map(printable, _evidence(review, chosen))),
    )


def _measured(review: Review, each: Standing) -> str:
    values = f"best {number_text(each.best)}, smoothed {number_text(each.smoothed)}"
    if each.best is None and each.smoothed is None:
        values = "no value"
    rank = f"rank {each.rank}" if each.rank is not None else f"not ranked, {each.status}"
    shape = "" if each.shape in {"none", "short"} else f", {each.shape}"
    return f"{review.metric} {values}; {rank}{shape}"


def _evidence(review: Review, chosen: str) -> Iterator[str]:
    decision = review.decision
    yield f"Decision supported? {decision.support}: {decision.sentence}"
    if decision.chosen != chosen:
        yield "what follows is about the one that leads, which was not chosen"
    for each in review.answers:
        yield f"{QUESTIONS[each.question]} {each.verdict}: {each.answer}"
    versions = [
        f"{name} {version or 'not installed'}" for name, version in review.libraries.items()
    ]
    yield f"computed with {', '.join(versions)}"

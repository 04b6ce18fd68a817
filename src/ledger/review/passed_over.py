"""Who would lead by another measure, and why it does not."""

from __future__ import annotations

from ledger.review.finding import NOTE, Finding


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.review.assess import Assessed, Group


def passed_over(
    assessed: Sequence[Assessed], groups: Sequence[Group], sign: float
) -> list[Finding]:
    """Return a note of one that is better but not ranked, and of one with a luckier epoch.

    Args:
        assessed: the candidates.
        groups: the ranked ones, the best first.
        sign: -1 where the metric is maximised, else 1.
    """
    if not groups:
        return []
    return [*_unranked(assessed, groups, sign), *_luckier(groups, sign)]


def _luckier(groups: Sequence[Group], sign: float) -> list[Finding]:
    """Return a note where one epoch of another was better than every epoch of the leader."""
    bests = [
        (sign * best, each.candidate.name, at, each.candidate)
        for at, group in enumerate(groups)
        for each in group.members
        if (best := each.candidate.best) is not None and each.curves
    ]
    own = min((best for best, _, at, _ in bests if at == 0), default=None)
    if own is None or min(bests)[0] >= own:
        return []
    best, _, _, lucky = min(bests)
    where = "" if lucky.best_epoch is None else f", at epoch {lucky.best_epoch}"
    sentence = f"by its one best epoch {lucky.label} would lead ({sign * best:.4g}{where})"
    return [_note("choice.luckier", sentence, sign * best, len(bests), lucky.label)]


def _unranked(assessed: Sequence[Assessed], groups: Sequence[Group], sign: float) -> list[Finding]:
    """Return a note where one that is not ranked reached a better value than the leader."""
    best = groups[0].mean
    better = [
        (each.score, each)
        for each in assessed
        if not each.is_ranked and not each.is_running and each.score is not None
        if each.score < best
    ]
    if not better:
        return []
    score, each = min(better, key=lambda pair: (pair[0], pair[1].candidate.name))
    short = "it was allowed fewer epochs, or ended far earlier"
    why = "it failed or diverged" if each.is_bad else short
    why = "another trial goes on from it" if each.is_promoted else why
    sentence = f"{each.candidate.label} reached {sign * score:.4g} but is not ranked: {why}"
    return [_note("choice.unranked", sentence, sign * score, len(better), each.candidate.label)]


def _note(rule: str, sentence: str, number: float, n: int, about: str) -> Finding:
    return Finding(
        question="why", rule=rule, verdict=NOTE, sentence=sentence, value=number, n=n, about=about
    )

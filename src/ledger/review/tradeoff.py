"""What the leader costs: the one-standard-error rule, and who is both better and cheaper."""

from __future__ import annotations

import math

from ledger.review.finding import NOTE, Finding


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.review.assess import Group

_NEAR, _MIN_NEAR = 0.25, 2
"""Share of the groups, the best ones, among which a trade is worth a word."""
_MIN_SECONDS = 1.0
_CHEAPER = 0.8
"""A training that takes no more than this share of the leader's time is worth a word."""


def tie_set(groups: Sequence[Group], spread: tuple[float, int] | None) -> tuple[Group, ...]:
    """Return the groups whose mean is within one standard error of the best mean, it included.

    The one-standard-error rule (Breiman et al. 1984), with the pooled spread of repeats; only the
    best where nothing was repeated.
    """
    if spread is None or not groups:
        return tuple(groups[:1])
    limit = groups[0].mean + spread[0] / math.sqrt(len(groups[0].scores))
    return tuple(group for group in groups if group.mean <= limit)


def cheapest(groups: Sequence[Group]) -> Group | None:
    """Return the one whose training takes least; None where a time is unknown, or none is there."""
    timed = [(seconds, at) for at, group in enumerate(groups) if (seconds := group.seconds)]
    return groups[min(timed)[1]] if timed and len(timed) == len(groups) else None


def tradeoff_findings(groups: Sequence[Group], spread: tuple[float, int] | None) -> list[Finding]:
    """Return the tie set, and the best of those that take clearly less time than the leader."""
    findings: list[Finding] = []
    ties = tie_set(groups, spread)
    if len(ties) > 1:
        cheap = cheapest(ties)
        end = f"; the cheapest is {_label(cheap)}" if cheap is not None else ""
        sentence = f"{len(ties)} are within one standard error of the best{end}"
        findings.append(_note("choice.ties", sentence, float(len(ties)), len(groups)))
    front = pareto(groups[: max(_MIN_NEAR, math.ceil(_NEAR * len(groups)))])
    own = groups[0].seconds if groups else None
    cheaper = [group for group in front if own and (group.seconds or own) <= _CHEAPER * own]
    if cheaper and own and own >= _MIN_SECONDS:
        best = cheaper[0]
        share = (best.seconds or 0) / own
        behind = best.mean - groups[0].mean
        sentence = (
            f"{_label(best)} takes {100 * share:.0f} % of the time and is {behind:.3g} behind"
        )
        findings.append(_note("choice.tradeoff", sentence, share, len(front)))
    return findings


def pareto(groups: Sequence[Group]) -> list[Group]:
    """Return the groups that no other beats in both score and time, by score; timed ones only."""
    front: list[Group] = []
    for group in groups:
        if group.seconds is not None and all(
            group.seconds < (other.seconds or 0) for other in front
        ):
            front.append(group)
    return front


def _label(group: Group | None) -> str:
    return group.members[0].candidate.label if group is not None else ""


def _note(rule: str, sentence: str, number: float, n: int) -> Finding:
    return Finding(question="why", rule=rule, verdict=NOTE, sentence=sentence, value=number, n=n)

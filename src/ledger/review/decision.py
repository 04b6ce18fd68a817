"""Whether the data support the choice of the one that leads: yes, partly, or no."""

from __future__ import annotations

from ledger.review.finding import INSUFFICIENT, WARN
from ledger.review.result import Decision
from ledger.review.tradeoff import cheapest


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.review.assess import Group
    from ledger.review.choice import Lead
    from ledger.review.finding import Finding
    from ledger.review.subject import Subject

_SHOWN = 3
_FATAL = frozenset({"equal.data", "choice.test"})
"""Warnings that make scores incomparable, or no estimate: nothing is then supported."""
_SPOILS = frozenset({"curve.shape", "curve.noise", "curve.overfit", "equal.commit", "equal.dirty",
                     "equal.budget", "space.boundary", "weak.values"})  # fmt: skip


def decide(
    subject: Subject, groups: Sequence[Group], lead: Lead, findings: Sequence[Finding]
) -> Decision:
    """Return the decision.

    ``yes``: repeats separate the leader from every other, and nothing warns. ``no``: there is no
    leader or nothing to choose from, or the scores cannot be compared. Otherwise ``partly``.
    """
    if not groups:
        sentence = f"no value of {subject.metric} can be ranked: nothing finished as it should."
        return Decision(support="no", sentence=sentence, chosen=None, tied=(), proposed=None)
    leader = groups[0].members[0].candidate
    sign = -1.0 if subject.goal == "max" else 1.0
    head = f"{leader.label} is "
    head += _among(subject, groups)
    head += f" ({subject.metric} {sign * groups[0].mean:.4g}, smoothed)"
    tied = tuple(group.members[0].candidate.name for group in lead.tied)
    cheap = cheapest((groups[0], *lead.tied))
    proposed = cheap.members[0].candidate.name if cheap is not None and tied else None
    support, why = _support(subject, groups, lead, findings)
    return Decision(
        support=support,  # type: ignore[arg-type]  # one of the three
        sentence=f"{head}{_tied(lead)}{why}.",
        chosen=leader.name,
        tied=tied,
        proposed=proposed,
    )


def _among(subject: Subject, groups: Sequence[Group]) -> str:
    """Return of how many the first of ``groups`` is the best, so that nobody misses the others."""
    n, n_all = len(groups), len(subject.candidates)
    n_ranked = sum(len(group.members) for group in groups)
    if n_ranked < n_all and n == n_ranked:
        which = f"the best of the {n}" if n > 1 else "the only one"
        return f"{which} (of {n_all}) that can be ranked"
    if n == 1:
        return "the only one"
    return f"the best of {n}" if n == n_all else f"the best of {n} configurations"


def _support(
    subject: Subject, groups: Sequence[Group], lead: Lead, findings: Sequence[Finding]
) -> tuple[str, str]:
    warned = [each for each in findings if each.verdict == WARN]
    fatal = next((each for each in warned if each.rule in _FATAL), None)
    if fatal is not None:
        return "no", f"; {fatal.sentence}"
    if len(groups) < 2:  # noqa: PLR2004  # a choice is one of two
        return "no", "; there is nothing to choose from"
    spoilt = [each for each in warned if each.rule in _SPOILS]
    unknown = [
        each for each in findings if each.verdict == INSUFFICIENT and each.rule.startswith("equal.")
    ]
    is_one_run = len({each.run_id for each in subject.candidates}) == 1
    if lead.is_separated and not spoilt and (is_one_run or not unknown):
        return "yes", "; its repeats separate it from every other"
    if lead.is_separated:
        first = (*spoilt, *unknown)[0]
        return "partly", f"; its repeats separate it, but: {first.sentence}"
    return "partly", f"; {spoilt[0].sentence}" if spoilt and not lead.tied else ""


def _tied(lead: Lead) -> str:
    if not lead.tied:
        return ""
    labels = [group.members[0].candidate.label for group in lead.tied]
    shown = labels[:_SHOWN]
    names = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
    more = f" and {len(labels) - _SHOWN} more" if len(labels) > _SHOWN else ""
    return f", not separated from {names}{more}"

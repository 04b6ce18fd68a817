"""The review: a pure function from a subject to everything that can be said about it."""

from __future__ import annotations

from ledger.review.answering import answers_of
from ledger.review.assess import (
    ENDED_BADLY,
    assess,
    groups_of,
    own_params,
    reasons,
)
from ledger.review.behaviour import behaviour_findings
from ledger.review.choice import judge_lead, seed_spread
from ledger.review.decision import decide
from ledger.review.evenness import evenness_findings
from ledger.review.forest import importance_findings
from ledger.review.libraries import versions
from ledger.review.paid import best_so_far, paid_findings
from ledger.review.passed_over import passed_over
from ledger.review.repeats import command_for, repeats_for
from ledger.review.result import Counts, Review
from ledger.review.space import boundary_findings, coverage_findings, duplicate_findings
from ledger.review.standings import standings_of
from ledger.review.tradeoff import tradeoff_findings
from ledger.review.unequal import hygiene_findings, shared, unequal_findings
from ledger.review.units import units_of
from ledger.review.weak import is_adaptive, weak_findings


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.review.assess import Assessed
    from ledger.review.finding import Finding
    from ledger.review.subject import Subject


def review(subject: Subject) -> Review:
    """Return what the candidates of ``subject`` say: findings, six answers, and a decision.

    Pure: nothing is read, and neither the order of the candidates nor the sign of the metric
    changes a verdict. What needs scipy or scikit-learn says so where they are not installed.
    """
    sign = -1.0 if subject.goal == "max" else 1.0
    assessed = assess(subject)
    groups = groups_of(assessed)
    leader = groups[0].members[0] if groups else None
    lead = judge_lead(groups)
    adapts = is_adaptive(subject.tuner) is True
    paid, expected = paid_findings(assessed, sign, is_adaptive=_is_chosen_by_results(subject))
    findings = (
        *behaviour_findings(leader, assessed),
        *_params_findings(subject, assessed, leader, is_adaptive=adapts),
        *paid,
        *lead.findings,
        *tradeoff_findings(groups, seed_spread(groups)),
        *passed_over(assessed, groups, sign),
        *unequal_findings(assessed),
        *hygiene_findings(subject),
    )
    repeats = repeats_for(groups, is_open=lead.needs_repeats)
    decision = decide(subject, groups, lead, findings)
    return Review(
        title=subject.title,
        kind=subject.kind,
        metric=subject.metric,
        goal=subject.goal,
        direction_source=subject.direction_source,
        train_metric=subject.train_metric,
        tuner=subject.tuner,
        shared=shared(subject),
        counts=_counts(assessed),
        decision=decision,
        answers=answers_of(findings, leader),
        findings=findings,
        standings=standings_of(assessed, groups, sign),
        best_so_far=tuple(sign * score for score in best_so_far(assessed)),
        expected_best=tuple(expected),
        curve=leader.curve if leader is not None else (),
        commands=command_for(repeats),
        repeats=repeats,
        note=subject.note,
        warnings=subject.warnings,
        libraries=versions(),
    )


def _params_findings(
    subject: Subject, assessed: Sequence[Assessed], leader: Assessed | None, *, is_adaptive: bool
) -> list[Finding]:
    units = units_of(assessed)
    own = None if leader is None else own_params(leader.candidate)
    chosen = next((unit.name for unit in units if unit.params == own), None)
    return [
        *weak_findings(units, chosen, is_adaptive=is_adaptive),
        *boundary_findings(units, subject.space, is_adaptive=is_adaptive),
        *coverage_findings(units, subject.space),
        *evenness_findings(units, subject.space, is_adaptive=is_adaptive),
        *duplicate_findings(_same_training(assessed), len(assessed)),
        *importance_findings(units),
    ]


def _is_chosen_by_results(subject: Subject) -> bool:
    """Whether later candidates may have been chosen by earlier ones; people always do."""
    return is_adaptive(subject.tuner) is not False


def _same_training(assessed: Sequence[Assessed]) -> list[list[str]]:
    """Return the labels of trials that have the same params and the same result."""
    found: dict[tuple[str, object], list[str]] = {}
    for each in assessed:
        if each.is_ranked and each.candidate.params:
            key = repr(sorted(each.candidate.params.items())), each.score
            found.setdefault(key, []).append(each.candidate.label)
    return list(found.values())


def _counts(assessed: Sequence[Assessed]) -> Counts:
    n_bad = sum(each.candidate.status in ENDED_BADLY for each in assessed)
    n_running = sum(each.is_running for each in assessed)
    return Counts(
        candidates=len(assessed),
        finished=len(assessed) - n_bad - n_running,
        failed=n_bad,
        running=n_running,
        nonfinite=sum(each.candidate.n_nonfinite > 0 for each in assessed),
        short=sum(each.is_short for each in assessed),
        reasons=reasons(assessed),
    )

"""Whether the leader is better, what it costs, and what makes the compared runs unequal."""

from __future__ import annotations

import math
import re
from statistics import NormalDist
from typing import TYPE_CHECKING

import pytest

from ledger.review.assess import assess, groups_of
from ledger.review.choice import chance_of_beating, judge_lead, seed_spread
from ledger.review.finding import INSUFFICIENT, NOTE, OK, WARN, Finding
from ledger.review.repeats import command_for, repeats_for
from ledger.review.tradeoff import cheapest, pareto, tie_set, tradeoff_findings
from ledger.review.unequal import hygiene_findings, shared, unequal_findings
from unit.review.subjects import candidate, plateau, repeats, subject


if TYPE_CHECKING:
    from ledger.review.assess import Group
    from ledger.review.choice import Lead


def groups(*candidates: list) -> tuple[Group, ...]:  # type: ignore[type-arg]  # of candidates
    return groups_of(assess(subject([each for some in candidates for each in some])))


FIVE = [0.30, 0.302, 0.298, 0.301, 0.299]


def shifted(by: float, n: int = 5) -> list[float]:
    return [level + by for level in FIVE[:n]]


def test_one_seed_each_is_no_evidence() -> None:
    lead = judge_lead(groups(repeats("a", [0.3]), repeats("b", [0.31])))

    assert not lead.is_separated
    assert lead.findings[0].verdict == INSUFFICIENT
    assert "one seed each" in lead.findings[0].sentence
    assert "cannot be separated from seed noise" in lead.findings[0].sentence


@pytest.mark.parametrize("n", [2, 3])
def test_three_seeds_are_too_few_however_large_the_lead(n: int) -> None:
    lead = judge_lead(groups(repeats("a", shifted(0, n)), repeats("b", shifted(0.2, n))))

    assert (lead.is_separated, lead.findings[0].verdict) == (False, INSUFFICIENT)
    assert "standard deviations of a seed" in lead.findings[0].sentence


def test_a_lead_beyond_the_seeds_is_better() -> None:
    lead = judge_lead(groups(repeats("a", FIVE), repeats("b", shifted(0.02))))

    assert lead.is_separated
    assert lead.tied == ()
    assert lead.findings[0].verdict == OK
    assert lead.findings[0].value == 1.0


def test_a_lead_within_the_seeds_is_a_tie() -> None:
    lead = judge_lead(groups(repeats("a", FIVE), repeats("b", shifted(0.0005))))

    assert not lead.is_separated
    assert [group.members[0].candidate.variant for group in lead.tied] == ["b"]
    assert lead.findings[0].verdict == NOTE
    assert "choose by cost" in lead.findings[0].sentence


def test_a_third_with_one_seed_may_still_be_as_good() -> None:
    lead = judge_lead(
        groups(repeats("a", FIVE), repeats("b", shifted(0.02)), repeats("c", [0.3205]))
    )
    close = judge_lead(
        groups(repeats("a", FIVE), repeats("c", [0.3004]), repeats("b", shifted(0.02)))
    )

    assert lead.is_separated
    assert not close.is_separated


def test_more_repeats_than_were_proposed_first_are_a_second_look() -> None:
    """p of the same lead over the same spread: .02 to .05 wins with five seeds, not with six."""
    levels = [0.30, 0.302, 0.304, 0.306, 0.308, 0.31]
    later = [level + 0.0055 for level in levels]

    five = judge_lead(groups(repeats("a", levels[:5]), repeats("b", later[:5])))
    six = judge_lead(groups(repeats("a", levels), repeats("b", later)))

    assert 0.02 < p_of(five) < 0.05
    assert 0.02 < p_of(six) < 0.05
    assert (five.is_separated, six.is_separated) == (True, False)


def p_of(lead: Lead) -> float:
    found = re.search(r"p = ([\d.e-]+)", lead.findings[0].sentence)
    assert found is not None
    return float(found[1])


def test_few_repeats_that_spread_more_lose_to_no_lucky_lead() -> None:
    steady = [0.30 + at / 10_000 for at in range(10)]
    wild = [0.299, 0.31, 0.33, 0.37]

    lead = judge_lead(groups(repeats("a", steady), repeats("b", wild)))

    assert not lead.is_separated
    assert p_of(lead) > 0.05


def test_nothing_to_choose_from_is_said() -> None:
    lead = judge_lead(groups(repeats("a", FIVE)))

    assert lead.findings[0].missing == "a second configuration"


def test_the_spread_of_seeds_is_pooled() -> None:
    found = seed_spread(groups(repeats("a", [0.30, 0.32]), repeats("b", [0.40, 0.42, 0.44])))

    assert found is not None
    assert found[1] == 3
    assert found[0] == pytest.approx(math.sqrt((0.0002 + 2 * 0.0004) / 3), rel=0.05)


def test_without_repeats_there_is_no_spread() -> None:
    assert seed_spread(groups(repeats("a", [0.3]), repeats("b", [0.4]))) is None


def test_the_optimism_of_the_best_is_bloms() -> None:
    runs = [repeats(f"v{at}", [0.3 + at / 100]) for at in range(10)]

    found = judge_lead(groups(*runs)).findings[1]

    assert found.rule == "choice.optimism"
    assert found.value == pytest.approx(NormalDist().inv_cdf(9.625 / 10.25))
    assert found.value == pytest.approx(1.55, abs=0.01)


def test_the_chance_of_beating_counts_ties_half() -> None:
    assert chance_of_beating([1.0, 2.0], [2.0, 3.0]) == 0.875


def test_repeats_are_proposed_with_seeds_that_were_not_used() -> None:
    found = groups(repeats("a", [0.3]), repeats("b", [0.31]), repeats("c", FIVE))

    proposed = repeats_for(found, is_open=True)

    assert {each.label: each.seeds for each in proposed} == {
        "a-0": (1, 2, 3, 4, 5),
        "b-0": (1, 2, 3, 4, 5),
    }
    assert command_for(proposed) == ("ledger repeat --top 3 --seeds 5",)


def test_a_tie_of_five_seeds_asks_for_ten() -> None:
    proposed = repeats_for(groups(repeats("a", FIVE), repeats("b", FIVE)), is_open=True)

    assert [each.seeds for each in proposed] == [(5, 6, 7, 8, 9)] * 2


def test_nothing_is_proposed_where_nothing_is_open() -> None:
    found = groups(repeats("a", FIVE), repeats("b", shifted(0.1)))

    assert repeats_for(found, is_open=False) == ()
    assert command_for(()) == ()


def test_the_cheapest_within_one_standard_error_is_named() -> None:
    found = groups(repeats("a", FIVE, seconds=100.0), repeats("b", shifted(0.0003), seconds=20.0))
    spread = seed_spread(found)

    told = tradeoff_findings(found, spread)

    assert len(tie_set(found, spread)) == 2
    cheap = cheapest(found)
    assert cheap is not None
    assert cheap.members[0].candidate.variant == "b"
    assert [each.rule for each in told] == ["choice.ties", "choice.tradeoff"]
    assert told[1].value == pytest.approx(0.2)


def test_only_faster_ones_are_on_the_front_behind_the_leader() -> None:
    found = groups(
        repeats("a", [0.1], seconds=10.0),
        repeats("b", [0.2], seconds=20.0),
        repeats("c", [0.3], seconds=5.0),
        repeats("d", [0.4]),
    )

    assert [group.members[0].candidate.variant for group in pareto(found)] == ["a", "c"]


def verdicts(findings: list[Finding]) -> dict[str, str]:
    return {each.rule: each.verdict for each in findings}


def test_equal_runs_are_said_to_be_equal() -> None:
    found = unequal_findings(assess(subject([*repeats("a", FIVE), *repeats("b", FIVE)])))

    assert verdicts(found) == dict.fromkeys(
        ("equal.commit", "equal.dirty", "equal.data", "equal.budget"), OK
    )


@pytest.mark.parametrize(
    ("rule", "fact", "verdict"),
    [
        ("equal.commit", {"commit": "d" * 40}, WARN),
        ("equal.commit", {"commit": None}, INSUFFICIENT),
        ("equal.dirty", {"dirty": True}, WARN),
        ("equal.dirty", {"dirty": None}, INSUFFICIENT),
        ("equal.data", {"data_hash": "md5:e"}, WARN),
        ("equal.data", {"data_hash": None}, INSUFFICIENT),
        ("equal.budget", {"budget": 60}, WARN),
        ("equal.budget", {"budget": None}, WARN),
        ("equal.packages", {"packages": "sha256:b"}, NOTE),
    ],
)
def test_what_differs_is_told(rule: str, fact: dict[str, object], verdict: str) -> None:
    one, other = candidate("a", plateau(0.3)), candidate("b", plateau(0.4), **fact)
    if rule == "equal.packages":
        one = candidate("a", plateau(0.3), packages="sha256:a")

    assert verdicts(unequal_findings(assess(subject([one, other]))))[rule] == verdict


def test_other_commits_of_the_same_code_are_equal() -> None:
    runs = [
        candidate(label, plateau(0.3), commit=label * 40, code="sha256:x") for label in ("a", "b")
    ]

    assert verdicts(unequal_findings(assess(subject(runs))))["equal.commit"] == OK


def test_what_all_share_is_told_once() -> None:
    runs = [candidate(label, plateau(0.3), seed=7) for label in ("a", "b")]

    assert shared(subject(runs)) == {
        "commit": "c" * 40,
        "dirty": False,
        "data_hash": "md5:d",
        "seed": 7,
        "budget": 30,
    }


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({"metric": "test/acc"}, WARN),
        ({}, OK),
        ({"test_metrics": ("test_acc",), "n_tested": 1}, OK),
        ({"test_metrics": ("test_acc",), "n_tested": 2}, NOTE),
        ({"metric": "latest_loss"}, OK),
        ({"metric": "mean_test_score"}, OK),
        ({"metric": "split10_test_score"}, OK),
        ({"metric": "mean_test"}, WARN),
    ],
)
def test_the_test_set_is_for_the_chosen_one(facts: dict[str, object], verdict: str) -> None:
    found = hygiene_findings(
        subject([candidate("a", plateau(0.3)), candidate("b", plateau(0.3))], **facts)
    )

    assert verdicts(found) == {"choice.test": verdict}

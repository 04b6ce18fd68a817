"""Questions about params: weak values, the edges and coverage of the space, importance."""

from __future__ import annotations

import random

import pytest

from ledger.review.assess import assess
from ledger.review.evenness import evenness_findings
from ledger.review.finding import INSUFFICIENT, NOTE, OK, WARN, Finding
from ledger.review.forest import importance_findings
from ledger.review.paid import expected_best, paid_findings
from ledger.review.space import boundary_findings, coverage_findings, placed
from ledger.review.subject import Param
from ledger.review.units import Unit, mid_ranks, units_of
from ledger.review.weak import is_adaptive, power, weak_findings
from unit.review.subjects import candidate, plateau, subject, trial


LR = Param(name="lr", low=1e-4, high=1e-1, scale="log")


def units(
    n: int, effect: float, *, kinds: str = "abc", seed: int = 0, bad: str = ""
) -> tuple[Unit, ...]:
    """Return ``n`` configurations of a random lr and kind, kind b worse by ``effect`` sd."""
    draws = random.Random(seed)
    drawn = []
    for place in range(n):
        kind = kinds[place % len(kinds)]
        score = draws.gauss(0, 1) + effect * (kind == "b") + 100 * (kind == bad)
        drawn.append((score, place, {"lr": 10 ** draws.uniform(-4, -1), "kind": kind}))
    drawn.sort(key=lambda each: each[0])
    return tuple(
        Unit(name=f"{place:03d}", params=params, rank=(at + 0.5) / n, is_bad=score > 50)
        for at, (score, place, params) in enumerate(drawn)
    )


def rules(findings: list[Finding]) -> list[tuple[str, str | None]]:
    return [(each.verdict, each.about) for each in findings]


def test_a_weak_value_is_named_with_its_numbers() -> None:
    found = weak_findings(units(60, 3.0), None, is_adaptive=False)

    assert rules(found) == [(NOTE, "kind=b"), (OK, None)]
    assert found[0].n == 20
    assert found[0].value is not None
    assert found[0].value > 0.7
    assert "p = " in found[0].sentence


def test_a_weak_value_of_the_leader_is_a_warning() -> None:
    found = units(60, 3.0)
    own = next(unit.name for unit in found if unit.params["kind"] == "b")

    assert weak_findings(found, own, is_adaptive=False)[0].verdict == WARN


def test_failed_trials_speak_against_their_values() -> None:
    found = weak_findings(units(60, 0.0, bad="c"), None, is_adaptive=False)

    assert rules(found)[0] == (NOTE, "kind=c")


def test_an_adaptive_tuner_only_describes() -> None:
    found = weak_findings(units(60, 3.0), None, is_adaptive=True)

    assert "only describes" in found[0].sentence


def test_without_an_effect_the_power_is_told() -> None:
    (found,) = weak_findings(units(60, 0.0, seed=4), None, is_adaptive=False)

    assert found.verdict == OK
    assert "% of cases" in found.sentence


def test_too_few_configurations_are_said() -> None:
    (found,) = weak_findings(units(14, 3.0), None, is_adaptive=False)

    assert (found.verdict, found.n) == (INSUFFICIENT, 14)


@pytest.mark.parametrize(
    ("tuner", "adapts"),
    [
        ("RandomSearch", False),
        ("GridSearchCV", False),
        ("random_search", False),
        ("HalvingRandomSearchCV", True),
        ("BayesianOptimization", True),
        ("TPESampler", True),
        (None, None),
    ],
)
def test_tuners_that_adapt(tuner: str | None, adapts: bool | None) -> None:
    assert is_adaptive(tuner) is adapts


def test_power_grows_with_the_number_and_falls_with_the_tests() -> None:
    assert power(5, 25, 10) < power(12, 25, 10) < power(12, 25, 1)


@pytest.mark.parametrize(
    ("param", "item", "expected"),
    [
        (LR, 1e-4, 0.0),
        (LR, 1e-1, 1.0),
        (LR, 10**-2.5, 0.5),
        (LR, 1.0, None),
        (LR, True, None),
        (LR, "1e-3", None),
        (Param(name="x", low=0.0, high=2.0), 0.5, 0.25),
        (Param(name="x", low=0.0, high=2.0, scale="log"), 0.5, 0.25),
        (Param(name="x", low=0.1, high=1.0, scale="reverse_log"), 0.1, 0.0),
        (Param(name="x", low=0.1, high=1.0, scale="reverse_log"), 1.0, 1.0),
        (Param(name="x", low=1.0, high=1.0), 1.0, None),
        (Param(name="x"), 1.0, None),
    ],
)
def test_where_a_value_lies_in_its_range(
    param: Param, item: object, expected: float | None
) -> None:
    found = placed(param, item)  # type: ignore[arg-type]  # JSON

    assert found == (expected if expected is None else pytest.approx(expected))


def crowd(n: int, key: str, items: list[object]) -> tuple[Unit, ...]:
    """Return ``n`` units, the best of which have ``items`` and the others 0.5."""
    return tuple(
        Unit(
            name=f"{place:03d}",
            params={key: items[place] if place < len(items) else 0.5},  # type: ignore[dict-item]  # JSON
            rank=(place + 0.5) / n,
            is_bad=False,
        )
        for place in range(n)
    )


def test_an_edge_that_the_best_crowd_is_to_be_widened() -> None:
    space = (Param(name="x", low=0.0, high=1.0),)

    (found,) = boundary_findings(crowd(40, "x", [0.01] * 5), space, is_adaptive=False)

    assert (found.verdict, found.about) == (WARN, "x")
    assert "5 of the top 5 lie in the lowest 15 % of x" in found.sentence


def test_a_range_of_few_steps_has_levels() -> None:
    """Four of five at the highest of four levels are chance in 1.6 %, too often for two edges."""
    space = (Param(name="x", low=0.0, high=3.0, step=1.0),)

    (four,) = boundary_findings(crowd(40, "x", [3, 3, 3, 3, 1]), space, is_adaptive=False)
    (five,) = boundary_findings(crowd(40, "x", [3, 3, 3, 3, 3]), space, is_adaptive=False)

    assert (four.verdict, five.verdict) == (OK, WARN)
    assert "highest 25 %" in five.sentence


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.3), (-0.3, 0.0)])
def test_a_step_that_floats_cannot_hold_still_has_its_edge(low: float, high: float) -> None:
    space = (Param(name="x", low=low, high=high, step=0.1),)

    (found,) = boundary_findings(crowd(40, "x", [high] * 5), space, is_adaptive=False)

    assert "5 of the top 5 lie in the highest 25 % of x" in found.sentence


def test_a_choice_without_an_order_has_no_edge() -> None:
    space = (Param(name="x", values=("relu", "tanh")),)

    (found,) = boundary_findings(crowd(40, "x", ["relu"] * 5), space, is_adaptive=False)

    assert (found.verdict, "no edge" in found.sentence) == (NOTE, True)


def test_bounds_that_nobody_declared_are_no_bounds() -> None:
    (found,) = boundary_findings(crowd(40, "x", [0.0] * 5), None, is_adaptive=False)

    assert found.verdict == INSUFFICIENT
    assert "only what was sampled" in found.sentence


def test_few_configurations_say_nothing_of_edges() -> None:
    space = (Param(name="x", low=0.0, high=1.0),)

    (found,) = boundary_findings(crowd(19, "x", [0.0] * 5), space, is_adaptive=False)

    assert (found.verdict, found.n) == (INSUFFICIENT, 19)


def test_coverage_counts_fifths_and_pairs() -> None:
    (found,) = coverage_findings(units(60, 0.0), (LR,))

    assert found.value == 1.0
    assert "100 % of the fifths of their ranges tried" in found.sentence


def test_gaps_are_seen_beside_random_draws() -> None:
    """The discrepancy of 40 points that fill a square, and of as many in a corner."""
    space = (Param(name="x", low=0.0, high=1.0), Param(name="y", low=1e-3, high=1.0, scale="log"))
    draws = random.Random(1)
    even = placed_units([((at + 0.5) / 40, 10 ** (-3 * (at * 0.618 % 1))) for at in range(40)])
    corner = placed_units([(draws.uniform(0, 0.4), 10 ** draws.uniform(-3, -2)) for _ in range(40)])

    (fine,) = evenness_findings(even, space, is_adaptive=False)
    (gaps,) = evenness_findings(corner, space, is_adaptive=True)

    assert (fine.verdict, fine.n) == (OK, 40)
    assert fine.value == pytest.approx(0.0, abs=0.1)
    assert (gaps.verdict, gaps.value) == (NOTE, 1.0)
    assert "as a tuner that adapts does: 100 % of random draws" in gaps.sentence


def placed_units(places: list[tuple[float, float]]) -> tuple[Unit, ...]:
    return tuple(
        Unit(name=f"{at:03d}", params={"x": x, "y": y}, rank=0.5, is_bad=False)
        for at, (x, y) in enumerate(places)
    )


def test_evenness_needs_ranges_that_every_configuration_has() -> None:
    few = placed_units([(0.5, 0.5)] * 9)
    many = placed_units([(0.5, 0.5)] * 10)

    assert evenness_findings(few, (Param(name="x", low=0.0, high=1.0),), is_adaptive=False) == []
    assert evenness_findings(many, None, is_adaptive=False) == []
    assert evenness_findings(many, (Param(name="z", low=0.0, high=1.0),), is_adaptive=False) == []
    assert evenness_findings(many, (Param(name="x", values=(0.5, 1)),), is_adaptive=False) == []


def test_no_evidence_that_could_hardly_be_found_is_no_good_news() -> None:
    (found,) = weak_findings(units(18, 0.0), None, is_adaptive=False)

    assert found.verdict == NOTE
    assert "would be seen in only" in found.sentence


def test_importance_needs_trials_that_carry_it() -> None:
    (few,) = importance_findings(units(29, 3.0))
    (noise,) = importance_findings(units(40, 0.0))

    assert (few.verdict, few.value) == (INSUFFICIENT, None)
    assert noise.verdict == INSUFFICIENT
    assert noise.value is not None
    assert "40 trials cannot tell" in noise.sentence


def test_importance_names_what_was_planted() -> None:
    found = importance_findings(units(60, 4.0))

    assert found[0].about == "kind"
    assert "kind" not in {each.about for each in found[1:]}


def test_ranks_of_equal_numbers_are_shared() -> None:
    assert mid_ranks([0.2, 0.1, 0.2, 0.3]) == [2.5, 1.0, 2.5, 4.0]


def test_trials_are_compared_with_those_of_their_budget() -> None:
    """The short ones are all worse, and yet the best of them counts like the best of the long."""
    found = units_of(
        assess(
            subject(
                [
                    trial("l1", 0.1, {"x": 1}, budget=27),
                    trial("l2", 0.2, {"x": 2}, budget=27),
                    candidate("s1", plateau(0.7, n=3), trial_id="s1", params={"x": 3}, budget=3),
                    candidate("s2", plateau(0.8, n=3), trial_id="s2", params={"x": 4}, budget=3),
                    candidate(
                        "p1",
                        plateau(0.6, n=24),
                        trial_id="p1",
                        params={"x": 3},
                        budget=27,
                        parent="s1",
                    ),
                ]
            )
        )
    )

    assert {unit.name: unit.rank for unit in found} == {
        "sweep#l1": 0.25,
        "sweep#l2": 0.75,
        "sweep#s1": 0.25,
        "sweep#s2": 0.75,
    }


def test_the_expected_best_of_all_is_the_best() -> None:
    assert expected_best([3.0, 1.0, 2.0]) == pytest.approx([2.0, 4 / 3, 1.0])


def test_an_order_that_results_chose_has_no_expectation() -> None:
    found = assess(subject([trial(f"{at:02d}", 0.3 + at / 100) for at in range(12)]))

    (adaptive,), nothing = paid_findings(found, 1.0, is_adaptive=True)
    (independent,), expected = paid_findings(found, 1.0, is_adaptive=False)

    assert (adaptive.value, nothing) == (1.0, [])
    assert len(expected) == 12
    assert "half the trials" in independent.sentence

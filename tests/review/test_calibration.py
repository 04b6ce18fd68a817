"""How often the rules of a review cry wolf, and how often they see what was planted.

Small simulations by default; ``pytest -m slow`` plays those that docs/guides/reviewing.md promises.
"""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from types import ModuleType

pytest.importorskip("sklearn")
pytest.importorskip("scipy")


def _calibration() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "calibration.py"
    sys.path.insert(0, str(path.parent))  # where a script finds the modules beside it
    spec = importlib.util.spec_from_file_location("calibration", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    return module


CAL = _calibration()


def most(n: int) -> float:
    """Return the share of false alarms that a rule of 5 % exceeds in one of a thousand tries."""
    return 0.05 + 3.1 * math.sqrt(0.05 * 0.95 / n)


@pytest.mark.parametrize("n", [30, 60])
def test_shapes_are_told(n: int) -> None:
    assert CAL.accuracy(CAL.confusion(n, 30)) >= CAL.MIN_ACCURACY


def test_noise_is_not_called_overfitting() -> None:
    found = CAL.flat_alarms(40, 100)

    assert {
        name: found[name] / 100 <= most(100) for name in ("overfit", "improving", "diverged")
    } == {
        "overfit": True,
        "improving": True,
        "diverged": True,
    }


def test_params_of_noise_are_left_alone() -> None:
    rates = CAL.params_rates(30, 20, 0.0, with_forest=False)

    assert rates["weak.values"] <= most(20)
    assert rates["space.boundary"] <= most(20)


def test_a_planted_weak_value_is_seen() -> None:
    assert CAL.params_rates(100, 4, 2.0, with_forest=False)["weak.values, planted"] >= 0.9


def test_equal_configurations_have_no_winner() -> None:
    assert CAL.equal_leads((4, 4), 30) <= most(30)
    assert CAL.claims(6, 1, 2) == {"claimed": 0.0, "right": 0.0, "decision yes": 0.0}


def test_a_planted_winner_is_found() -> None:
    assert CAL.claims(2, 5, 4, gap=6.0) == {"claimed": 1.0, "right": 1.0, "decision yes": 1.0}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("n", [20, 30, 50, 100, 200])
def test_at_least_95_percent_of_curves_are_told(n: int) -> None:
    table = CAL.confusion(n, 400)

    assert CAL.accuracy(table) >= CAL.MIN_ACCURACY
    healthy = table["plateau"]
    for shape in ("overfit", "improving", "diverged", "unstable"):
        assert healthy[shape] / 400 <= CAL.MAX_FALSE


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("n", [20, 30, 50, 100, 200])
def test_noise_without_a_gain_is_no_claim(n: int) -> None:
    found = CAL.flat_alarms(n, 1000)

    for claim in ("overfit", "improving", "diverged", "oscillates"):
        assert found[claim] / 1000 <= CAL.MAX_FALSE


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("n", [20, 30, 50, 100, 200])
def test_noise_that_lasts_is_no_overfitting(n: int) -> None:
    """Epochs that err together look like a trend, which 20 or 30 of them are too few to tell."""
    flat = CAL.flat_alarms(n, 1000, correlation=0.6)
    stays = CAL.plateau_alarms(n, 1000, correlation=0.6)

    for found in (flat, stays):
        for claim in ("overfit", "diverged", "oscillates"):
            assert found[claim] / 1000 <= CAL.MAX_FALSE
    assert flat["improving"] / 1000 <= CAL.MAX_FALSE
    assert stays["improving"] / 1000 <= (CAL.MAX_FALSE if n > 30 else 0.1)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("n", [20, 50, 100, 200])
def test_params_of_noise_are_left_alone_in_94_percent(n: int) -> None:
    """The edges share 5 %, the values too: of 1,000 draws chance makes no more than 6 %."""
    rates = CAL.params_rates(n, 1000, 0.0, with_forest=False)

    assert rates["weak.values"] <= CAL.MAX_FALSE
    assert rates["space.boundary"] <= CAL.MAX_FALSE


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_importance_is_not_named_of_noise_and_named_of_a_signal() -> None:
    noise = CAL.params_rates(40, 50, 0.0)
    signal = CAL.params_rates(60, 10, 2.0)

    assert noise["space.importance"] <= CAL.MAX_FALSE
    assert signal["space.importance, planted first"] >= 0.9
    assert signal["space.importance, others named"] <= 0.2


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("n", "seeds"), [(2, 4), (2, 5), (2, 10), (5, 5), (10, 3)])
def test_equal_configurations_have_no_winner_in_94_percent(n: int, seeds: int) -> None:
    """The way through the whole review; what its scores alone are drawn from is below."""
    assert CAL.claims(n, seeds, 300)["claimed"] <= most(300)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seeds", [(4, 4), (5, 5), (10, 10), (4, 10), (5,) * 5])
def test_scores_of_equal_ones_have_no_winner_in_94_percent(seeds: tuple[int, ...]) -> None:
    assert CAL.equal_leads(seeds, 1000) <= CAL.MAX_FALSE


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_fewer_seeds_that_spread_more_make_no_winner() -> None:
    """Of four that spread three times as much Welch's t has p < .05 in 5.8 %, not in 5."""
    assert CAL.equal_leads((10, 4), 1000, spreads=(1.0, 3.0)) <= most(1000)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_looking_again_with_more_seeds_makes_no_winner() -> None:
    assert max(CAL.looks_again(2, 1000)) <= CAL.MAX_FALSE + 0.01


@pytest.mark.slow
@pytest.mark.parametrize(("n", "k"), [(10, 5), (30, 15)])
def test_the_expected_best_is_unbiased(n: int, k: int) -> None:
    estimated, truth = CAL.expected_best_bias(n, k, 4000)

    assert estimated == pytest.approx(truth, abs=0.03)

"""How often the rules of a review cry wolf, and how often they see what was planted.

Small simulations by default; ``pytest -m slow`` plays those that docs/guides/reviewing.md promises.
"""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from types import ModuleType

pytest.importorskip("sklearn")
pytest.importorskip("scipy")


def _calibration() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "calibration.py"
    spec = importlib.util.spec_from_file_location("calibration", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CAL = _calibration()


def most(n: int) -> float:
    """Return the share of false alarms that a rule of 5 % exceeds in one of a thousand tries."""
    return 0.05 + 3.1 * math.sqrt(0.05 * 0.95 / n)


@pytest.mark.parametrize("n", [20, 60])
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
    rates = CAL.params_rates(30, 40, 0.0, with_forest=False)

    assert rates["weak.values"] <= most(40)
    assert rates["space.boundary"] <= most(40)


def test_a_planted_weak_value_is_seen() -> None:
    assert CAL.params_rates(100, 8, 2.0, with_forest=False)["weak.values, planted"] >= 0.9


def test_equal_configurations_have_no_winner() -> None:
    assert CAL.claims(2, 4, 40)["claimed"] <= most(40)
    assert CAL.claims(6, 1, 5) == {"claimed": 0.0, "right": 0.0, "decision yes": 0.0}


def test_a_planted_winner_is_found() -> None:
    assert CAL.claims(2, 5, 10, gap=6.0) == {"claimed": 1.0, "right": 1.0, "decision yes": 1.0}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("n", [20, 30, 50, 100, 200])
def test_at_least_95_percent_of_curves_are_told(n: int) -> None:
    table = CAL.confusion(n, 120)

    assert CAL.accuracy(table) >= CAL.MIN_ACCURACY
    healthy = table["plateau"]
    for shape in ("overfit", "improving", "diverged", "unstable"):
        assert healthy[shape] / 120 <= CAL.MAX_FALSE


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("n", [20, 30, 50, 100, 200])
def test_noise_without_a_gain_is_no_claim(n: int) -> None:
    found = CAL.flat_alarms(n, 300)

    for claim in ("overfit", "improving", "diverged", "oscillates"):
        assert found[claim] / 300 <= CAL.MAX_FALSE


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("n", [20, 50, 100, 200])
def test_params_of_noise_are_left_alone_in_94_percent(n: int) -> None:
    rates = CAL.params_rates(n, 300, 0.0, with_forest=False)

    assert rates["weak.values"] <= most(300)
    assert rates["space.boundary"] <= most(300)


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
    assert CAL.claims(n, seeds, 300)["claimed"] <= most(300)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "k"), [(10, 5), (30, 15)])
def test_the_expected_best_is_unbiased(n: int, k: int) -> None:
    estimated, truth = CAL.expected_best_bias(n, k, 4000)

    assert estimated == pytest.approx(truth, abs=0.03)

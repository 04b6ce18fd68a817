"""Statistics of one series: against scipy's, and what they do with ties and little data."""

from __future__ import annotations

import random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.review.robust import (
    lag_correlation,
    lasting,
    noise,
    p_of_lasting,
    residuals,
    running_median,
    slow_noise,
    trend,
    turning,
    width,
)


stats = pytest.importorskip("scipy.stats")
FLOATS = st.floats(-1e6, 1e6)


@given(st.lists(st.integers(-5, 5), min_size=4, max_size=30))
def test_slope_is_that_of_theil_and_sen(series: list[int]) -> None:
    assert trend(series).slope == pytest.approx(stats.theilslopes(series).slope)


@pytest.mark.parametrize("seed", range(5))
def test_p_is_that_of_kendall(seed: int) -> None:
    """scipy has no correction for continuity: the two agree where the series is long."""
    draws = random.Random(seed)
    series = [draws.gauss(0, 1) + 0.02 * at for at in range(60)]

    assert trend(series).p == pytest.approx(
        stats.kendalltau(range(60), series, method="asymptotic").pvalue, rel=0.05
    )


def test_a_constant_series_has_no_trend() -> None:
    assert (trend([2.0] * 9).slope, trend([2.0] * 9).p) == (0.0, 1.0)


def test_noise_is_the_spread_without_the_trend() -> None:
    draws = random.Random(1)
    series = [0.5 * at + draws.gauss(0, 0.1) for at in range(500)]

    assert noise(series) == pytest.approx(0.1, rel=0.15)


def test_noise_of_mostly_equal_values_is_not_zero() -> None:
    """An accuracy over few examples hardly moves: the median of its steps is 0."""
    assert noise([0.8, 0.8, 0.8, 0.8, 0.85, 0.8, 0.8, 0.8]) > 0


@pytest.mark.parametrize(("n", "expected"), [(1, 3), (30, 3), (40, 5), (100, 11), (200, 21)])
def test_the_window_is_odd_and_a_tenth(n: int, expected: int) -> None:
    assert width(n) == expected


@given(st.lists(FLOATS, min_size=1, max_size=60))
def test_the_running_median_stays_within_the_series(series: list[float]) -> None:
    smooth = running_median(series)

    assert len(smooth) == len(series)
    assert min(series) <= min(smooth) <= max(smooth) <= max(series)


def test_one_odd_value_is_smoothed_away() -> None:
    assert min(running_median([0.5, 0.5, 0.0, 0.5, 0.5])) == 0.5


def test_a_series_of_period_two_turns_more_than_noise_and_opposes_itself() -> None:
    series = [1.0, 0.0] * 10

    assert turning(series) > 2
    assert lag_correlation(residuals(series, 0.0)) < -0.9


def test_noise_that_lasts_for_epochs_is_more_than_differences_show() -> None:
    draws, error, series = random.Random(3), 0.0, []
    for _ in range(200):
        error = 0.8 * error + draws.gauss(0, 1)
        series.append(error)

    assert slow_noise(series) > 2 * noise(series)


@pytest.mark.parametrize(("r", "expected"), [(-0.5, 1.0), (0.0, 1.0), (0.6, 2.0), (1.0, 4.36)])
def test_a_mean_errs_more_where_neighbours_correlate(r: float, expected: float) -> None:
    assert lasting(r) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("p", [0.0, 1e-9, 0.04, 1.0])
def test_a_trend_of_values_that_err_together_is_less_certain(p: float) -> None:
    assert p_of_lasting(p, 0.0, 10) == pytest.approx(p)
    assert p_of_lasting(p, 0.6, 10) >= p
    assert p_of_lasting(p, 0.3, 20) >= p_of_lasting(p, 0.3, 10)


def test_residuals_have_their_median_at_zero() -> None:
    rest = residuals([1.0, 3.0, 2.0, 8.0], trend([1.0, 3.0, 2.0, 8.0]).slope)

    assert median(rest) == pytest.approx(0.0)

"""One curve by itself: its shape, and what is said where it is too short to tell."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.review.curves import judge_curve
from ledger.review.subject import Curve
from unit.review.curve_shapes import curve, falling, overfitting, training


def test_a_curve_that_stays_is_a_plateau() -> None:
    judged = judge_curve(curve(falling(), training(), noise=0.002), "min")

    assert judged.shape == "plateau"
    assert judged.gain == pytest.approx(0.7, abs=0.2)
    assert judged.noise_share is not None
    assert judged.noise_share < 0.01


def test_a_curve_that_goes_on_falling_is_improving() -> None:
    judged = judge_curve(curve(falling(scale=40), training(), noise=0.002), "min")

    assert judged.shape == "improving"
    assert judged.slope_share is not None
    assert judged.slope_share < -0.02


def test_a_loss_that_rises_while_training_improves_is_overfitting() -> None:
    judged = judge_curve(curve(overfitting(), training(), noise=0.002), "min")

    assert judged.shape == "overfit"
    assert judged.smoothed_epoch == pytest.approx(25, abs=3)
    assert judged.generalisation_loss == pytest.approx(114, abs=10)


def test_a_loss_above_its_beginning_is_overfitting_too_where_training_improves() -> None:
    steep = [value + 0.1 * max(0, epoch - 20) for epoch, value in enumerate(falling())]

    assert judge_curve(curve(steep, training(), noise=0.002), "min").shape == "overfit"
    assert judge_curve(curve(steep, noise=0.002), "min").shape == "diverged"


def test_noise_that_lasts_for_epochs_is_no_overfitting_and_no_trend() -> None:
    """Of 40 healthy curves whose errors correlate by 0.7, three were said to overfit before."""
    shapes = []
    for seed in range(40):
        draws, error, values = random.Random(seed), 0.0, []
        for value in falling():
            error = 0.7 * error + draws.gauss(0, 0.02)
            values.append(value + error)
        shapes.append(judge_curve(curve(values, training()), "min").shape)

    assert shapes.count("overfit") == 0
    assert shapes.count("improving") <= 2


def test_without_a_training_curve_nothing_is_called_overfitting() -> None:
    judged = judge_curve(curve(overfitting(), noise=0.002), "min")

    assert judged.shape != "overfit"
    assert not judged.has_train


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_divergence_at_its_epoch(bad: float) -> None:
    values = falling()
    values[30] = bad

    judged = judge_curve(curve(values, first=1), "min")

    assert (judged.shape, judged.bad_epoch) == ("diverged", 31)
    assert judged.smoothed is not None


def test_a_training_value_that_is_not_finite_is_divergence_too() -> None:
    train = training()
    train[5] = math.nan

    judged = judge_curve(curve(falling(), train), "min")

    assert (judged.shape, judged.bad_epoch) == ("diverged", 5)


def test_a_curve_without_a_finite_value_has_no_best() -> None:
    judged = judge_curve(curve([math.nan] * 3), "min")

    assert (judged.shape, judged.smoothed, judged.n) == ("diverged", None, 3)


def test_no_row_is_no_shape() -> None:
    assert judge_curve(Curve(epochs=(), objective=()), "min").shape == "none"


@pytest.mark.parametrize("n", [1, 2, 3, 8, 19])
def test_too_few_epochs_have_a_best_but_no_shape(n: int) -> None:
    judged = judge_curve(curve(falling(n)), "min")

    assert judged.shape == "short"
    assert judged.smoothed is not None


def test_much_noise_is_unstable() -> None:
    judged = judge_curve(curve(falling(), training(), noise=0.2), "min")

    assert judged.shape == "unstable"
    assert judged.noise_share == pytest.approx(0.2 / 0.7, rel=0.5)


def test_a_curve_that_jumps_to_and_fro_oscillates() -> None:
    values = [value + 0.05 * (-1) ** epoch for epoch, value in enumerate(falling())]

    assert judge_curve(curve(values), "min").oscillates
    assert not judge_curve(curve(falling(), noise=0.05), "min").oscillates


def test_a_constant_curve_is_flat() -> None:
    assert judge_curve(curve([0.5] * 40, training(40)), "min").shape == "flat"


def test_a_long_curve_is_judged_by_medians_of_neighbours() -> None:
    judged = judge_curve(curve(falling(5000, scale=300), noise=0.01), "min")

    assert (judged.shape, judged.n) == ("plateau", 5000)
    assert judged.smoothed == pytest.approx(0.3, abs=0.01)


def test_what_follows_the_best_of_a_long_curve_is_counted_in_epochs() -> None:
    judged = judge_curve(curve([abs(epoch - 700) / 700 for epoch in range(1000)]), "min")

    assert judged.smoothed_epoch == pytest.approx(700, abs=30)
    assert judged.n_after == pytest.approx(999 - judged.smoothed_epoch, abs=5)


@given(st.lists(st.floats(), max_size=40), st.lists(st.floats() | st.none(), max_size=40))
def test_any_numbers_are_a_curve(values: list[float], train: list[float | None]) -> None:
    n = min(len(values), len(train))
    made = Curve(epochs=(None,) * n, objective=tuple(values[:n]), train=tuple(train[:n]))

    judged = judge_curve(made, "max")

    assert judged.n == n
    assert judged.smoothed is None or math.isfinite(judged.smoothed)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=60))
def test_a_metric_to_maximise_is_judged_like_its_negative(values: list[float]) -> None:
    up = judge_curve(curve(values), "max")
    down = judge_curve(curve([-value for value in values]), "min")

    assert up.shape == down.shape
    assert (up.gain, up.noise, up.n_after) == (down.gain, down.noise, down.n_after)
    assert up.smoothed == -down.smoothed  # type: ignore[operator]  # every value is finite

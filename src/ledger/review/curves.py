"""What one curve says by itself: did it learn, is it still learning, is it noisy, does it overfit.

Everything is computed with a lower value being better; a metric that is maximised is negated first.
"""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import median

from ledger.review.robust import (
    Trend,
    is_usable,
    lag_correlation,
    noise,
    p_of_lasting,
    residuals,
    running_median,
    slow_noise,
    trend,
    turning,
    width,
)
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.contract.direction import Goal
    from ledger.review.result import Shape
    from ledger.review.subject import Curve

MIN_EPOCHS = 20
"""With 12, a third of the plateaus look as if they were still improving."""
MIN_AFTER = 5
"""Epochs after the best one that a claim about overfitting needs; of longer curves medians."""
MIN_TURNS = 10
"""Epochs that the rule of turning points needs."""
MAX_NOISE = 0.10
"""Noise as a share of the gain, above which validation is unstable."""
MIN_SLOPE = 0.02
"""Improvement over the last third, as a share of the gain, that counts as improving."""
MIN_LOSS = 0.05
"""Degradation after the best epoch, as a share of the gain, that counts as overfitting."""
MAX_P = 0.05
OVERFIT_Z = 3.75
DIVERGED_Z = 4.0
FLAT_Z = 2.5
OSCILLATES_Z = 2.0
OSCILLATES_R = -0.5
MOST_POINTS = 200
"""Epochs that are judged one by one; of longer curves medians of neighbours are."""
_FIRST = 3


@value
class Judged:
    """One curve in numbers."""

    shape: Shape
    n: int
    """Rows with a value."""
    bad_epoch: int | None = None
    """The first whose value, or training value, was not finite."""
    smoothed: float | None = None
    """Best of the running median, in the metric's own sign; None without a finite value."""
    smoothed_epoch: int | None = None
    gain: float = 0.0
    """How much better that is than the beginning; never negative."""
    noise: float = 0.0
    """Standard deviation of the last two thirds, less their trend."""
    n_near: int = 0
    """Epochs whose value is within one ``noise`` of the smoothed best."""
    n_after: int = 0
    """Epochs after the smoothed best."""
    slope_share: float | None = None
    """Change over the last third as a share of the gain; negative is better."""
    loss: float | None = None
    """How much worse the end is than the smoothed best; None where too few epochs follow it."""
    loss_limit: float | None = None
    """What noise alone may make of ``loss``."""
    has_train: bool = False
    generalisation_loss: float | None = None
    """Prechelt's GL (1998), percent, of positive values that are minimised."""
    gap: float | None = None
    """How much worse the objective is than its training value at the best epoch."""
    turns_z: float = 0.0
    lag: float = 0.0
    """Of the last third: how often it turns, and its correlation with itself one epoch later."""

    @property
    def noise_share(self) -> float | None:
        """Noise as a share of the gain; None where nothing was gained."""
        return self.noise / self.gain if self.gain > 0 else None

    @property
    def oscillates(self) -> bool:
        """Whether the end jumps to and fro with a period of two epochs."""
        return self.turns_z > OSCILLATES_Z and self.lag < OSCILLATES_R


@value
class _Series:
    """A curve with lower being better and every value finite; ``train`` is () where unusable."""

    epochs: tuple[int | None, ...]
    values: tuple[float, ...]
    train: tuple[float, ...]


@value
class _End:
    """What follows the best epoch."""

    n_after: int
    loss: float | None = None
    limit: float | None = None
    is_train_falling: bool = False


@value
class _Facts:
    """What the shape follows from."""

    best: float
    gain: float
    spread: float
    tail: Sequence[float]
    way: Trend
    """Of ``tail``."""
    lag: float
    """Correlation of ``tail`` with itself an epoch later; 0 where it is too short to tell."""
    end: _End


def judge_curve(curve: Curve, goal: Goal) -> Judged:
    """Return what ``curve`` says.

    The gain is that of the best of the running median over the median of the first epochs (a tenth
    of them, at most 3); the end is the last third, at least 8 epochs. Below MIN_EPOCHS the shape is
    ``short``, unless a value was not finite.
    """
    n = len(curve.objective)
    if not n:
        return Judged(shape="none", n=0)
    bad = _first_nonfinite(curve)
    whole = _finite(curve, -1.0 if goal == "max" else 1.0)
    series = _thinned(whole)
    bad_epoch = None if bad is None else curve.epochs[bad]
    if not series.values:
        return Judged(shape="diverged", n=n, bad_epoch=bad_epoch)
    judged = _judged(series, n, goal, len(whole.values) / len(series.values))
    if bad is None:
        return judged
    return Judged(**as_dict(judged) | {"shape": "diverged", "bad_epoch": bad_epoch})  # type: ignore[arg-type]  # its own fields


def _judged(series: _Series, n: int, goal: Goal, step: float) -> Judged:
    """Return what ``series`` says, of whose values each stands for ``step`` epochs."""
    values = series.values
    smooth = running_median(values)
    at = min(range(len(values)), key=smooth.__getitem__)
    best = smooth[at]
    gain = max(0.0, median(values[: _n_first(len(values))]) - best)
    spread = noise(values[len(values) // 3 :])
    tail = values[-_n_last(len(values)) :]
    end = _end(series, at, best, spread, gain)
    is_long = len(tail) >= MIN_TURNS
    way = trend(tail) if len(tail) > 1 else Trend(slope=0.0, p=1.0)
    lag = lag_correlation(residuals(tail, way.slope)) if is_long else 0.0
    facts = _Facts(best=best, gain=gain, spread=spread, tail=tail, way=way, lag=lag, end=end)
    return Judged(
        shape=_shape(facts, len(values)) if n >= MIN_EPOCHS else "short",
        n=n,
        smoothed=-best if goal == "max" else best,
        smoothed_epoch=series.epochs[at],
        gain=gain,
        noise=spread,
        n_near=round(step * sum(abs(number - best) <= spread for number in values)),
        n_after=round(step * end.n_after),
        slope_share=way.slope * len(tail) / gain if gain > 0 else None,
        loss=end.loss,
        loss_limit=end.limit,
        has_train=bool(series.train),
        generalisation_loss=_prechelt(values) if goal == "min" else None,
        gap=best - series.train[at] if series.train else None,
        turns_z=turning(tail) if is_long else 0.0,
        lag=lag,
    )


def _shape(facts: _Facts, n: int) -> Shape:
    gain, spread, tail = facts.gain, facts.spread, facts.tail
    rise = median(tail) - facts.best
    is_overfit = facts.end.is_train_falling
    # where training goes on improving, a loss above its beginning is overfitting, however large
    is_far = rise > gain and rise > DIVERGED_Z * spread and not is_overfit
    if is_far and rise > DIVERGED_Z * slow_noise(tail):
        return "diverged"
    if is_overfit:
        return "overfit"
    if gain <= _flat_gain(n, spread):
        return "flat"
    if spread > MAX_NOISE * gain:
        return "unstable"
    change = facts.way.slope * len(tail)
    if facts.way.p >= MAX_P or change >= -MIN_SLOPE * gain:
        return "plateau"
    # epochs that err together look like a trend
    p = p_of_lasting(facts.way.p, facts.lag, len(tail))
    return "improving" if p < MAX_P else "plateau"


def _end(series: _Series, at: int, best: float, spread: float, gain: float) -> _End:
    values = series.values
    after = values[at + 1 :][-_n_last(len(values)) :]
    n_after = len(values) - 1 - at
    if len(after) < MIN_AFTER:
        return _End(n_after=n_after)
    loss = median(after) - best
    reach = OVERFIT_Z * math.sqrt(1 / width(len(values)) + 1 / len(after))
    if loss > reach * spread:  # differences of neighbours do not see noise that lasts for epochs
        spread = max(spread, slow_noise(values[at + 1 :]))
    limit = reach * spread
    if gain <= _flat_gain(len(values), spread):
        limit *= 2  # the best of mere noise is followed by worse more often than not
    is_worse = bool(series.train) and loss > limit and loss > MIN_LOSS * gain
    return _End(
        n_after=n_after,
        loss=loss,
        limit=limit,
        is_train_falling=is_worse and _goes_on_falling(series.train, at),
    )


def _goes_on_falling(train: Sequence[float], at: int) -> bool:
    """Whether training improves from its epoch ``at`` on, and ends below where it was there."""
    before = running_median(train)[at]
    return trend(train[at:]).slope < 0 and median(train[-_n_last(len(train)) :]) < before


def _flat_gain(n: int, spread: float) -> float:
    """Return the gain that noise alone may make of ``n`` epochs."""
    return FLAT_Z * spread * math.sqrt(1 / _n_first(n) + 1 / width(n))


def _prechelt(values: Sequence[float]) -> float | None:
    lowest = min(values)
    return 100 * (values[-1] / lowest - 1) if lowest > 0 else None


def _n_first(n: int) -> int:
    return max(1, min(_FIRST, n // 10))


def _n_last(n: int) -> int:
    return max(8, n // 3)


def _first_nonfinite(curve: Curve) -> int | None:
    beside = curve.train or (None,) * len(curve.objective)
    for at, (number, train) in enumerate(zip(curve.objective, beside, strict=True)):
        if not is_usable(number) or (train is not None and not is_usable(train)):
            return at
    return None


def _finite(curve: Curve, sign: float) -> _Series:
    kept = [at for at, number in enumerate(curve.objective) if is_usable(number)]
    train = [curve.train[at] for at in kept] if curve.train else []
    known = [sign * number for number in train if number is not None and is_usable(number)]
    return _Series(
        epochs=tuple(curve.epochs[at] for at in kept),
        values=tuple(sign * curve.objective[at] for at in kept),
        train=tuple(known) if len(known) == len(kept) else (),
    )


def _thinned(series: _Series) -> _Series:
    """Return ``series`` with at most MOST_POINTS medians of neighbours: pairs are quadratic."""
    n = len(series.values)
    if n <= MOST_POINTS:
        return series
    edges = [place * n // MOST_POINTS for place in range(MOST_POINTS + 1)]
    spans = list(pairwise(edges))

    def medians(numbers: Sequence[float]) -> tuple[float, ...]:
        return tuple(median(numbers[start:end]) for start, end in spans) if numbers else ()

    return _Series(
        epochs=tuple(series.epochs[(start + end - 1) // 2] for start, end in spans),
        values=medians(series.values),
        train=medians(series.train),
    )

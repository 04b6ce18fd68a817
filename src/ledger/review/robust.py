"""Statistics of one short series that a few odd values do not move; standard library only."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from itertools import pairwise
from statistics import NormalDist, median

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_MAD_TO_SD = 1.4826
"""Of a normal distribution, 1 / Phi^-1(3/4)."""
_MEAN_TO_SD = 1.2533
"""Of a normal distribution, sqrt(pi / 2)."""
_MOST_CORRELATED = 0.9
_SMALLEST_TAIL = 1e-300
_MIN_CORRECTED = 16
"""Values from which a correlation of neighbours is told well enough to correct its bias."""


@value
class Trend:
    """Whether a series goes one way."""

    slope: float
    """Median of the slopes between all pairs (Theil 1950, Sen 1968), per step."""
    p: float
    """Two-sided, of Kendall's S being 0 (Mann 1945), normal approximation with ties and
    continuity; 1 for a constant series."""


LARGEST = 1e150
"""A value beyond it has no finite square: a training that gets there has diverged."""


def is_usable(number: float) -> bool:
    """Whether ``number`` can be computed with: finite, and not beyond LARGEST."""
    return abs(number) <= LARGEST  # false of NaN


def noise(series: Sequence[float]) -> float:
    """Return the standard deviation of ``series``, (n,) finite, less its trend; 0 below 3 values.

    1.4826 * MAD of the differences of neighbours / sqrt(2): two neighbours share their trend. Where
    most differences are equal, as of an accuracy over few examples, the mean absolute deviation.
    """
    steps = [later - earlier for earlier, later in pairwise(series)]
    if len(steps) < 2:  # noqa: PLR2004  # the spread of one difference is nothing
        return 0.0
    middle = median(steps)
    away = [abs(step - middle) for step in steps]
    spread = _MAD_TO_SD * median(away) or _MEAN_TO_SD * math.fsum(away) / len(away)
    return spread / math.sqrt(2)


def width(n: int) -> int:
    """Return the width of the running median over ``n`` epochs: a tenth, odd, at least 3."""
    return max(3, n // 10) | 1


def running_median(series: Sequence[float]) -> list[float]:
    """Return the running median of ``series``, (n,) -> (n,); at the ends over what is there."""
    n, reach = len(series), width(len(series)) // 2
    window = sorted(series[:reach])
    found = []
    for at in range(n):
        if at + reach < n:
            insort(window, series[at + reach])
        if at > reach:
            del window[bisect_left(window, series[at - reach - 1])]
        found.append(_middle(window))
    return found


def trend(series: Sequence[float]) -> Trend:
    """Return the trend of ``series``, (n,) finite, n >= 2; pairs: n * (n - 1) / 2."""
    n = len(series)
    slopes: list[float] = []
    for lag in range(1, n):
        slopes += [(later - own) / lag for own, later in zip(series, series[lag:], strict=False)]
    slopes.sort()
    rising = len(slopes) - bisect_right(slopes, 0.0) - bisect_left(slopes, 0.0)
    variance = _s_variance(n) - sum(map(_s_variance, Counter(series).values()))
    z = (abs(rising) - 1) / math.sqrt(variance) if variance > 0 and rising else 0.0
    return Trend(slope=_middle(slopes), p=2 * (1 - NormalDist().cdf(z)))


def _middle(ordered: Sequence[float]) -> float:
    """Return the median of ``ordered``, (n,), n >= 1, ascending."""
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _s_variance(n: int) -> float:
    return n * (n - 1) * (2 * n + 5) / 18


def turning(series: Sequence[float]) -> float:
    """Return how many standard errors ``series``, (n,), n >= 3, turns more often than noise does.

    Of white noise (Bienayme 1874) turning points have mean 2 (n - 2) / 3 and variance
    (16 n - 29) / 90. A step without change is no turn.
    """
    n = len(series)
    turns = sum(
        (there - back) * (there - on) > 0
        for back, there, on in zip(series, series[1:], series[2:], strict=False)
    )
    return (turns - 2 * (n - 2) / 3) / math.sqrt((16 * n - 29) / 90)


def residuals(series: Sequence[float], slope: float) -> list[float]:
    """Return what is left of ``series``, (n,), less a line of ``slope`` through its middle."""
    bare = [number - slope * at for at, number in enumerate(series)]
    level = median(bare)
    return [number - level for number in bare]


def lag_correlation(rest: Sequence[float]) -> float:
    """Return the correlation of ``rest``, (n,) residuals, with itself a step later; 0 for zeros."""
    total = math.fsum(number**2 for number in rest)
    return math.fsum(a * b for a, b in pairwise(rest)) / total if total else 0.0


def slow_noise(series: Sequence[float]) -> float:
    """Return the noise of ``series``, (n,), n >= 3, as far as it matters to its mean.

    Neighbouring epochs that err together make differences small and means uncertain: the standard
    deviation around the line, times that of ``lasting``.
    """
    rest = residuals(series, trend(series).slope)
    spread = math.sqrt(math.fsum(number**2 for number in rest) / (len(rest) - 2))
    return spread * lasting(lag_correlation(rest))


def lasting(r: float) -> float:
    """Return how much more a mean errs where neighbours correlate: sqrt((1 + r) / (1 - r)).

    n values are then worth n (1 - r) / (1 + r) independent ones. A negative ``r`` counts as 0, one
    above 0.9 as 0.9.
    """
    r = min(_MOST_CORRELATED, max(0.0, r))
    return math.sqrt((1 + r) / (1 - r))


def p_of_lasting(p: float, r: float, n: int) -> float:
    """Return the two-sided ``p`` of a trend of ``n`` values whose neighbours correlate by ``r``.

    The z of ``p`` is divided by ``lasting``. A short series correlates less than what it was drawn
    from, by (1 + 3 r) / n on average (Marriott and Pope 1954): put back from 16 values on.
    """
    if n >= _MIN_CORRECTED:
        r = (r + 1 / n) / (1 - 3 / n)
    normal = NormalDist()
    tail = max(p / 2, _SMALLEST_TAIL)
    return 2 * normal.cdf(normal.inv_cdf(tail) / lasting(r))

"""Statistics of a few numbers, without overflow and without the cost of a library."""

from __future__ import annotations

import math

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.reader.question.values import Statistic


@value
class Described:
    """A sample in numbers."""

    n: int
    mean: float
    std: float | None
    """Of a sample, divided by n - 1; None for one number."""
    low: float
    high: float


def describe(numbers: Sequence[float]) -> Described:
    """Return ``numbers``, (n,) finite, n >= 1, in numbers.

    The mean is exact to the last bit (Shewchuk's sum); the deviations are taken from it in a
    second pass and scaled, so that neither large nor close numbers lose the result.
    """
    n = len(numbers)
    scale = max(map(abs, numbers)) or 1.0
    scaled = [number / scale for number in numbers]
    mean = math.fsum(scaled) / n
    squares = math.fsum((number - mean) ** 2 for number in scaled)
    return Described(
        n=n,
        mean=_mean(numbers, mean * scale),
        std=None if n == 1 else scale * math.sqrt(squares / (n - 1)),
        low=min(numbers),
        high=max(numbers),
    )


def statistic(name: Statistic, numbers: Sequence[float]) -> float | None:
    """Return one statistic of ``numbers``, (n,) finite, n >= 1; None for the std of one."""
    found = describe(numbers)
    if name == "median":
        ordered, middle = sorted(numbers), len(numbers) // 2
        upper = ordered[middle]
        return upper if len(numbers) % 2 else upper / 2 + ordered[middle - 1] / 2
    if name == "sum":
        try:
            return math.fsum(numbers)
        except OverflowError:
            return math.copysign(math.inf, found.mean)
    return {"mean": found.mean, "std": found.std, "lowest": found.low, "highest": found.high}[name]


def _mean(numbers: Sequence[float], otherwise: float) -> float:
    try:
        return math.fsum(numbers) / len(numbers)
    except OverflowError:
        return otherwise

"""Statistics of a few numbers against the standard library's exact ones."""

from __future__ import annotations

import math
import statistics as exact

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.reader.asking.statistics import describe, statistic


NUMBERS = st.lists(st.floats(-1e100, 1e100, allow_subnormal=False), min_size=1, max_size=12)


@given(NUMBERS)
def test_numbers_are_described_as_the_exact_library_does(numbers: list[float]) -> None:
    found = describe(numbers)
    scale = max(map(abs, numbers))

    assert found.n == len(numbers)
    assert found.mean == pytest.approx(exact.fmean(numbers), rel=1e-12, abs=scale * 1e-15)
    assert (found.low, found.high) == (min(numbers), max(numbers))
    assert statistic("median", numbers) == pytest.approx(
        exact.median(numbers), rel=1e-12, abs=scale * 1e-15
    )
    if len(numbers) == 1:
        assert found.std is None
    else:
        assert found.std == pytest.approx(exact.stdev(numbers), rel=1e-9, abs=scale * 1e-12)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8))
def test_no_finite_numbers_are_too_large_or_too_small(numbers: list[float]) -> None:
    found = describe(numbers)

    assert found.low <= found.mean <= found.high or found.mean == pytest.approx(found.low)
    assert found.std is None or not math.isnan(found.std)
    for name in ("mean", "median", "std", "sum", "lowest", "highest"):
        assert statistic(name, numbers) is None or not math.isnan(statistic(name, numbers))  # type: ignore[arg-type]


def test_a_sum_beyond_every_float_is_infinite() -> None:
    assert statistic("sum", [1e308, 1e308]) == math.inf
    assert statistic("sum", [-1e308, -1e308]) == -math.inf
    assert statistic("mean", [1e308, 1e308]) == 1e308
    assert statistic("median", [1e308, 1e308]) == 1e308


def test_close_numbers_keep_their_spread() -> None:
    """The textbook formula loses it: 1e9 squared has no place left for the difference."""
    assert describe([1e9 + 0.1, 1e9 + 0.2, 1e9 + 0.3]).std == pytest.approx(0.1, rel=1e-6)

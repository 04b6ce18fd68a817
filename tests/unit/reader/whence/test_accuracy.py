"""How often the first run is the right one: a small version of ``python benchmarks/whence.py``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow
BENCHMARKS = Path(__file__).parents[4] / "benchmarks"
CERTAIN = ("file", "artifact or config, 7 digits")


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, tuple[float, ...]]]:
    """Return the benchmark's own measurement."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    sys.modules.pop("whence", None)
    import whence

    measured: Callable[..., dict[str, tuple[float, ...]]] = whence.measure
    return measured


def test_the_right_run_is_first_or_among_the_first(
    measure: Callable[..., dict[str, tuple[float, ...]]],
) -> None:
    found = measure(1000, 6, 7)

    assert {kind: found[kind][0] for kind in CERTAIN} == dict.fromkeys(CERTAIN, 1.0)
    assert found["overall"][0] >= 0.85
    assert found["overall"][1] >= 0.95

"""Curves of a known shape, without noise but for what is asked."""

from __future__ import annotations

import math
import random

from ledger.review.subject import Curve


def curve(
    values: list[float], train: list[float] | None = None, *, noise: float = 0.0, first: int = 0
) -> Curve:
    """Return ``values`` from epoch ``first`` on, with normal noise."""
    draws = random.Random(7)
    noisy = [value + draws.gauss(0, noise) if noise else value for value in values]
    return Curve(
        epochs=tuple(range(first, first + len(values))),
        objective=tuple(noisy),
        train=tuple(train or ()),
    )


def falling(n: int = 60, scale: float = 6.0) -> list[float]:
    """Return a loss that falls from 1 to 0.3."""
    return [0.3 + 0.7 * math.exp(-epoch / scale) for epoch in range(n)]


def overfitting(n: int = 60, turn: int = 25) -> list[float]:
    """Return a loss that rises again after ``turn``."""
    return [value + 0.01 * max(0, epoch - turn) for epoch, value in enumerate(falling(n))]


def training(n: int = 60) -> list[float]:
    """Return a training loss that falls all the time."""
    return [0.8 * math.exp(-epoch / 20) for epoch in range(n)]

"""Curves in few bytes: a report is sent by mail, and drawn on a few hundred pixels."""

from __future__ import annotations

import math


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.contract.json_text import Json

MOST = 8e307
"""Greater numbers are drawn as this one; a double ends at 1.8e308."""
LEVELS = 4095
"""Steps between the least and the greatest value of a curve: eight for each pixel of a screen."""


def packed(series: Mapping[str, Json]) -> dict[str, Json]:
    """Return the curves of candidates with values as steps from the one before.

    A training is ``{k, x, lo, hi, d}``: ``x`` is [first, n] where it counts by one, else every x;
    a value is lo + (hi - lo) · (sum of d so far) / LEVELS. What is not finite stands in ``d`` as
    it is ("nan", "inf", "-inf") and adds nothing.
    """
    return {
        name: [_training(each) for each in trainings]  # type: ignore[arg-type, union-attr]  # lists of objects
        for name, trainings in series.items()
    }


def clipped(y: Json) -> Json:
    """Return a finite ``y`` within MOST: the distance of two such numbers is finite, too."""
    is_finite = isinstance(y, int | float) and math.isfinite(y)
    return max(-MOST, min(MOST, y)) if is_finite else y  # type: ignore[type-var]  # a number


def _training(curve: Mapping[str, Json]) -> Json:
    xs, ys = list(curve["x"]), list(curve["y"])  # type: ignore[arg-type]  # numbers
    ys = [clipped(y) for y in ys]
    finite = [y for y in ys if isinstance(y, int | float) and math.isfinite(y)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    span = (high - low) or 1.0
    steps: list[Json] = []
    before = 0
    for y in ys:
        if isinstance(y, int | float) and math.isfinite(y):
            level = round((y - low) / span * LEVELS)
            steps.append(level - before)
            before = level
        else:
            steps.append(y)
    return {"k": curve["k"], "x": _counted(xs), "lo": low, "hi": high, "d": steps}


def _counted(xs: Sequence[Json]) -> Json:
    first = xs[0]
    is_whole = isinstance(first, int) and list(xs) == list(range(first, first + len(xs)))
    return [first, len(xs)] if is_whole and len(xs) > 2 else [*xs]  # noqa: PLR2004  # two are as short

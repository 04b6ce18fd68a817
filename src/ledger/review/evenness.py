"""How evenly the configurations lie in the declared ranges, beside as many drawn at random."""

from __future__ import annotations

from ledger.review.finding import NOTE, OK, Finding
from ledger.review.libraries import load
from ledger.review.space import MIN_COVERED, has_levels, placed


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.review.subject import Param
    from ledger.review.units import Unit

MAX_SHARE = 0.95
"""Share of random draws that lie more evenly, above which configurations leave gaps."""
_DRAWS = 200
_MOST = 200
"""Configurations that are looked at: every pair of them counts."""


def evenness_findings(
    units: Sequence[Unit], space: Sequence[Param] | None, *, is_adaptive: bool
) -> list[Finding]:
    """Return how many of 200 uniform draws of as many points lie more evenly; [] where unknown.

    Centred discrepancy (Hickernell 1998) over the continuous ranges that every configuration has a
    value of, each from 0 to 1 on its scale. Of more than 200 configurations every second or third
    is taken, in the order of their names.
    """
    ranges = [param for param in space or () if not has_levels(param)]
    columns = [[placed(param, unit.params.get(param.name)) for unit in units] for param in ranges]
    inside = [column for column in columns if all(place is not None for place in column)]
    qmc = load("scipy.stats.qmc") if len(units) >= MIN_COVERED and inside else None
    if qmc is None:
        return []
    import numpy as np  # noqa: PLC0415  # comes with scipy

    step = -(-len(units) // _MOST)
    points = np.array(inside, dtype=float).T[::step]
    own = qmc.discrepancy(points)
    draws = np.random.default_rng(0).random((_DRAWS, *points.shape))
    share = sum(qmc.discrepancy(draw) < own for draw in draws) / _DRAWS
    is_uneven = share > MAX_SHARE
    caveat = ", as a tuner that adapts does" if is_uneven and is_adaptive else ""
    names = f"{len(inside)} range{'s' if len(inside) > 1 else ''}"
    beside = f"{100 * share:.0f} % of random draws cover {names} more evenly"
    return [
        Finding(
            question="space",
            rule="space.evenness",
            verdict=NOTE if is_uneven else OK,
            sentence=f"the configurations leave gaps{caveat}: {beside}" if is_uneven else beside,
            value=float(share),
            threshold=MAX_SHARE,
            n=len(points),
        )
    ]

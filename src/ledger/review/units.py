"""Configurations and how well each did, for questions about params: failed ones are the worst.

A score is the mid-rank among the configurations of the same budget, as a share: 0 is the best, 1
the worst. So a trial of one epoch is compared with trials of one epoch, and one that Hyperband
promoted counts once, by where it began.
"""

from __future__ import annotations

import math

from ledger.review.assess import config_key, own_params
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.contract.json_text import Json
    from ledger.review.assess import Assessed


@value
class Unit:
    """One configuration."""

    name: str
    params: Mapping[str, Json]
    rank: float
    """(mid-rank - 1/2) / n among those of its budget."""
    is_bad: bool


def units_of(assessed: Sequence[Assessed]) -> tuple[Unit, ...]:
    """Return the configurations of ``assessed`` that have ended, by name."""
    names = {(each.candidate.run_id, each.candidate.trial_id) for each in assessed}
    found: dict[tuple[str, int | None], list[Assessed]] = {}
    for each in assessed:
        candidate = each.candidate
        goes_on = candidate.parent and (candidate.run_id, candidate.parent) in names
        if not goes_on and not each.is_running:
            found.setdefault((config_key(candidate), candidate.budget), []).append(each)
    strata: dict[int | None, list[tuple[str, float, list[Assessed]]]] = {}
    for (_, budget), members in found.items():
        name = min(each.candidate.name for each in members)
        strata.setdefault(budget, []).append((name, _score(members), members))
    units = [unit for stratum in strata.values() for unit in _ranked(stratum)]
    return tuple(sorted(units, key=lambda unit: unit.name))


def varied(units: Sequence[Unit]) -> dict[str, list[tuple[Unit, Json]]]:
    """Return by param, sorted, the units that have it, for each param that is not one value."""
    found: dict[str, list[tuple[Unit, Json]]] = {}
    for unit in units:
        for name, item in unit.params.items():
            if item is not None and not isinstance(item, dict | list):
                found.setdefault(name, []).append((unit, item))
    return {
        name: pairs
        for name, pairs in sorted(found.items())
        if len({repr(item) for _, item in pairs}) > 1
    }


def is_numeric(items: Sequence[Json]) -> bool:
    """Whether every one of ``items`` is a finite number; a boolean is none."""
    return all(
        isinstance(item, int | float) and not isinstance(item, bool) and math.isfinite(item)
        for item in items
    )


def mid_ranks(numbers: Sequence[float]) -> list[float]:
    """Return the ranks of ``numbers``, (n,), from 1, the lowest first; equal ones share theirs."""
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    ranks = [0.0] * len(numbers)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and numbers[order[end + 1]] == numbers[order[start]]:
            end += 1
        for place in order[start : end + 1]:
            ranks[place] = (start + end) / 2 + 1
        start = end + 1
    return ranks


def so_many(n: int) -> str:
    """Return how many configurations are what follows."""
    return "1 configuration is" if n == 1 else f"{n} configurations are"


def _score(members: Sequence[Assessed]) -> float:
    """Return the mean score of repeats; infinite where every one is bad."""
    good = [each.score for each in members if not each.is_bad and each.score is not None]
    return math.fsum(good) / len(good) if good else math.inf


def _ranked(stratum: Sequence[tuple[str, float, Sequence[Assessed]]]) -> list[Unit]:
    ranks = mid_ranks([score for _, score, _ in stratum])
    return [
        Unit(
            name=name,
            params=own_params(members[0].candidate),
            rank=(rank - 0.5) / len(stratum),
            is_bad=math.isinf(score),
        )
        for (name, score, members), rank in zip(stratum, ranks, strict=True)
    ]

"""Whether the search space was sensible: its edges, and how it was covered."""

from __future__ import annotations

import math
from itertools import combinations

from ledger.review.finding import INSUFFICIENT, NOTE, OK, WARN, Finding
from ledger.review.units import is_numeric, so_many, varied
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ledger.contract.json_text import Json
    from ledger.review.subject import Param
    from ledger.review.units import Unit

EDGE = 0.15
"""Share of a declared range that counts as its edge: with 5 % a hit was found in 14 % instead of
22 % of cases at 20 trials."""
MAX_P = 0.01
MAX_P_ANY = 0.05
"""That any edge of the whole space is crowded by chance: what Bonferroni shares out."""
MIN_UNITS = 20
MIN_COVERED = 10
_TOP, _MIN_TOP = 0.1, 5
_BINS = 5
_FEW_LEVELS = 20
_SLIP = 1e-14
"""Share of the largest level that sums of steps may be off: -0.3 + 3 * 0.1 is not quite 0."""


@value
class _Edge:
    label: str
    """``lowest`` or ``highest``."""
    share: float
    """Of the range, or of the levels, that lie there: what chance would give."""
    n_hits: int


def boundary_findings(
    units: Sequence[Unit], space: Sequence[Param] | None, *, is_adaptive: bool
) -> list[Finding]:
    """Return a finding for each edge of a declared range that the best configurations crowd.

    Of the top k = max(5, a tenth of them), more near one edge than chance would put there (binomial
    tail). Only declared bounds count: the best is always somewhere in what was sampled.
    """
    rule, n = "space.boundary", len(units)
    if space is None:
        sentence = "search space not recorded: the range is only what was sampled"
        missing = "the search space (`run.sweep.describe(space=…)`)"
        return [_space(rule, INSUFFICIENT, sentence, n=n, missing=missing)]
    if n < MIN_UNITS:
        sentence = f"{so_many(n)} too few to judge the edges ({MIN_UNITS} at least)"
        missing = f"{MIN_UNITS} configurations"
        return [_space(rule, INSUFFICIENT, sentence, n=n, missing=missing)]
    ordered = sorted(units, key=lambda unit: (unit.rank, unit.name))
    top = [unit for unit in ordered[: max(_MIN_TOP, math.ceil(_TOP * n))] if not unit.is_bad]
    caveat = "; the tuner adapts" if is_adaptive else ""
    judged = [
        (param.name, edge, n_values)
        for param in space
        for edge, n_values in _edges(param, [unit.params.get(param.name) for unit in top])
    ]
    if not judged:
        sentence = "no range with an order was declared: there is no edge to judge"
        return [_space(rule, NOTE, sentence, n=n)]
    limit = min(MAX_P, MAX_P_ANY / len(judged))
    found = [
        _crowded(name, edge, n_values, limit, caveat)
        for name, edge, n_values in judged
        if _tail(edge.n_hits, n_values, edge.share) < limit
    ]
    names = len({name for name, _, _ in judged})
    sentence = f"the best configurations crowd no edge of {names} declared ranges"
    return found or [_space(rule, OK, sentence, threshold=limit, n=n)]


def _crowded(name: str, edge: _Edge, n: int, limit: float, caveat: str) -> Finding:
    p = _tail(edge.n_hits, n, edge.share)
    sentence = (
        f"{edge.n_hits} of the top {n} lie in the {edge.label} {100 * edge.share:.0f} % of "
        f"{name} (p = {p:.2g}): widen it{caveat}"
    )
    return _space("space.boundary", WARN, sentence, value=p, threshold=limit, n=n, about=name)


def coverage_findings(units: Sequence[Unit], space: Sequence[Param] | None) -> list[Finding]:
    """Return how much of the space the configurations visited."""
    rule, n = "space.coverage", len(units)
    if n < MIN_COVERED:
        sentence = f"{so_many(n)} too few to speak of coverage ({MIN_COVERED} at least)"
        missing = f"{MIN_COVERED} configurations"
        return [_space(rule, INSUFFICIENT, sentence, n=n, missing=missing)]
    params = varied(units)
    if not params:
        sentence = "no param differs between the configurations"
        return [_space(rule, NOTE, sentence, n=n)]
    declared = {param.name: param for param in space or ()}
    visited = [
        _visited([item for _, item in pairs], declared.get(name)) for name, pairs in params.items()
    ]
    bins = [share for share in visited if share is not None]
    share = math.fsum(bins) / len(bins) if bins else None
    parts = [f"{n} configurations for {len(params)} params ({n / len(params):.1f} each)"]
    if share is not None:
        parts.append(f"{100 * share:.0f} % of the fifths of their ranges tried")
    pairs_share = _pairs_visited(units, params)
    if pairs_share is not None:
        parts.append(f"{100 * pairs_share:.0f} % of the pairs of choices tried")
    return [_space(rule, NOTE, ", ".join(parts), value=share, n=n)]


def duplicate_findings(names: Sequence[Sequence[str]], n: int) -> list[Finding]:
    """Return what was trained twice alike: ``names`` of trials equal in params and seed."""
    twice = [group for group in names if len(group) > 1]
    if not twice:
        return []
    extra = sum(len(group) - 1 for group in twice)
    sentence = (
        f"{extra} of {n} trainings repeat another with the same params and seed, "
        f"such as {' and '.join(twice[0][:2])}"
    )
    return [_space("space.duplicates", NOTE, sentence, value=float(extra), n=n)]


def placed(param: Param, item: Json) -> float | None:
    """Return where ``item`` lies in the declared range, 0 to 1 on its scale; None if outside."""
    if isinstance(item, bool) or not isinstance(item, int | float):
        return None
    low, high = param.low, param.high
    if low is None or high is None or high <= low or not low <= item <= high:
        return None
    if param.scale == "linear" or low <= 0:
        return (item - low) / (high - low)
    if param.scale == "log":
        return math.log(item / low) / math.log(high / low)
    return 1 - math.log((low + high - item) / low) / math.log(high / low)


def _edges(param: Param, items: Sequence[Json]) -> Iterator[tuple[_Edge, int]]:
    """Yield the two edges of a param with an order, and of how many values they are."""
    values = [item for item in items if item is not None]
    levels = _levels(param)
    if levels:
        places = [at for item in values if (at := _level_of(levels, item)) is not None]
        lowest = sum(at == 0 for at in places)
        highest = sum(at == len(levels) - 1 for at in places)
        share = 1 / len(levels)
    else:
        shares = [place for item in values if (place := placed(param, item)) is not None]
        lowest = sum(at <= EDGE for at in shares)
        highest = sum(at >= 1 - EDGE for at in shares)
        share = EDGE
        places = list(range(len(shares)))
    if len(places) >= _MIN_TOP:
        yield _Edge(label="lowest", share=share, n_hits=lowest), len(places)
        yield _Edge(label="highest", share=share, n_hits=highest), len(places)


def has_levels(param: Param) -> bool:
    """Whether ``param`` is a choice or a range of few steps, not a continuous range."""
    return bool(param.values or _levels(param)) or param.low is None or param.high is None


def _levels(param: Param) -> list[Json]:
    """Return the levels of an ordered grid; [] of a continuous range or a choice without order."""
    if param.values:
        if is_numeric(param.values):
            return sorted(param.values, key=_as_float)
        return list(param.values) if param.is_ordered else []
    if param.low is None or param.high is None or not param.step or param.scale != "linear":
        return []
    n = math.floor((param.high - param.low) / param.step + 1e-9) + 1
    return [param.low + at * param.step for at in range(n)] if 1 < n <= _FEW_LEVELS else []


def _level_of(levels: Sequence[Json], item: Json) -> int | None:
    """Return which of ``levels`` ``item`` is: 0.1 + 2 * 0.1 is 0.3, too."""
    if not is_numeric([item, *levels]):
        return levels.index(item) if item in levels else None
    own, numbers = _as_float(item), [*map(_as_float, levels)]
    slip = _SLIP * max(map(abs, numbers))
    found = (at for at, number in enumerate(numbers) if math.isclose(number, own, abs_tol=slip))
    return next(found, None)


def _as_float(item: Json) -> float:
    return float(item)  # type: ignore[arg-type]  # a number


def _tail(hits: int, n: int, share: float) -> float:
    """Return the chance of ``hits`` or more of ``n`` where each has the chance ``share``."""
    return math.fsum(
        math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(hits, n + 1)
    )


def _visited(items: Sequence[Json], param: Param | None) -> float | None:
    """Return the share of fifths of the range with a value in them; None of a choice."""
    if not is_numeric(items) or len({repr(item) for item in items}) <= _BINS:
        return None
    places = [place for item in items if param and (place := placed(param, item)) is not None]
    if not places:
        numbers = [float(item) for item in items]  # type: ignore[arg-type]  # numbers
        low, high = min(numbers), max(numbers)
        places = [(number - low) / (high - low) for number in numbers]
    return len({min(_BINS - 1, int(place * _BINS)) for place in places}) / _BINS


def _pairs_visited(
    units: Sequence[Unit], params: Mapping[str, Sequence[tuple[Unit, Json]]]
) -> float | None:
    """Return the share of pairs of values of two choices that were tried together."""
    choices = {
        name: sorted({repr(item) for _, item in pairs})
        for name, pairs in params.items()
        if len({repr(item) for _, item in pairs}) <= _BINS
    }
    n_pairs = n_seen = 0
    for one, other in combinations(choices, 2):
        n_pairs += len(choices[one]) * len(choices[other])
        n_seen += len(
            {
                (repr(unit.params[one]), repr(unit.params[other]))
                for unit in units
                if one in unit.params and other in unit.params
            }
        )
    return n_seen / n_pairs if n_pairs else None


def _space(rule: str, verdict: str, sentence: str, **more: object) -> Finding:
    return Finding(question="space", rule=rule, verdict=verdict, sentence=sentence, **more)  # type: ignore[arg-type]  # its own fields

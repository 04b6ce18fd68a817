"""Which values of params do consistently worse, corrected for how many are looked at."""

from __future__ import annotations

from statistics import NormalDist

from ledger.review.finding import INSTALL, INSUFFICIENT, NOTE, OK, WARN, Finding
from ledger.review.libraries import load
from ledger.review.units import is_numeric, so_many, varied
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.contract.json_text import Json
    from ledger.review.units import Unit

MIN_WITH = 5
MIN_REST = 10
MAX_P = 0.05
MIN_EFFECT = 0.4
"""Rank-biserial correlation; 0 is no difference, 1 that every such trial is worse."""
MIN_POWER = 0.5
"""Where less than this would be seen, that nothing was seen is no good news."""
_LEVELS = 5
"""A number with more values than this is cut into thirds."""
_INDEPENDENT = ("random", "grid", "bruteforce", "qmc")
_MIN_UNITS = MIN_WITH + MIN_REST
_RULE = "weak.values"


@value
class Weak:
    """One value, or third, of a param against all others."""

    param: str
    label: str
    members: frozenset[str]
    """Names of the units that have it."""
    effect: float
    """Rank-biserial correlation 2 U / (n1 n2) - 1 (Wendt 1972); positive is worse."""
    p: float
    """One-sided, Mann and Whitney's U, Holm-corrected over all values of all params."""
    n: int
    n_rest: int


def weak_findings(units: Sequence[Unit], chosen: str | None, *, is_adaptive: bool) -> list[Finding]:
    """Return a finding for each consistently weak value, and one for all the others.

    Args:
        units: the configurations.
        chosen: name of the unit that leads; a weak value of its own is a warning.
        is_adaptive: whether the tuner tried good regions more often, so that trials are not
            independent and the numbers only describe them.
    """
    groups = [group for name, pairs in varied(units).items() for group in _groups(name, pairs)]
    if not groups:
        return [_too_few(units)]
    stats = load("scipy.stats")
    if stats is None:
        sentence = f"not tested: needs {INSTALL}"
        return [_insufficient(sentence, len(units), INSTALL)]
    tested = _tested(groups, stats)
    weak = [each for each in tested if each.p < MAX_P and each.effect > MIN_EFFECT]
    found = [_found(each, chosen, is_adaptive=is_adaptive) for each in weak]
    return [*found, _others(tested, len(weak), len(units))]


def is_adaptive(tuner: str | None) -> bool | None:
    """Whether ``tuner`` looks at results before it draws; None where no tuner is known."""
    if tuner is None:
        return None
    name = tuner.lower().replace("_", "")
    return "halving" in name or not any(word in name for word in _INDEPENDENT)


@value
class _Split:
    param: str
    label: str
    of: tuple[Unit, ...]
    rest: tuple[Unit, ...]


def _groups(name: str, pairs: Sequence[tuple[Unit, Json]]) -> Iterator[_Split]:
    """Yield the values of a param that enough units have, and enough have not."""
    items = [item for _, item in pairs]
    keyed = _thirds(pairs) if is_numeric(items) and len(set(map(repr, items))) > _LEVELS else None
    if keyed is None:
        keyed = [(unit, _text(item)) for unit, item in pairs]
    for label in dict.fromkeys(sorted(label for _, label in keyed)):
        of = tuple(unit for unit, own in keyed if own == label)
        rest = tuple(unit for unit, own in keyed if own != label)
        if len(of) >= MIN_WITH and len(rest) >= MIN_REST:
            shown = f"{name} {label}" if label[:1] in "<>≤≥" or "…" in label else f"{name}={label}"
            yield _Split(param=name, label=shown, of=of, rest=rest)


def _thirds(pairs: Sequence[tuple[Unit, Json]]) -> list[tuple[Unit, str]]:
    ordered = sorted(float(item) for _, item in pairs)  # type: ignore[arg-type]  # numbers
    low, high = ordered[len(ordered) // 3], ordered[2 * len(ordered) // 3]

    def third(item: float) -> str:
        if item < low:
            return f"< {low:.3g}"
        return f"≥ {high:.3g}" if item >= high else f"{low:.3g}…{high:.3g}"

    return [(unit, third(float(item))) for unit, item in pairs]  # type: ignore[arg-type]  # numbers


def _tested(groups: Sequence[_Split], stats: object) -> list[Weak]:
    """Return every group with its Holm-corrected p (Holm 1979), the smallest first."""
    raw = []
    for group in groups:
        ranks = [unit.rank for unit in group.of], [unit.rank for unit in group.rest]
        tested = stats.mannwhitneyu(*ranks, alternative="greater", method="asymptotic")  # type: ignore[attr-defined]  # scipy.stats
        n, n_rest = len(group.of), len(group.rest)
        raw.append((float(tested.pvalue), 2 * float(tested.statistic) / (n * n_rest) - 1, group))
    raw.sort(key=lambda each: (each[0], each[2].label))
    highest = 0.0
    found = []
    for place, (p, effect, group) in enumerate(raw):
        highest = max(highest, min(1.0, p * (len(raw) - place)))
        found.append(
            Weak(
                param=group.param,
                label=group.label,
                members=frozenset(unit.name for unit in group.of),
                effect=effect,
                p=highest,
                n=len(group.of),
                n_rest=len(group.rest),
            )
        )
    return found


def power(n: int, n_rest: int, n_tests: int) -> float:
    """Return the chance to find a deficit of one standard deviation (Noether 1987, normal).

    Domain: n, n_rest >= 1; Bonferroni's share of the level for each of ``n_tests``.
    """
    normal = NormalDist()
    n_effective = n * n_rest / (n + n_rest)
    shift = (normal.cdf(0.5**0.5) - 0.5) * (12 * n_effective) ** 0.5
    return normal.cdf(shift - normal.inv_cdf(1 - MAX_P / n_tests))


def _found(weak: Weak, chosen: str | None, *, is_adaptive: bool) -> Finding:
    is_chosen = chosen in weak.members
    caveat = "; the tuner adapts, so this only describes its trials" if is_adaptive else ""
    return Finding(
        question="weak",
        rule=_RULE,
        verdict=WARN if is_chosen else NOTE,
        sentence=f"{weak.label} is consistently weak "
        f"(r = {weak.effect:.2f}, p = {weak.p:.2g}, n = {weak.n} of {weak.n + weak.n_rest})"
        + caveat,
        value=weak.effect,
        threshold=MIN_EFFECT,
        n=weak.n,
        about=weak.label,
    )


def _others(tested: Sequence[Weak], n_weak: int, n: int) -> Finding:
    powers = [power(each.n, each.n_rest, len(tested)) for each in tested]
    low, high = round(100 * min(powers)), round(100 * max(powers))
    chance = f"{low} %" if low == high else f"{low} to {high} %"
    is_blind = max(powers) < MIN_POWER
    only = "only " if is_blind else ""
    rest = len(tested) - n_weak
    return Finding(
        question="weak",
        rule=_RULE,
        verdict=NOTE if is_blind else OK,
        sentence=f"no evidence against {rest} {'other ' if n_weak else ''}"
        f"value{'s' if rest != 1 else ''} "
        f"(a deficit of one standard deviation would be seen in {only}{chance} of cases)",
        value=max(powers),
        threshold=None,
        n=n,
    )


def _too_few(units: Sequence[Unit]) -> Finding:
    n = len(units)
    need = f"{MIN_WITH} configurations with a value and {MIN_REST} without"
    if n < _MIN_UNITS:
        sentence = f"{so_many(n)} too few to call a value weak ({_MIN_UNITS} at least)"
    else:
        sentence = f"no value was tried often enough: {need}"
    return _insufficient(sentence, n, need)


def _insufficient(sentence: str, n: int, missing: str) -> Finding:
    return Finding(
        question="weak",
        rule=_RULE,
        verdict=INSUFFICIENT,
        sentence=sentence,
        n=n,
        missing=missing,
    )


def _text(item: Json) -> str:
    if isinstance(item, bool):
        return "true" if item else "false"
    return f"{item:.6g}" if isinstance(item, float) else str(item)

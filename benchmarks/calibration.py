"""How often each rule of ``ledger review`` cries wolf, and how often it sees what was planted.

    python benchmarks/calibration.py                  all rules, a few minutes
    python benchmarks/calibration.py --repeats 40     quicker, coarser
    python benchmarks/calibration.py --table FILE.csv --metric val_accuracy --direction max

The first two simulate; the last one prints what the rules say of a real table of trials, beside
what they would say without their gates. Needs ``experiment-ledger[review]``.
"""

from __future__ import annotations

import argparse
import math
import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from simulated import (
    NOISE,
    SHAPES,
    SPACE,
    lasting_noise,
    scored_subject,
    simulated_curve,
    simulated_subject,
    simulated_units,
)

from ledger.review import behaviour, choice, curves, forest, weak
from ledger.review.assess import assess, groups_of
from ledger.review.choice import chance_of_beating, judge_lead
from ledger.review.curves import judge_curve
from ledger.review.forest import importance_findings
from ledger.review.paid import expected_best
from ledger.review.review import review
from ledger.review.space import boundary_findings
from ledger.review.subject import Curve
from ledger.review.weak import weak_findings


if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.review.result import Review
    from ledger.review.subject import Subject

LENGTHS = (20, 30, 50, 100, 200)
MAX_FALSE = 0.06
MIN_ACCURACY = 0.95


def confusion(n: int, repeats: int, seed: int = 0) -> dict[str, Counter[str]]:
    """Return how curves of ``n`` epochs are judged, by their true shape."""
    draws = random.Random(f"confusion {n} {seed}")
    return {
        shape: Counter(
            judge_curve(simulated_curve(shape, n, NOISE[place % len(NOISE)], draws), "min").shape
            for place in range(repeats)
        )
        for shape in SHAPES
    }


def accuracy(table: dict[str, Counter[str]]) -> float:
    """Return the share of curves whose shape was told."""
    return sum(counts[shape] for shape, counts in table.items()) / sum(
        counts.total() for counts in table.values()
    )


def flat_alarms(n: int, repeats: int, *, correlation: float = 0.0) -> Counter[str]:
    """Return what is claimed of noise of ``n`` epochs while training goes on improving."""
    draws = random.Random(f"flat {n} {correlation}")
    found: Counter[str] = Counter()
    for _ in range(repeats):
        values = lasting_noise(n, 1.0, correlation, draws)
        train = tuple(-0.01 * epoch + draws.gauss(0, 0.1) for epoch in range(n))
        curve = Curve(epochs=tuple(range(n)), objective=tuple(values), train=train)
        judged = judge_curve(curve, "min")
        found[judged.shape] += 1
        found["oscillates"] += judged.oscillates
    return found


def plateau_alarms(n: int, repeats: int, *, correlation: float) -> Counter[str]:
    """Return what is claimed of curves that learned and stay, with noise that lasts."""
    draws = random.Random(f"plateau {n} {correlation}")
    return Counter(
        judge_curve(
            simulated_curve("plateau", n, 0.02, draws, correlation=correlation), "min"
        ).shape
        for _ in range(repeats)
    )


def params_rates(
    n: int, repeats: int, effect: float, *, with_forest: bool = True
) -> dict[str, float]:
    """Return how often each rule about params says something; of noise where ``effect`` is 0."""
    draws = random.Random(f"params {n} {effect}")
    hits: Counter[str] = Counter()
    for _ in range(repeats):
        units = simulated_units(n, draws, effect)
        weak = {each.about for each in weak_findings(units, None, is_adaptive=False)} - {None}
        edges = {each.about for each in boundary_findings(units, SPACE, is_adaptive=False)} - {None}
        hits["weak.values"] += bool(weak)
        hits["weak.values, planted"] += "kind=b" in weak
        hits["space.boundary"] += bool(edges)
        hits["space.boundary, planted"] += "lr" in edges
        if with_forest:
            named = [each.about for each in importance_findings(units) if each.about]
            hits["space.importance"] += bool(named)
            hits["space.importance, planted first"] += named[:1] == ["lr"]
            hits["space.importance, others named"] += bool(set(named) - {"lr", "kind"})
    return {rule: count / repeats for rule, count in hits.items()}


def claims(n: int, seeds: int, repeats: int, *, gap: float = 0.0) -> dict[str, float]:
    """Return how often a winner is claimed, and how often the true one."""
    draws = random.Random(f"claims {n} {seeds} {gap}")
    claimed = right = supported = 0
    for _ in range(repeats):
        found = review(simulated_subject(n, seeds, draws, gap=gap))
        better = any(each.rule == "choice.lead" and each.verdict == "ok" for each in found.findings)
        claimed += better
        supported += found.decision.support == "yes"
        right += better and str(found.decision.chosen).startswith("run-000")
    return {
        "claimed": claimed / repeats,
        "right": right / repeats,
        "decision yes": supported / repeats,
    }


def equal_leads(
    seeds: Sequence[int], repeats: int, *, spreads: Sequence[float] | None = None
) -> float:
    """Return how often one of equal configurations wins, told by their scores alone.

    Args:
        seeds: runs of each configuration.
        repeats: how often they are drawn.
        spreads: standard deviation over seeds of each; None for 1.
    """
    draws = random.Random(f"leads {seeds} {spreads}")
    own = spreads or [1.0] * len(seeds)
    return fmean(
        _is_won([[draws.gauss(0, sd) for _ in range(n)] for n, sd in zip(seeds, own, strict=True)])
        for _ in range(repeats)
    )


def looks_again(n: int, repeats: int, looks: Sequence[int] = (5, 10, 20)) -> list[float]:
    """Return how often one of ``n`` equal configurations has won at the latest by each look.

    Who finds no winner trains every configuration up to the next number of seeds.
    """
    draws = random.Random(f"looks {n} {looks}")
    won = [0] * len(looks)
    for _ in range(repeats):
        scores = [[draws.gauss(0, 1) for _ in range(looks[-1])] for _ in range(n)]
        first = next((at for at, k in enumerate(looks) if _is_won([x[:k] for x in scores])), None)
        won = [count + (first is not None and first <= at) for at, count in enumerate(won)]
    return [count / repeats for count in won]


def _is_won(scores: Sequence[Sequence[float]]) -> bool:
    first, second = sorted(scores, key=fmean)[:2]
    if chance_of_beating(first, second) < choice.MIN_CHANCE:
        return False  # whatever the slower tests say
    return judge_lead(groups_of(assess(scored_subject(scores)))).findings[0].verdict == "ok"


def expected_best_bias(n: int, k: int, repeats: int) -> tuple[float, float]:
    """Return (estimated, true) mean of the lowest of ``k`` normal draws, estimated from ``n``."""
    draws = random.Random(f"expected {n} {k}")
    estimated = truth = 0.0
    for _ in range(repeats):
        estimated += expected_best([draws.gauss(0, 1) for _ in range(n)])[k - 1]
        truth += min(draws.gauss(0, 1) for _ in range(k))
    return estimated / repeats, truth / repeats


def show_curves(repeats: int) -> None:
    """Print the confusion matrices, and what is claimed of noise."""
    print(f"curves: {repeats} of each shape; accuracy at least {MIN_ACCURACY:.0%}")
    for n in LENGTHS:
        table = confusion(n, repeats)
        print(f"  {n:>3} epochs  accuracy {accuracy(table):6.1%}")
        for shape, counts in table.items():
            told = ", ".join(f"{name} {count}" for name, count in counts.most_common())
            print(f"      {shape:<10} {told}")
    print(f"noise without a gain: claims, at most {MAX_FALSE:.0%} of each")
    for n in LENGTHS:
        for correlation in (0.0, 0.6):
            found = flat_alarms(n, repeats, correlation=correlation)
            told = ", ".join(
                f"{name} {found[name] / repeats:.1%}"
                for name in ("overfit", "improving", "diverged", "oscillates")
            )
            kind = "white" if not correlation else f"lag {correlation}"
            print(f"  {n:>3} epochs {kind:<8} {told}")
    print("curves that stay, with noise of lag 0.6")
    for n in LENGTHS:
        found = plateau_alarms(n, repeats, correlation=0.6)
        names = ("overfit", "improving", "diverged", "unstable")
        told = ", ".join(f"{name} {found[name] / repeats:.1%}" for name in names)
        print(f"  {n:>3} epochs {told}")


def show_params(repeats: int) -> None:
    """Print false alarms on noise and power on planted signals."""
    for effect in (0.0, 1.0):
        kind = f"noise: at most {MAX_FALSE:.0%}" if not effect else f"planted: {effect} sd"
        print(f"params, {kind}")
        for n in (20, 30, 50, 100):
            rates = params_rates(n, repeats, effect)
            rules = [rule for rule in rates if ("," in rule) == bool(effect)]
            told = ", ".join(f"{rule} {rates[rule]:.1%}" for rule in rules)
            print(f"  {n:>3} trials  {told}")


def show_claims(repeats: int) -> None:
    """Print how often a winner is claimed."""
    for gap in (0.0, 2.0, 4.0):
        kind = f"equal: at most {MAX_FALSE:.0%}" if not gap else f"one better by {gap} sd"
        print(f"winners, {kind}")
        for n, seeds in ((2, 1), (2, 4), (2, 5), (2, 10), (5, 5), (10, 3), (10, 5)):
            rates = claims(n, seeds, repeats, gap=gap)
            told = ", ".join(f"{name} {rate:.1%}" for name, rate in rates.items())
            print(f"  {n:>2} configurations of {seeds:>2} seeds  {told}")
    print(f"winners of equal ones by their scores alone, {5 * repeats} draws")
    for sizes in ((4, 4), (5, 5), (10, 10), (4, 10), (5,) * 5, (5,) * 10):
        told = ", ".join(map(str, sizes))
        print(f"  seeds {told}: {equal_leads(sizes, 5 * repeats):.1%}")
    few_spread = equal_leads((10, 4), 5 * repeats, spreads=(1.0, 3.0))
    print(f"  seeds 10, 4 and the fewer spread three times as much: {few_spread:.1%}")
    again = ", ".join(f"{share:.1%}" for share in looks_again(2, 5 * repeats))
    print(f"  of two, looked at with 5, 10 and 20 seeds: {again} by then")
    for n, k in ((10, 5), (30, 15)):
        estimated, truth = expected_best_bias(n, k, 20 * repeats)
        print(f"expected best of {k} from {n}: {estimated:.3f}, truth {truth:.3f}")


def show_table(path: Path, metric: str, direction: str) -> None:
    """Print what the rules say of a real table, and what would be said without their gates."""
    from ledger.reader.foreign.opened import open_table
    from ledger.review.collect import collect_subject

    ledger = open_table(path, datetime.now(tz=UTC)).ledger
    subject = collect_subject(ledger, metric=metric, goal=direction)
    found = review(subject)
    ranked = [each for each in found.standings if each.rank is not None]
    raw = sorted(
        (each for each in found.standings if each.best is not None),
        key=lambda each: each.best if direction == "min" else -each.best,
    )
    print(f"{path.name}: {found.counts.candidates} trials, {len(ranked)} ranked")
    print(f"  decision    {found.decision.support}: {found.decision.sentence}")
    print(f"  by raw best {', '.join(each.label for each in raw[:3])}")
    print(f"  by smoothed {', '.join(each.label for each in ranked[:3])}")
    print(f"  shapes      {dict(Counter(each.shape for each in found.standings))}")
    for each in found.findings:
        if each.verdict != "insufficient":
            print(f"  {each.verdict:<5} {each.rule:<18} {each.sentence}")
    loose = without_gates(subject)
    print("  without its gates it would claim:")
    for each in loose.findings:
        if each.verdict != "insufficient" and each not in found.findings:
            print(f"  {each.verdict:<5} {each.rule:<18} {each.sentence}")


def without_gates(subject: Subject) -> Review:
    """Return the review of ``subject`` with next to no minimum of epochs, trials and R squared."""
    gates = {
        (curves, "MIN_EPOCHS"): 3,
        (behaviour, "MIN_EPOCHS"): 3,
        (behaviour, "MIN_AFTER"): 3,
        (curves, "MIN_AFTER"): 3,
        (forest, "MIN_UNITS"): 10,
        (forest, "MIN_R2"): -math.inf,
        (weak, "MIN_WITH"): 2,
        (weak, "MIN_REST"): 2,
        (choice, "MIN_REPEATS"): 2,
    }
    kept = {place: getattr(*place) for place in gates}
    try:
        for (module, name), loose in gates.items():
            setattr(module, name, loose)
        return review(subject)
    finally:
        for (module, name), limit in kept.items():
            setattr(module, name, limit)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=120)
    parser.add_argument("--table", type=Path)
    parser.add_argument("--metric")
    parser.add_argument("--direction", choices=("min", "max"))
    given = parser.parse_args()
    if given.table is not None:
        show_table(given.table, given.metric, given.direction)
        return
    show_curves(given.repeats)
    show_params(given.repeats)
    show_claims(given.repeats)


if __name__ == "__main__":
    main()

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
from typing import TYPE_CHECKING

from ledger.review import behaviour, choice, curves, forest, weak
from ledger.review.curves import judge_curve
from ledger.review.forest import importance_findings
from ledger.review.paid import expected_best
from ledger.review.review import review
from ledger.review.space import boundary_findings
from ledger.review.subject import Candidate, Curve, Param, Subject
from ledger.review.units import Unit
from ledger.review.weak import weak_findings


if TYPE_CHECKING:
    from ledger.review.result import Review

SHAPES = ("plateau", "improving", "overfit", "unstable", "diverged")
LENGTHS = (20, 30, 50, 100, 200)
NOISE = (0.005, 0.01, 0.03)
"""Of a healthy curve, as a share of what it gains."""
MAX_FALSE = 0.06
MIN_ACCURACY = 0.95
SPACE = (
    Param(name="lr", low=1e-4, high=1e-1, scale="log"),
    Param(name="dropout", low=0.0, high=0.5),
    Param(name="momentum", low=0.5, high=0.99),
    Param(name="decay", low=1e-6, high=1e-2, scale="log"),
)
LETTERS = "abc"


def simulated_curve(shape: str, n: int, noise: float, draws: random.Random) -> Curve:
    """Return a validation and training curve of ``n`` epochs that gain 0.7, of a known shape."""
    share = draws.uniform(0.35, 0.8) if shape == "improving" else draws.uniform(0.05, 0.12)
    values = [0.3 + 0.7 * math.exp(-epoch / (share * n)) for epoch in range(n)]
    train = [0.2 + 0.8 * math.exp(-epoch / (share * n)) for epoch in range(n)]
    if shape == "overfit":
        turn, rise = draws.uniform(0.25, 0.6) * n, draws.uniform(0.15, 0.5)
        values = [
            value + 0.7 * rise * max(0.0, epoch - turn) / (n - turn)
            for epoch, value in enumerate(values)
        ]
    if shape == "unstable":
        noise = draws.uniform(0.18, 0.28)
    if shape == "diverged":
        values, train = _diverging(values, train, draws)
    # training goes on learning slowly, whatever validation does
    train = [value - 0.1 * epoch / n for epoch, value in enumerate(train)]
    return Curve(
        epochs=tuple(range(n)),
        objective=tuple(value + draws.gauss(0, 0.7 * noise) for value in values),
        train=tuple(value + draws.gauss(0, 0.35 * noise) for value in train),
    )


def _diverging(
    values: list[float], train: list[float], draws: random.Random
) -> tuple[list[float], list[float]]:
    n = len(values)
    at = int(draws.uniform(0.3, 0.7) * n)
    if draws.random() < 0.5:
        return [value if epoch < at else math.nan for epoch, value in enumerate(values)], train

    def away(numbers: list[float]) -> list[float]:
        return [
            number if epoch < at else number + 3 * (1 - math.exp((at - epoch - 1) / 3))
            for epoch, number in enumerate(numbers)
        ]

    return away(values), away(train)


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
        error, values = 0.0, []
        for _epoch in range(n):
            error = correlation * error + draws.gauss(0, 1)
            values.append(error)
        train = tuple(-0.01 * epoch + draws.gauss(0, 0.1) for epoch in range(n))
        judged = judge_curve(
            Curve(epochs=tuple(range(n)), objective=tuple(values), train=train), "min"
        )
        found[judged.shape] += 1
        found["oscillates"] += judged.oscillates
    return found


def simulated_units(n: int, draws: random.Random, effect: float = 0.0) -> tuple[Unit, ...]:
    """Return ``n`` configurations of four ranges and two choices; ``effect`` is that of lr, in sd.

    The optimum is below the lowest lr, and the choice ``b`` of kind is worse by as much.
    """
    drawn = []
    for place in range(n):
        params = {each.name: _drawn(each, draws) for each in SPACE}
        kind, other = draws.choice(LETTERS), draws.choice(LETTERS)
        at = math.log(params["lr"] / 1e-4) / math.log(1e3)
        score = draws.gauss(0, 1) + effect * (at * math.sqrt(12) / 2 + (kind == "b"))
        drawn.append((score, f"{place:04d}", params | {"kind": kind, "other": other}))
    drawn.sort(key=lambda each: each[0])
    return tuple(
        Unit(name=name, params=params, rank=(place + 0.5) / n, is_bad=False)
        for place, (_, name, params) in enumerate(drawn)
    )


def _drawn(param: Param, draws: random.Random) -> float:
    at = draws.random()
    if param.scale == "log":
        return param.low * (param.high / param.low) ** at
    return param.low + (param.high - param.low) * at


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


def simulated_subject(
    n: int, seeds: int, draws: random.Random, *, gap: float = 0.0, spread: float = 0.01
) -> Subject:
    """Return ``n`` configurations of ``seeds`` runs each, equal but that one is better by ``gap``.

    ``gap`` in standard deviations of a seed.
    """
    candidates = []
    for place in range(n):
        for seed in range(seeds):
            level = draws.gauss(0, spread) - (gap * spread if place == 0 else 0.0)
            curve = simulated_curve("plateau", 20, 0.005, draws)
            name = f"run-{place:03d}-{seed}"
            candidates.append(
                Candidate(
                    name=name,
                    label=name,
                    run_id=name,
                    trial_id=None,
                    status="finished",
                    params={"place": place, "seed": seed},
                    curves=(
                        Curve(
                            epochs=curve.epochs,
                            objective=tuple(value + level for value in curve.objective),
                            train=curve.train,
                        ),
                    ),
                    best=min(curve.objective) + level,
                    best_epoch=None,
                    last=curve.objective[-1] + level,
                    variant=f"variant-{place}",
                    seed=seed,
                    commit="c" * 40,
                    dirty=False,
                    data_hash="md5:d",
                    budget=20,
                )
            )
    return Subject(
        title="simulated",
        kind="runs",
        metric="val_loss",
        goal="min",
        direction_source="objective",
        train_metric="loss",
        candidates=tuple(candidates),
    )


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

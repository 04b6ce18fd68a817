"""Curves, configurations and runs of a known truth, for ``calibration.py``."""

from __future__ import annotations

import math
from operator import add
from typing import TYPE_CHECKING

from ledger.review.subject import Candidate, Curve, Param, Subject
from ledger.review.units import Unit


if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

SHAPES = ("plateau", "improving", "overfit", "unstable", "diverged")
NOISE = (0.005, 0.01, 0.03)
"""Of a healthy curve, as a share of what it gains."""
SPACE = (
    Param(name="lr", low=1e-4, high=1e-1, scale="log"),
    Param(name="dropout", low=0.0, high=0.5),
    Param(name="momentum", low=0.5, high=0.99),
    Param(name="decay", low=1e-6, high=1e-2, scale="log"),
)
LETTERS = "abc"


def simulated_curve(
    shape: str, n: int, noise: float, draws: random.Random, *, correlation: float = 0.0
) -> Curve:
    """Return a validation and training curve of ``n`` epochs that gain 0.7, of a known shape.

    ``correlation``: of the errors of validation in neighbouring epochs; they spread by ``noise``.
    """
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
        objective=tuple(map(add, values, lasting_noise(n, 0.7 * noise, correlation, draws))),
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


def lasting_noise(n: int, spread: float, correlation: float, draws: random.Random) -> list[float]:
    """Return (n,) normal errors of which each remembers ``correlation`` of the one before."""
    error, found = draws.gauss(0, spread), []
    for _ in range(n):
        found.append(error)
        error = correlation * error + draws.gauss(0, spread * math.sqrt(1 - correlation**2))
    return found


def simulated_units(n: int, draws: random.Random, effect: float = 0.0) -> tuple[Unit, ...]:
    """Return ``n`` configurations of four ranges and two choices; ``effect`` is that of lr, in sd.

    The optimum is below the lowest lr, and the choice ``b`` of kind is worse by as much.
    """
    drawn = []
    for place in range(n):
        params = {each.name: drawn_value(each, draws) for each in SPACE}
        kind, other = draws.choice(LETTERS), draws.choice(LETTERS)
        at = math.log(params["lr"] / 1e-4) / math.log(1e3)
        score = draws.gauss(0, 1) + effect * (at * math.sqrt(12) / 2 + (kind == "b"))
        drawn.append((score, f"{place:04d}", params | {"kind": kind, "other": other}))
    drawn.sort(key=lambda each: each[0])
    return tuple(
        Unit(name=name, params=params, rank=(place + 0.5) / n, is_bad=False)
        for place, (_, name, params) in enumerate(drawn)
    )


def drawn_value(param: Param, draws: random.Random) -> float:
    """Return a value of ``param``, uniform on its scale."""
    at = draws.random()
    if param.scale == "log":
        return param.low * (param.high / param.low) ** at
    return param.low + (param.high - param.low) * at


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
            values = tuple(value + level for value in curve.objective)
            shifted = Curve(epochs=curve.epochs, objective=values, train=curve.train)
            candidates.append(_run(place, seed, curves=(shifted,)))
    return _subject(candidates)


def scored_subject(scores: Sequence[Sequence[float]]) -> Subject:
    """Return runs without curves, one for each of ``scores``: by configuration, then by seed."""
    candidates = [
        _run(place, seed, curves=(), stated=score)
        for place, own in enumerate(scores)
        for seed, score in enumerate(own)
    ]
    return _subject(candidates)


def _run(
    place: int, seed: int, *, curves: tuple[Curve, ...], stated: float | None = None
) -> Candidate:
    name = f"run-{place:03d}-{seed}"
    values = curves[0].objective if curves else ()
    return Candidate(
        name=name,
        label=name,
        run_id=name,
        trial_id=None,
        status="finished",
        params={"place": place, "seed": seed},
        curves=curves,
        best=min(values, default=None),
        best_epoch=None,
        last=values[-1] if values else None,
        stated=stated,
        variant=f"variant-{place}",
        seed=seed,
        commit="c" * 40,
        dirty=False,
        data_hash="md5:d",
        budget=20,
    )


def _subject(candidates: Sequence[Candidate]) -> Subject:
    return Subject(
        title="simulated",
        kind="runs",
        metric="val_loss",
        goal="min",
        direction_source="objective",
        train_metric="loss",
        candidates=tuple(candidates),
    )

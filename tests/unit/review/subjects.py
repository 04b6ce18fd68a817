"""Subjects for reviews, built by hand."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from ledger.review.subject import Candidate, Curve, Subject
from unit.review.curve_shapes import falling, training


if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.contract.json_text import Json

N_EPOCHS = 30


def plateau(level: float, *, seed: int = 0, n: int = N_EPOCHS) -> Curve:
    """Return a loss that ends at about ``level``."""
    draws = random.Random(f"{level} {seed}")
    values = [value - 0.3 + level + draws.gauss(0, 0.001) for value in falling(n, scale=2.0)]
    return Curve(epochs=tuple(range(n)), objective=tuple(values), train=tuple(training(n)))


def candidate(label: str, *curves: Curve, sign: float = 1.0, **more: Any) -> Candidate:
    """Return a finished candidate called ``label``; a trial where ``trial_id`` is given."""
    shown = tuple(
        Curve(
            epochs=each.epochs,
            objective=tuple(sign * number for number in each.objective),
            train=tuple(None if number is None else sign * number for number in each.train),
        )
        for each in curves
    )
    numbers = [number for each in shown for number in each.objective]
    best = (min if sign > 0 else max)(numbers, default=None)
    facts: dict[str, Any] = {
        "run_id": "sweep" if more.get("trial_id") else label,
        "trial_id": None,
        "status": "finished",
        "params": {},
        "best": best,
        "best_epoch": None,
        "last": numbers[-1] if numbers else None,
        "commit": "c" * 40,
        "dirty": False,
        "data_hash": "md5:d",
        "budget": N_EPOCHS,
    }
    name = f"sweep#{label}" if more.get("trial_id") else label
    return Candidate(name=name, label=label, curves=shown, **facts | more)


def trial(
    label: str, level: float, params: dict[str, Json] | None = None, **more: Any
) -> Candidate:
    """Return a trial of a sweep that ends at about ``level``."""
    return candidate(
        label, plateau(level), trial_id=label, params=params or {"place": label}, **more
    )


def repeats(
    name: str, levels: Sequence[float], *, sign: float = 1.0, **more: Any
) -> list[Candidate]:
    """Return runs of one variant with the seeds 0, 1, …, each ending at about its level."""
    return [
        candidate(
            f"{name}-{seed}",
            plateau(level, seed=seed),
            sign=sign,
            **{"variant": name, "seed": seed, "params": {"model": name, "seed": seed}} | more,
        )
        for seed, level in enumerate(levels)
    ]


def subject(candidates: Sequence[Candidate], **more: Any) -> Subject:
    """Return ``candidates`` as a subject about val_loss."""
    is_sweep = any(each.trial_id is not None for each in candidates)
    facts: dict[str, Any] = {
        "title": "made by hand",
        "kind": "sweep" if is_sweep else "runs",
        "metric": "val_loss",
        "goal": "min",
        "direction_source": "objective",
        "train_metric": "loss",
    }
    return Subject(candidates=tuple(candidates), **facts | more)

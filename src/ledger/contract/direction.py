"""Which way is better: the closed list of metric names whose goal is not a guess."""

from __future__ import annotations


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    Goal: TypeAlias = Literal["min", "max"]

HIGHER_IS_BETTER = frozenset(
    {"acc", "accuracy", "auc", "f1", "precision", "recall", "iou", "dice", "r2", "bleu"}
)
LOWER_IS_BETTER = frozenset({"loss", "error", "mae", "mse", "rmse", "mape", "perplexity"})


def infer_goal(metric: str) -> Goal | None:
    """Return the goal that the name ``metric`` states by one of its ``_``-separated words.

    ``grad_accum`` and ``lossless`` state nothing; a name that states both states nothing.
    """
    words = set(metric.lower().split("_"))
    higher, lower = bool(words & HIGHER_IS_BETTER), bool(words & LOWER_IS_BETTER)
    if higher == lower:
        return None
    return "max" if higher else "min"


def is_goal(text: object) -> bool:
    """Whether ``text`` is a goal as files and arguments write it."""
    return isinstance(text, str) and text in {"min", "max"}

"""Ratios to a baseline in the same run: interleaved, five times, medians."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable


ROUNDS = 5


def interleave(
    candidates: dict[str, Callable[[], float]], rounds: int = ROUNDS
) -> dict[str, float]:
    """Return the median of each candidate, every round running all of them once, in turn."""
    seen: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, measure in candidates.items():
            seen[name].append(measure())
    return {name: statistics.median(values) for name, values in seen.items()}


def cpu_ms(command: list[str], cwd: str | None = None, repeat: int = 5) -> float:
    """Return the CPU of ``command`` and its children, milliseconds: the best of ``repeat``."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    best = float("inf")
    for _ in range(repeat):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=cwd, env=env, capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = min(best, spent * 1000)
    return best


def table(title: str, unit: str, medians: dict[str, float], baseline: str) -> None:
    """Print the medians with their ratio to ``baseline``."""
    print(f"\n{title}  ({unit}; medians of {ROUNDS} interleaved rounds)")
    for name, median in medians.items():
        ratio = f"{median / medians[baseline]:6.2f}x" if medians[baseline] else "     -"
        mark = "  baseline" if name == baseline else ""
        print(f"  {name:58} {median:10.2f} {ratio}{mark}")


PYTHON = sys.executable

"""A whole process: wall clock, CPU of it and its children, peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass


ROUNDS = 5
PYTHON = sys.executable
BARE = [PYTHON, "-c", "import duckdb; duckdb.connect()"]


@dataclass(frozen=True)
class Cost:
    """What one process took."""

    wall_ms: float
    cpu_ms: float
    rss_mb: float


def ledger(*arguments: str) -> list[str]:
    """Return the command line of ``ledger``."""
    return [PYTHON, "-P", "-m", "ledger", *arguments]


def cost(command: list[str], cwd: str | os.PathLike[str], codes: tuple[int, ...] = (0,)) -> Cost:
    """Run ``command`` once; it must end with one of ``codes``."""
    env = {key: text for key, text in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    said = process.stderr.read() if process.stderr else b""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = (time.perf_counter() - begun) * 1000
    if process.stderr:
        process.stderr.close()
    if process.returncode not in codes:
        sys.exit(f"{' '.join(command)}: {said.decode()[:500]}")
    return Cost(wall, (used.ru_utime + used.ru_stime) * 1000, used.ru_maxrss / 1024)


def medians(costs: list[Cost]) -> Cost:
    """Return the median of each number."""
    return Cost(
        statistics.median(each.wall_ms for each in costs),
        statistics.median(each.cpu_ms for each in costs),
        statistics.median(each.rss_mb for each in costs),
    )


def in_turn(commands: dict[str, list[str]], cwd: str | os.PathLike[str]) -> dict[str, Cost]:
    """Return the medians of ``commands``, every round running all of them once."""
    for command in commands.values():
        cost(command, cwd)  # caches warm, modules compiled
    seen: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            seen[name].append(cost(command, cwd))
    return {name: medians(costs) for name, costs in seen.items()}


def print_costs(title: str, found: dict[str, Cost], baseline: str) -> None:
    """Print a table with ratios to ``baseline``."""
    print(f"\n{title}  (medians of {ROUNDS} rounds in turn)")
    print(f"  {'':52} {'wall ms':>9} {'ratio':>7} {'cpu ms':>9} {'ratio':>7} {'RSS MB':>7}")
    base = found[baseline]
    for name, each in found.items():
        wall, cpu = each.wall_ms / base.wall_ms, each.cpu_ms / base.cpu_ms
        print(
            f"  {name:52} {each.wall_ms:9.0f} {wall:6.2f}x {each.cpu_ms:9.0f} {cpu:6.2f}x "
            f"{each.rss_mb:7.0f}"
        )

"""``python benchmarks/parallel.py [--processes 64] [--rows 2000]``: many processes, one ledger.

Each starts a run and logs into it; all begin at the same moment. Beside it one process alone.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


RUN = """
import sys, time, ledger
ledger.start
print("ready", flush=True)
sys.stdin.readline()
n_rows = int(sys.argv[1])
with ledger.start("parallel") as run:
    begun = time.thread_time()
    for step in range(n_rows):
        run.log(step=step, loss=1 / (step + 1), acc=step / n_rows)
    spent = time.thread_time() - begun
print(run.id, spent / n_rows * 1e6)
"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=64)
    parser.add_argument("--rows", type=int, default=2000)
    given = parser.parse_args()
    os.environ["LEDGER_QUIET"] = "1"
    print(f"\n### Runs at once in one ledger, {given.rows:,} rows each\n")
    print("| processes | runs | rows | wall s | runs/s | rows/s | µs of CPU a row |")
    print("|---|---|---|---|---|---|---|")
    measured = [_measure(n, given.rows) for n in (1, given.processes)]
    one, many = ((rows / wall, cpu) for rows, wall, cpu in measured)
    ratio, cost = many[0] / one[0], many[1] / one[1]
    print(f"| **ratio to one** | | | | | **{ratio:.2f}** | **{cost:.2f}** |")


def _measure(n_processes: int, n_rows: int) -> tuple[int, float, float]:
    """Return rows found in the ledger, seconds, and the mean µs of CPU a row; print the line."""
    with tempfile.TemporaryDirectory() as name:
        project = Path(name)
        (project / "ledger.toml").touch()
        for command in ("init -q", "add -A", "-c user.name=b -c user.email=b@b commit -qm start"):
            subprocess.run(["git", *command.split()], cwd=project, check=True)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        command = [sys.executable, "-c", RUN, str(n_rows)]
        children = [
            subprocess.Popen(command, cwd=project, text=True, **pipes) for _ in range(n_processes)
        ]
        for child in children:
            child.stdout.readline()
        begun = time.perf_counter()
        for child in children:
            child.stdin.write("\n")
            child.stdin.flush()
        said = [child.communicate()[0].split() for child in children]
        wall = time.perf_counter() - begun
        lines = [path.read_bytes().count(b"\n") for path in project.glob("ledger/*/*/metrics.csv")]
    rows, n_runs = sum(lines) - len(lines), len({run_id for run_id, _ in said})
    if n_runs != n_processes or rows != n_processes * n_rows:
        sys.exit(f"{n_runs} runs and {rows} rows are there: some were lost")
    cpu = sum(float(each) for _, each in said) / n_processes
    speed = f"{n_runs / wall:.1f} | {rows / wall:,.0f}"
    print(f"| {n_processes} | {n_runs} | {rows:,} | {wall:.1f} | {speed} | {cpu:.1f} |")
    return rows, wall, cpu


if __name__ == "__main__":
    main()

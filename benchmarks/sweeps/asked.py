"""``python asked.py RUN``, in a project: what questions about a large sweep cost.

A process of its own: a child's peak is never told lower than that of the process that started it,
and what records a search holds Keras and JAX.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


sys.path.insert(0, str(Path(__file__).parents[1] / "queries"))

from process import cost, ledger, medians


def main() -> None:
    """Print the table."""
    run_id = sys.argv[1]
    questions = {
        "query best val_accuracy per trial": ledger("query", "best val_accuracy per trial"),
        "query trials where status = failed": ledger("query", "trials where status = failed"),
        "compare of two trials": ledger("compare", f"{run_id}#0000", f"{run_id}#0001"),
        "check of the run, whose note nobody wrote": ledger("check", run_id),
    }
    print("| | wall ms | CPU ms | peak MB |\n|---|---|---|---|")
    for name, command in questions.items():
        shutil.rmtree(Path(".git/ledger"), ignore_errors=True)
        _print_line(f"{name}, cold", command, 1)
        _print_line(f"{name}, warm", command, 3)


def _print_line(name: str, command: list[str], n: int) -> None:
    found = medians([cost(command, ".", codes=(0, 1)) for _ in range(n)])
    print(f"| {name} | {found.wall_ms:.0f} | {found.cpu_ms:.0f} | {found.rss_mb:.0f} |", flush=True)


if __name__ == "__main__":
    main()

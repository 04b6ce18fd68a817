"""What a large sweep leaves on the disk, and what it costs to seal, to ask and to check."""

from __future__ import annotations

import resource
import shutil
import sys
import time
from pathlib import Path

from replay import Replay, search_options

from ledger.integrations.keras_tuner import attach


sys.path.insert(0, str(Path(__file__).parents[1] / "queries"))

from process import cost, ledger, medians


def print_large(n_trials: int, epochs: int) -> None:
    """Print the tables; the working folder is a project."""
    tuner = Replay(epochs, **search_options(Path("tuning-large"), n_trials))
    run = attach(tuner, name="large")
    run.wait_for_capture()
    tuner.quiet_search()
    cpu, wall = time.process_time(), time.perf_counter()
    run.finish()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    sizes = {path.name: path.stat().st_size for path in sorted(run.dir.iterdir())}
    print(f"\n### A sweep of {n_trials:,} trials × {epochs} epochs: {tuner.n_rows:,} rows\n")
    print(", ".join(f"{name} {size / 1e6:.2f} MB" for name, size in sizes.items()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nseal: {wall * 1000:.0f} ms, {cpu * 1000:.0f} ms of CPU; peak {peak:.0f} MB")
    print("(the peak is that of the writer, with Keras and JAX)\n")
    questions = {
        "query best val_accuracy per trial": ledger("query", "best val_accuracy per trial"),
        "query trials where status = failed": ledger("query", "trials where status = failed"),
        "compare of two trials": ledger("compare", f"{run.id}#0000", f"{run.id}#0001"),
        "check --all": ledger("check", "--all"),
    }
    print("| | wall ms | CPU ms | peak MB |\n|---|---|---|---|")
    for name, command in questions.items():
        shutil.rmtree(Path(".git/ledger"), ignore_errors=True)
        _print_line(f"{name}, cold", command, 1)
        _print_line(f"{name}, warm", command, 3)


def _print_line(name: str, command: list[str], n: int) -> None:
    try:
        found = medians([cost(command, ".") for _ in range(n)])
    except SystemExit as error:
        print(f"| {name} | {error} | | |")
        return
    print(f"| {name} | {found.wall_ms:.0f} | {found.cpu_ms:.0f} | {found.rss_mb:.0f} |")

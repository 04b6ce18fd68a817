"""What a large sweep leaves on the disk, and what it costs to seal, to ask and to check."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

from replay import Replay, search_options

from ledger.integrations.keras_tuner import attach


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
    sys.stdout.flush()
    asked = [sys.executable, str(Path(__file__).with_name("asked.py")), run.id]
    subprocess.run(asked, check=True)

"""What recording adds to the demo's training: the same training with and without the ledger."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import PYTHON, interleave, table


# Stands in for the package in the run without it: every name the demo uses, doing nothing.
SILENT_LEDGER = """
class _Run:
    id = "none"
    def __enter__(self): return self
    def __exit__(self, *_): return None
    def log(self, **_): return None
def start(*_, **__): return _Run()
def seed_everything(seed):
    import random, numpy
    random.seed(seed); numpy.random.seed(seed)
"""


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        demo = Path(name, "demo")
        begun = time.perf_counter()
        subprocess.run(
            [PYTHON, "-P", "-m", "ledger", "demo", "--dir", str(demo)],
            check=True,
            capture_output=True,
        )
        print(f"\nledger demo in total: {time.perf_counter() - begun:.1f} s")
        silent = Path(name, "silent")
        silent.mkdir()
        (silent / "ledger.py").write_text(SILENT_LEDGER, encoding="utf-8")
        medians = interleave(
            {
                "the training without recording": lambda: _train(demo, str(silent)),
                "the training with recording": lambda: _train(demo, ""),
            }
        )
    table("The demo's dozen trainings", "s wall", medians, "the training without recording")


def _train(demo: Path, python_path: str) -> float:
    env = {**os.environ, "LEDGER_QUIET": "1", "PYTHONWARNINGS": "ignore", "PYTHONPATH": python_path}
    env |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # two threads differ by a fifth
    begun = time.perf_counter()
    done = subprocess.run([PYTHON, "train.py"], cwd=demo, env=env, capture_output=True, check=False)
    if done.returncode:
        sys.exit(done.stderr.decode())
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()

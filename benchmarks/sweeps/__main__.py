"""``python benchmarks/sweeps [--trials 1000] [--epochs 50]``: what a sweep costs to log and to ask.

``uv run --group test --group keras python benchmarks/sweeps``; kt-masterlog is installed beside it,
into a folder of its own, where an index offers it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path


os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("LEDGER_QUIET", "1")
os.environ["LEDGER_KT_MANIFEST"] = "0"

from large import print_large
from peer import load_peer
from per_epoch import print_per_epoch, print_trained
from replay import make_project


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=50)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        peer = load_peer(scratch / "peer")
        if peer is None:
            print("kt-masterlog could not be installed: ours is measured alone", file=sys.stderr)
        project = scratch / "project"
        make_project(project)
        os.chdir(project)
        print_per_epoch(peer, max(1, given.trials // 5), given.epochs)
        if peer is not None:
            print_trained(peer, max(1, given.trials // 100), given.epochs)
        print_large(given.trials, given.epochs)
        os.chdir("/")


if __name__ == "__main__":
    main()

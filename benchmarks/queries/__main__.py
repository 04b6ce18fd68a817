"""``python benchmarks/queries [--sizes 100,1000,10000] [--peers]``: what questions cost.

Every line is a whole process, page cache warm, in turn with the others, five rounds, medians;
ratios are to a bare ``import duckdb; duckdb.connect()``. 100,000 runs are a matter of ``--sizes``.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path


sys.path.insert(0, str(Path(__file__).parents[1]))

from ledgers import make_ledger
from peers import print_peers
from sizes import print_growth, print_size


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="100,1000,10000")
    parser.add_argument("--peers", action="store_true", help="install and measure other tools too")
    parser.add_argument("--folder", type=Path, help="keep the ledgers here and use those there")
    given = parser.parse_args()
    scratch = given.folder or Path(tempfile.mkdtemp())
    seen = {}
    for size in map(int, given.sizes.split(",")):
        root = scratch / f"runs-{size}"
        if not root.exists():
            make_ledger(root, size)
        seen[size] = print_size(root, size)
    print_growth(seen)
    if 1000 in seen:  # the size at which the peers were measured
        print_peers(scratch / "runs-1000", scratch, with_tools=given.peers)
    if given.folder is None:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()

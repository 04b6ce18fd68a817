"""``python benchmarks/dashboard [--sizes 10,200,1000]``: the live page beside others.

``uv run --group test --group browser python benchmarks/dashboard``. The same growing CSV is shown
by ``ledger dash``, by kt-masterviz and by twenty lines of Streamlit, each in a real Chromium; then
the report beside Plotly's. The others are installed into an environment of the benchmark's own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from chromium import opened
from peers import commands, install_peers
from reports import print_reports
from watch import print_watched


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10,200,1000", help="trials")
    parser.add_argument("--updates", type=int, default=6, help="that are waited for, per page")
    parser.add_argument("--rounds", type=int, default=5, help="whose medians are printed")
    parser.add_argument("--folder", type=Path, help="keep the environment of the others here")
    parser.add_argument("--alone", action="store_true", help="ours only")
    given = parser.parse_args()
    sizes = [*map(int, given.sizes.split(","))]
    with tempfile.TemporaryDirectory() as scratch, opened() as browser:
        home = (given.folder or Path(scratch, "peers")).absolute()
        peer = None if given.alone else install_peers(home)
        if peer is None:
            print("::: THE OTHERS ARE NOT MEASURED: ours stands alone", file=sys.stderr)
        folder = Path(scratch)
        print_watched(browser, folder, commands(peer), sizes, given.updates, given.rounds)
        print_reports(browser, folder, peer, sizes)


if __name__ == "__main__":
    main()

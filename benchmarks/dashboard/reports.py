"""Files to send: ours beside Plotly's, by size and by the time until the curves are drawn."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from table import Table


if TYPE_CHECKING:
    from pathlib import Path

_ROUNDS = 3
_LIMIT_MS = 120_000
_PLOTLY = """
import sys
import pandas, plotly.express
table = pandas.read_csv(sys.argv[1], dtype={"trial_id": str})
figure = plotly.express.line(table, x="epoch", y="val_loss", color="trial_id")
figure.write_html(sys.argv[2], include_plotlyjs=True)
"""


def print_reports(browser: Any, scratch: Path, peer: Path | None, sizes: list[int]) -> None:
    """Print a line for each size and kind of report."""
    print(f"\n| trials x epochs | report | kB | opens s, median of {_ROUNDS} |")
    print("|---|---|---:|---:|")
    for size in sizes:
        table = Table(scratch / f"report-{size}.csv", size)
        ours, theirs = scratch / f"ours-{size}.html", scratch / f"plotly-{size}.html"
        _run(sys.executable, "-P", "-m", "ledger", "report", str(table.path), "-o", str(ours))
        kinds = {"ledger report": (ours, ".u-over")}
        if peer is not None:
            _run(str(peer), "-c", _PLOTLY, str(table.path), str(theirs))
            kinds["Plotly write_html"] = theirs, ".scatterlayer .trace path, .gl-canvas"
        for name, (file, drawn) in kinds.items():
            seconds = statistics.median(_opens(browser, file, drawn) for _ in range(_ROUNDS))
            kilobytes = file.stat().st_size / 1000
            print(f"| {size} x {table.n_epochs} | {name} | {kilobytes:,.0f} | {seconds:.2f} |",
                  flush=True)  # fmt: skip


def _opens(browser: Any, file: Path, drawn: str) -> float:
    """Return the seconds from the address to the first curves."""
    context = browser.new_context(viewport={"width": 1400, "height": 850}, offline=True)
    page = context.new_page()
    begun = time.perf_counter()
    page.goto(file.as_uri(), wait_until="commit", timeout=_LIMIT_MS)
    page.wait_for_selector(drawn, state="attached", timeout=_LIMIT_MS)
    took = time.perf_counter() - begun
    context.close()
    return took


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)[:200]}: {done.stderr[-500:]}")

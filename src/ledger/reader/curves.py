"""The curves of several runs, one below the other."""

from __future__ import annotations

from ledger.contract.metrics import curve
from ledger.errors import MalformedError
from ledger.reader.stats import run_columns
from ledger.reader.text import BLOCKS, Grid, sparkline


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.reader.ledger import Ledger, StoredRun

_WIDTH = 30


def curve_sheets(ledger: Ledger, runs: Sequence[StoredRun], blocks: str = BLOCKS) -> list[Grid]:
    """Return a table with a curve for each metric of each run; none where no run has rows.

    Args:
        ledger: where the tables are read; a broken one is told by the comparison.
        runs: numbered in this order, from 1.
        blocks: the characters of the curves, low to high.
    """
    drawn: dict[str, list[str]] = {}
    for place, run in enumerate(runs):
        for metric, line in _drawn(ledger, run, blocks).items():
            drawn.setdefault(metric, [""] * len(runs))[place] = line
    numbers = tuple(str(place) for place in range(1, len(runs) + 1))
    body = tuple((metric, *lines) for metric, lines in sorted(drawn.items()))
    return [Grid(header=("curves", *numbers), rows=body)] if body else []


def _drawn(ledger: Ledger, run: StoredRun, blocks: str) -> dict[str, str]:
    try:
        tables = ledger.tables(run)
        columns = run_columns(run, tables)
        metrics = [name for name, column in columns.items() if column.role == "metric"]
        curves = {name: [number for _, number in curve(tables, name)] for name in metrics}
    except MalformedError:
        return {}
    return {
        name: sparkline(values, width=_WIDTH, blocks=blocks)
        for name, values in curves.items()
        if values
    }

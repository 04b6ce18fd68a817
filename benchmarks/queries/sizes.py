"""What questions, builds and refreshes cost at one size, and how that grows."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

from process import BARE, Cost, cost, in_turn, ledger, medians, print_costs


BEST = ledger("query", "best val_acc")


def print_size(root: Path, n_runs: int) -> dict[str, Cost]:
    """Print the tables of the ledger at ``root``; return what growth is told by."""
    newest = sorted(root.glob("ledger/*/*/run.json"))[-2:]
    ids = [path.parent.name for path in newest]
    best = json.loads(newest[0].read_bytes())["summary"]["val_acc"]["max"]
    found = in_turn(
        {
            "bare duckdb.connect()": BARE,
            "query best val_acc": BEST,
            "query best val_acc where lr < 0.001": ledger("query", "best val_acc where lr < 0.001"),
            "query mean val_acc by lr over seed": ledger("query", "mean val_acc by lr over seed"),
            "show RUN": ledger("show", ids[0]),
            "compare A B": ledger("compare", *ids),
            "ls --limit 20": ledger("ls", "--limit", "20"),
            "whence, a number": ledger("whence", f"val_acc {best:.4f}"),
            "--sql, count of all values": ledger("query", "--sql", "SELECT count(*) FROM metrics"),
        },
        root,
    )
    print_costs(f"{n_runs:,} runs, warm", found, "bare duckdb.connect()")
    cold = _cold(root)
    print(f"  cold, first answer: {cold.wall_ms:.0f} ms, {cold.wall_ms / n_runs:.3f} ms a run")
    curves = _cold(root, ledger("query", "--sql", "SELECT count(*) FROM metrics"))
    print(f"  cold, records and curves: {curves.wall_ms / n_runs:.3f} ms a run")
    one, hundred = _refresh(root, 1), _refresh(root, min(100, n_runs))
    base = found["query best val_acc"]
    print(f"  after 1 changed run: {one.wall_ms:.0f} ms, after 100: {hundred.wall_ms:.0f} ms")
    print(f"  (nothing changed: {base.wall_ms:.0f} ms)")
    return {"query": base, "refresh of 1": one, "refresh of 100": hundred}


def print_growth(seen: dict[int, dict[str, Cost]]) -> None:
    """Print the slope of each measure over the sizes."""
    sizes = sorted(seen)
    if len(sizes) < 2:  # a line needs two points
        return
    print(f"\nGrowth from {sizes[0]:,} to {sizes[-1]:,} runs, least squares")
    for name in seen[sizes[0]]:
        wall = _slope([(size, seen[size][name].wall_ms) for size in sizes])
        memory = _slope([(size, seen[size][name].rss_mb) for size in sizes])
        print(f"  {name:20} {1000 * wall:8.2f} ms and {1000 * memory:6.2f} MB per 1,000 runs")


def _cold(root: Path, command: list[str] = BEST) -> Cost:
    seen = []
    for _ in range(3):
        shutil.rmtree(root / ".git" / "ledger", ignore_errors=True)
        seen.append(cost(command, root))
    return medians(seen)


def _refresh(root: Path, n_changed: int) -> Cost:
    """Return what the first question costs after ``n_changed`` records were rewritten."""
    paths = sorted(root.glob("ledger/*/*/run.json"))
    seen = []
    for turn in range(3):
        cost(BEST, root)
        for path in random.Random(turn).sample(paths, n_changed):
            document = json.loads(path.read_bytes())
            document["tags"] = [f"turn{turn}"]
            fresh = path.with_name("new")
            fresh.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
            fresh.replace(path)
        seen.append(cost(BEST, root))
    return medians(seen)


def _slope(points: list[tuple[int, float]]) -> float:
    x = sum(each for each, _ in points) / len(points)
    y = sum(each for _, each in points) / len(points)
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)

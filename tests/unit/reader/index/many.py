"""Ledgers of so many runs that an index of them is worth keeping, and what all views say."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.reader.index import open_index
from unit.reader.builders import FILLED_NOTE, FIRST, add_run, epochs, make_project, open_at


if TYPE_CHECKING:
    from ledger.reader.index import Index
    from ledger.reader.ledger import Ledger

N_RUNS = 60
"""More than are read anew for every question."""
VIEWS = ("runs", "summary", "params", "data", "artifacts", "notes", "metrics", "epochs", "trials")
LAYERS = ("notes", "curves")


_MADE = tempfile.TemporaryDirectory()


def make_many(root: Path, n_runs: int = N_RUNS) -> list[str]:
    """Make a repository with a project of ``n_runs`` runs; return their ids."""
    made = Path(_MADE.name, str(n_runs))
    if not made.exists():
        subprocess.run(["git", "init", "-q", made], check=True)
        make_project(made)
        for number in range(n_runs):
            add_one(made, number)
    shutil.copytree(made, root, dirs_exist_ok=True)
    return sorted(path.parent.name for path in root.glob("ledger/*/*/run.json"))


def add_one(root: Path, number: int) -> str:
    """Add a run whose values follow from ``number``."""
    return add_run(
        root,
        f"run{number}",
        epochs(
            loss=[1 / (number + epoch + 1) for epoch in range(3)],
            val_acc=[(number * 7 + epoch) % 100 / 100 for epoch in range(3)],
        ),
        started=FIRST + timedelta(minutes=number),
        config={"lr": 10.0**-number, "nested": {"flag": number % 2 == 0, "big": 2**60 + number}},
        tags=["even"] if number % 2 == 0 else [],
        note=FILLED_NOTE,
        artifacts={"model": {"path": f"outputs/{number}.pt", "hash": None, "bytes": number}},
    )


def views(ledger: Ledger, *layers: str) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all views, sorted."""
    return all_rows(open_index(ledger, *(layers or LAYERS)))  # type: ignore[arg-type]  # names


def all_rows(index: Index) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all views of ``index``, sorted."""
    found = {name: index.rows(f"SELECT * FROM {name}") for name in VIEWS}
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


def plain_views(root: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return what an index that keeps nothing says: every file read with care."""
    ledger = open_at(root)
    ledger.index_dir = None
    return views(ledger)


def index_dir(root: Path) -> Path:
    """Return the folder of the only index in the repository."""
    (folder,) = (root / ".git" / "ledger" / "index").iterdir()
    return folder


def copy_of(root: Path, to: Path) -> Path:
    """Return a copy of the repository with its times, as a backup or `cp -p` makes it."""
    shutil.copytree(root, to, symlinks=True)
    return to


def settle() -> None:
    """Wait until what was written is old enough to be known by its time."""
    until = time.monotonic_ns() + 60_000_000
    while time.monotonic_ns() < until:
        pass


def paths_read(root: Path) -> set[str]:
    """Return the paths of the files that are read to answer from all layers."""
    ledger = open_at(root)
    found: set[str] = set()
    whole = ledger.source.read

    def counted(path: str) -> bytes:
        found.add(path)
        return whole(path)

    ledger.source.read = counted  # type: ignore[method-assign]  # counts, and reads
    views(ledger)
    return found

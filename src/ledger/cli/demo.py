"""``ledger demo``: train real models in a repository of its own and show everything."""

from __future__ import annotations

from pathlib import Path

import click

from ledger.cli import render
from ledger.setup.demo import Demo, free_folder, next_commands


@click.command("demo")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    help="Folder to make; it must be new or empty.  [default: ledger-demo]",
)
def command(folder: Path | None) -> None:
    """Train a dozen small networks for real, and show what the ledger makes of it.

    Makes a git repository of its own, trains on scikit-learn's handwritten digits, commits with
    the hook active, and asks the first questions. Under a minute; nothing leaves the folder.
    """
    chosen = folder.absolute() if folder else free_folder(Path.cwd())
    result = Demo(chosen, render.tell).run()
    render.tell("\nNext, try:\n\n    " + "\n    ".join(next_commands(result.folder)) + "\n")
    took = f"{result.training_s:.1f} s of training, {result.total_s:.1f} s in all"
    render.tell(f"{result.n_runs} runs, {took}")

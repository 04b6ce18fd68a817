"""``ledger retract RUN --why …``."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from ledger.cli import render
from ledger.cli.asking import ledger_here
from ledger.cli.person import person
from ledger.reader.reference import find_run
from ledger.writer.retract import retract


@click.command()
@click.argument("run")
@click.option("--why", required=True, metavar="TEXT", help="What is wrong with the run.")
def command(run: str, why: str) -> None:
    """Take RUN back: its record stays, answers leave it out, and retraction.md says why.

    RUN is an id, the unique beginning of an id or of a name, or @latest. Commit the file; removing
    it takes the retraction back.
    """
    ledger = ledger_here()
    found = find_run(ledger, run)
    folder = Path(ledger.project.root, found.path)
    path = retract(folder, why, by=person(ledger.project.root), now=datetime.now(tz=UTC))
    shown = os.path.relpath(path)
    render.tell(f"retracted {found.run_id}; commit {shown}")

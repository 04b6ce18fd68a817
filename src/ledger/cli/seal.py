"""``ledger seal``: close the record of a run whose process is gone."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ledger.cli import notes, render
from ledger.cli.asking import ledger_here
from ledger.errors import LedgerError
from ledger.reader.live import live_runs
from ledger.reader.reference import find_run
from ledger.writer.dvc_add import track_whole_tables
from ledger.writer.heal import seal_at


@click.command("seal")
@click.argument("run")
def command(run: str) -> None:
    """Close the record of RUN, whose process is gone, as crashed at its last row.

    Refused while the process lives. A run of another host, or of another container, can be sealed
    once it has been silent for so long that it is shown as crashed.
    """
    ledger = ledger_here()
    found = find_run(ledger, run)
    run_dir = notes.folder_of(ledger, found)
    live = live_runs(ledger.project).get(found.path)
    is_silent = ledger.status(found) == "crashed"
    try:
        record = seal_at(run_dir, Path(live) if live else None, is_silent=is_silent)
    except OSError as error:
        message = f"cannot be sealed: {error.strerror or error}"
        raise LedgerError(
            message, hint="free disk space or mend the permissions", path=run_dir
        ) from error
    track_whole_tables(record.document, ledger.project.root, os.environ)
    render.put(f"{record.run_id} sealed as {record.status}")

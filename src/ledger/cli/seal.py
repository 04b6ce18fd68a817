"""``ledger seal``: close the record of a run whose process is gone."""

from __future__ import annotations

import click

from ledger.cli import notes, render
from ledger.cli.asking import ledger_here
from ledger.errors import LedgerError
from ledger.reader.reference import find_run
from ledger.writer.seal import seal_abandoned


@click.command("seal")
@click.argument("run")
def command(run: str) -> None:
    """Close the record of RUN, whose process is gone, as crashed at its last row.

    Refused while the process lives, and for a run of another host.
    """
    ledger = ledger_here()
    found = find_run(ledger, run)
    run_dir = notes.folder_of(ledger, found)
    try:
        record = seal_abandoned(run_dir)
    except OSError as error:
        message = f"cannot be sealed: {error.strerror or error}"
        raise LedgerError(
            message, hint="free disk space or mend the permissions", path=run_dir
        ) from error
    render.put(f"{record.run_id} sealed as {record.status}")

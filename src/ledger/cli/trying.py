"""The steps of ``ledger init --try`` that a person sees: asked, recorded, shown, kept or not."""

from __future__ import annotations

import os
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.cli.render import curve_blocks, put_tables, tell
from ledger.contract.layout import NOTE_NAME
from ledger.errors import LedgerError
from ledger.project import find_project
from ledger.reader.detail import show_run
from ledger.reader.ledger import open_ledger
from ledger.reader.listing import Filters, list_runs
from ledger.reader.reference import find_run
from ledger.reader.sheets import detail_sheets, listing_sheet
from ledger.setup.advice import next_lines
from ledger.setup.shell_history import history_files, last_training
from ledger.setup.trying import keep, take_away, try_command
from ledger.storage.git import clean_environment, find_repository


if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.setup.change import Change

_UNDO = "ledger init --undo-try"


def run_try(words: Sequence[str]) -> int:
    """Record one command, show what that gives, and ask whether it is kept; the command's code."""
    folder = Path.cwd()
    environ = clean_environment(os.environ)
    find_repository(str(folder), environ)  # nobody is asked about a command that cannot be recorded
    chosen = list(words) or _from_history(folder)
    tell(f"$ ledger run -- {shlex.join(chosen)}")
    tried = try_command(folder, chosen, environ, os.path.abspath(sys.executable))
    if not tried.run_ids:
        tell("ledger: nothing was recorded, and everything is as it was")
        return tried.code or 2
    tell("\nwhat was set up:")
    for change in tried.changes:
        tell(f"  {change.to_text()}")
    _show(folder, tried.run_ids[-1])
    if tried.code:
        tell(f"ledger: the command ended with exit code {tried.code}; its run is recorded as that")
    _decide(folder, tried.changes)
    return tried.code


def undo_the_try() -> int:
    """Take away what was tried, and say what went."""
    repository = find_repository(str(Path.cwd()), clean_environment(os.environ))
    for change in take_away(repository):
        tell(change.to_text())
    tell("ledger: taken away; files that the command itself wrote are not ours, and stay")
    return 0


def _from_history(folder: Path) -> list[str]:
    """Return the last training of the shell's history, when the person at the terminal agrees.

    Raises:
        LedgerError: no terminal to ask at, no such command, or the answer was no.
    """
    hint = "say what to record: ledger init --try -- python train.py"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        message = "there is no terminal to ask at which command to record"
        raise LedgerError(message, hint=hint)
    found = last_training(history_files(os.environ), folder)
    if found is None:
        message = "your shell's history holds no command that plainly trains something here"
        raise LedgerError(message, hint=hint)
    if not click.confirm(f"Run `{shlex.join(found)}` once more and record it?", err=True):
        message = "nothing was run"
        raise LedgerError(message, hint=hint)
    return found


def _show(folder: Path, run_id: str) -> None:
    ledger = open_ledger(find_project([folder]), datetime.now(tz=UTC))
    run = find_run(ledger, run_id)
    tell("\n$ ledger show @latest")
    put_tables(detail_sheets(show_run(ledger, run, run_id).rows[0], curve_blocks()))
    tell("\n$ ledger ls")
    put_tables([listing_sheet(list_runs(ledger, Filters()).rows)])
    note = ledger.project.root / run.path / NOTE_NAME
    tell(f"\nits note, for you to fill: {os.path.relpath(note)}")


def _decide(folder: Path, changes: Sequence[Change]) -> None:
    repository = find_repository(str(folder), clean_environment(os.environ))
    if sys.stdin.isatty() and sys.stderr.isatty():
        if not click.confirm("Keep it?", default=True, err=True):
            undo_the_try()
            return
        keep(repository)
        for line in next_lines(repository, find_project([folder]), changes, folder):
            tell(line)
        return
    tell(f"next:\n  keep it: ledger init\n  take it all away: {_UNDO}")

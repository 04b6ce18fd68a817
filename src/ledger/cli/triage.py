"""``ledger triage``: walk through the notes that still wait, one key each."""

from __future__ import annotations

import sys

import click

from ledger.cli import notes, render
from ledger.cli.asking import ledger_here
from ledger.contract.note import SECTIONS
from ledger.errors import LedgerError
from ledger.reader.notes import note_texts
from ledger.reader.reference import find_run
from ledger.writer.note_writing import write_sections


_KEYS = "[a]ccept  [e]dit  [n]one for the rest  [f]orgotten  [s]kip  [q]uit"


@click.command("triage")
def command() -> None:
    """Walk through the notes that still wait.

    One key each: a accepts the automatic lines, e opens the editor, n accepts them and writes
    "none" under what is still empty, f writes "forgotten" there, s skips, q ends.
    """
    ledger = ledger_here()
    waiting = notes.waiting_notes(ledger)
    if not waiting:
        render.tell("no note waits")
        return
    if not sys.stdin.isatty():
        message = "triage asks for keys, and this is no terminal"
        raise LedgerError(
            message, hint="use `ledger note --missing` and `ledger note RUN --result …`"
        )
    for number, each in enumerate(waiting, 1):
        run = find_run(ledger, each.run_id)
        notes.add_comparison(ledger, run)
        render.tell(f"\n{number}/{len(waiting)}  {each.run_id}  {each.status}")
        texts = note_texts(ledger, run)
        for name in SECTIONS:
            render.tell(f"  {name}: {texts.get(name, '—')}")
        render.tell(_KEYS)
        key = click.getchar()
        if key == "q":
            return
        _act(key, each)


def _act(key: str, waiting: notes.WaitingNote) -> None:
    run_dir = waiting.path.parent
    if key == "e":
        click.edit(filename=str(waiting.path))
    elif key in {"a", "n", "f"}:
        change = write_sections(run_dir, {}, accepts=True)
        rest = {"n": "none", "f": "forgotten"}.get(key)
        if rest:
            change = write_sections(run_dir, dict.fromkeys(change.waiting, rest))
        left = ", ".join(change.waiting)
        render.tell(f"  still to be written: {left}" if left else "  complete")
    else:
        render.tell("  skipped")

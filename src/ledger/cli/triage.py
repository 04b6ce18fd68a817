"""``ledger triage``: walk through the notes that still wait, one key each."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from ledger.cli import notes, render
from ledger.cli.asking import ledger_here
from ledger.contract.layout import NOTE_NAME
from ledger.contract.note import SECTIONS
from ledger.errors import LedgerError
from ledger.reader.notes import note_texts
from ledger.reader.reference import find_run
from ledger.writer.note_writing import write_sections


if TYPE_CHECKING:
    from ledger.reader.ledger import Ledger, StoredRun

_KEYS = "[a]ccept  [e]dit  [n]one for the rest  [f]orgotten  [s]kip  [q]uit"
_ACTIONS = frozenset("aenfsq")
_REST = {"n": "none", "f": "forgotten"}


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
        key = _ask()
        if key == "q":
            return
        _act(key, ledger, run)
    render.tell("commit the runs with `ledger commit`")


def _ask() -> str:
    """Return the key pressed, q when the terminal has gone; an unknown one is asked for again."""
    render.tell(_KEYS)
    while (key := click.getchar() or "q") not in _ACTIONS:
        render.tell(f"  {key!r} is none of the keys")
        render.tell(_KEYS)
    return key


def _act(key: str, ledger: Ledger, run: StoredRun) -> None:
    if key == "s":
        render.tell("  skipped")
        return
    run_dir = notes.folder_of(ledger, run)
    if key == "e":
        click.edit(filename=str(run_dir / NOTE_NAME))
    else:
        write_sections(run_dir, {}, accepts=True)
        if key in _REST:
            write_sections(run_dir, dict.fromkeys(notes.open_sections(ledger, run), _REST[key]))
    for line in notes.waiting_lines(ledger, run) or ["complete"]:
        render.tell(f"  {line}")

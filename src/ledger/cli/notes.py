"""The steps behind ``ledger note`` and ``ledger triage``: what waits, and what helps."""

from __future__ import annotations

import os
from pathlib import Path

from ledger.contract.layout import NOTE_NAME
from ledger.contract.note import SECTIONS
from ledger.reader.earlier import against_earlier
from ledger.reader.ledger import Ledger, StoredRun, kept
from ledger.reader.names import no_runs
from ledger.reader.notes import (
    dangling,
    note_state,
    read_note,
    waiting_for,
    waiting_sections,
)
from ledger.value import value
from ledger.writer.note_writing import add_automatic


@value
class WaitingNote:
    """A run whose note still needs a person."""

    run_id: str
    status: str
    path: Path
    sections: tuple[str, ...]
    """What it waits for, sections, and each ``See:`` that names no run."""


def folder_of(ledger: Ledger, run: StoredRun) -> Path:
    """Return the folder of ``run`` on the disk."""
    return Path(os.path.relpath(ledger.project.root / run.path))


def waiting_notes(ledger: Ledger) -> list[WaitingNote]:
    """Return the runs whose note needs a person, the oldest first; imported ones need none."""
    if ledger.broken and not ledger.runs:
        raise no_runs(ledger.broken)
    return [
        WaitingNote(
            run_id=run.run_id,
            status=ledger.status(run),
            path=folder_of(ledger, run) / NOTE_NAME,
            sections=_still_waiting(ledger, run),
        )
        for run in kept(ledger.runs)
        if not run.record.is_imported and note_state(ledger, run) in {"unfilled", "missing"}
    ]


def waiting_lines(ledger: Ledger, run: StoredRun) -> list[str]:
    """Return what to tell of the note of ``run``, as it is now; nothing when it is complete.

    Sections that a note referred to answers do not wait; a ``See:`` that names no run does.
    """
    note = read_note(ledger, run)
    left = ", ".join(open_sections(ledger, run))
    return [
        *([f"still to be written: {left}"] if left else []),
        *(dangling(ledger, note) if note else ()),
    ]


def _still_waiting(ledger: Ledger, run: StoredRun) -> tuple[str, ...]:
    note = read_note(ledger, run)
    return ("no note",) if note is None else waiting_for(ledger, note)


def open_sections(ledger: Ledger, run: StoredRun) -> tuple[str, ...]:
    """Return the sections of the note of ``run``, as it is now, that a person must still write."""
    note = read_note(ledger, run)
    return SECTIONS if note is None else waiting_sections(ledger, note)


def add_comparison(ledger: Ledger, run: StoredRun) -> None:
    """Add to an unfilled Result how the run did against the best earlier one on the same data."""
    against = against_earlier(ledger, run)
    if against is not None:
        add_automatic(folder_of(ledger, run), "Result", against.to_text())

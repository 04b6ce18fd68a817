"""The steps behind ``ledger note`` and ``ledger triage``: what waits, and what helps."""

from __future__ import annotations

import os
from pathlib import Path

from ledger.reader.earlier import against_earlier
from ledger.reader.ledger import Ledger, StoredRun, kept
from ledger.reader.notes import note_state, read_note
from ledger.value import value
from ledger.writer.note_writing import add_automatic


@value
class WaitingNote:
    """A run whose note still needs a person."""

    run_id: str
    status: str
    path: Path
    sections: tuple[str, ...]
    """Sections that are missing or unfilled; all five where there is no note."""


def folder_of(ledger: Ledger, run: StoredRun) -> Path:
    """Return the folder of ``run`` on the disk."""
    return Path(os.path.relpath(ledger.project.root / run.path))


def waiting_notes(ledger: Ledger) -> list[WaitingNote]:
    """Return the runs whose note needs a person, the oldest first; imported ones need none."""
    found = []
    for run in kept(ledger.runs):
        if not run.record.is_imported and note_state(ledger, run) in {"unfilled", "missing"}:
            note = read_note(ledger, run)
            unfilled = tuple(section.name for section in note.unfilled) if note else ()
            found.append(
                WaitingNote(
                    run_id=run.run_id,
                    status=ledger.status(run),
                    path=folder_of(ledger, run) / "run.md",
                    sections=(*note.missing, *unfilled) if note else ("no note",),
                )
            )
    return found


def add_comparison(ledger: Ledger, run: StoredRun) -> None:
    """Add to an unfilled Result how the run did against the best earlier one on the same data."""
    against = against_earlier(ledger, run)
    if against is not None:
        add_automatic(folder_of(ledger, run), "Result", against.to_text())

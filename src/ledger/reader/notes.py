"""What the reader tells of a run's note: its sections, and whether it still waits."""

from __future__ import annotations

from ledger.contract.layout import NOTE_NAME, why_illegal
from ledger.contract.note import SECTIONS, parse_note
from ledger.errors import MalformedError


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from ledger.contract.note import Note
    from ledger.reader.ledger import Ledger, StoredRun

    NoteState: TypeAlias = Literal["complete", "referred", "unfilled", "missing"]


def read_note(ledger: Ledger, run: StoredRun) -> Note | None:
    """Return the run's note, None where there is none or it is not UTF-8."""
    return note_in(ledger, run.path)


def note_state(ledger: Ledger, run: StoredRun) -> NoteState:
    """Return whether the note is complete, refers to another run's, waits for a person, or is not.

    The checks judge notes; this is only what lists show.
    """
    return folder_note_state(ledger, run.path)


def folder_note_state(ledger: Ledger, folder: str) -> NoteState:
    """Return what ``note_state`` returns for the run in ``folder``."""
    note = note_in(ledger, folder)
    if note is None:
        return "missing"
    if waiting_for(ledger, note):
        return "unfilled"
    return "complete" if note.is_complete else "referred"


def waiting_sections(ledger: Ledger, note: Note) -> tuple[str, ...]:
    """Return the sections a person must still write: missing, or answered by no note, own or not.

    A note that is referred to answers the sections that are filled in it.
    """
    folders = (_folder(ledger, each) for each in note.see)
    others = [note_in(ledger, folder) for folder in folders if folder is not None]
    answered = {
        name
        for other in others
        if other is not None
        for name, section in other.sections.items()
        if section.is_filled
    }
    unfilled = (section.name for section in note.unfilled if section.name not in answered)
    return (*note.missing, *unfilled)


def dangling(ledger: Ledger, note: Note) -> tuple[str, ...]:
    """Return a line for each ``See:`` that names no run of this ledger."""
    names = dict.fromkeys(each for each in note.see if _folder(ledger, each) is None)
    return tuple(f"See: {name} names no run of this ledger" for name in names)


def waiting_for(ledger: Ledger, note: Note) -> tuple[str, ...]:
    """Return all that a note waits for: its sections, then a line for each dangling ``See:``."""
    return (*waiting_sections(ledger, note), *dangling(ledger, note))


def note_in(ledger: Ledger, folder: str) -> Note | None:
    """Return the note in a run's folder, None where there is none or it is not UTF-8."""
    data = ledger.read(f"{folder}/{NOTE_NAME}")
    try:
        return None if data is None else parse_note(data)
    except MalformedError:
        return None


def _folder(ledger: Ledger, run_id: str) -> str | None:
    """Return the folder of a run that a note refers to; its record may be broken."""
    return ledger.source.locate(run_id) if why_illegal(run_id) is None else None


def note_texts(ledger: Ledger, run: StoredRun) -> dict[str, str]:
    """Return {section: text} of the sections that hold more than their prompt, in their order."""
    note = read_note(ledger, run)
    if note is None:
        return {}
    texts = {name: note.sections[name].text for name in SECTIONS if name in note.sections}
    return {name: text for name, text in texts.items() if text}


def result_text(ledger: Ledger, run: StoredRun) -> str:
    """Return what a person wrote under Result, "" where nobody has."""
    note = read_note(ledger, run)
    section = note.sections.get("Result") if note else None
    return section.text if section is not None and section.is_filled else ""

"""What the reader tells of a run's note: its sections, and whether it still waits."""

from __future__ import annotations

from ledger.contract.layout import NOTE_NAME
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
    data = ledger.read(f"{run.path}/{NOTE_NAME}")
    try:
        return None if data is None else parse_note(data)
    except MalformedError:
        return None


def note_state(ledger: Ledger, run: StoredRun) -> NoteState:
    """Return whether the note is complete, refers to another run's, waits for a person, or is not.

    The checks judge notes; this is only what lists show.
    """
    note = read_note(ledger, run)
    if note is None:
        return "missing"
    if note.is_complete:
        return "complete"
    return "referred" if _is_served(ledger, note) else "unfilled"


def _is_served(ledger: Ledger, note: Note) -> bool:
    """Whether the notes referred to answer every section that this one leaves open."""
    others = [read_note(ledger, ledger.by_id[each]) for each in note.see if each in ledger.by_id]
    answered = {
        name
        for other in others
        if other is not None
        for name, section in other.sections.items()
        if section.is_filled
    }
    return not note.missing and all(section.name in answered for section in note.unfilled)


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

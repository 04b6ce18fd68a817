"""A run's note as rows: its sections, and whether a person filled them."""

from __future__ import annotations

from ledger.contract.note import SECTIONS
from ledger.reader.notes import note_in


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.reader.index.tables import Rows
    from ledger.reader.ledger import Ledger


def note_rows(ledger: Ledger, folder: str, run_id: str) -> Rows:
    """Return the rows of the note in a run's ``folder``; none where it is missing or unreadable."""
    note = note_in(ledger, folder)
    if note is None:
        return {"notes": []}
    found = ((name, note.sections[name]) for name in SECTIONS if name in note.sections)
    return {"notes": [(run_id, name, each.text, each.is_filled) for name, each in found]}

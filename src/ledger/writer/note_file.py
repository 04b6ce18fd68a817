"""run.md while its run lives: the program writes only into a note that no person has touched."""

from __future__ import annotations

import os
from pathlib import Path

from ledger.contract.layout import NOTE_NAME
from ledger.contract.note import note_hash
from ledger.storage.files import create_file, replace_file


def write_template(run_dir: Path, data: bytes) -> bool:
    """Write the note ``data`` unless a note is there; whether it was written.

    Raises:
        OSError: disk full or folder read-only.
    """
    return create_file(str(run_dir / NOTE_NAME), data)


def refresh_untouched(run_dir: Path, template: str, data: bytes) -> bool:
    """Replace the note by ``data`` if it still is the one whose hash is ``template``.

    The bytes are compared once more right before the rename: an editor that saved in between wins.

    Returns:
        whether the note is ``data`` now.

    Raises:
        OSError: disk full or folder read-only.
    """
    path = run_dir / NOTE_NAME
    if not _is(path, template):
        return False
    temporary = path.with_name(f".{NOTE_NAME}.{os.getpid()}.new.tmp")
    replace_file(str(temporary), data)
    if not _is(path, template):
        temporary.unlink()
        return False
    temporary.replace(path)
    return True


def _is(path: Path, template: str) -> bool:
    try:
        return note_hash(path.read_bytes()) == template
    except FileNotFoundError:
        return False

"""Where a run's record goes when its own folder cannot take it: folder gone, disk full."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ledger.contract.layout import RECORD_NAME, TABLE_NAME
from ledger.contract.record import encode_record
from ledger.storage.files import replace_file


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json


def rescue_folders(run_id: str, private_dir: str | None) -> list[Path]:
    """Return the places to try: ``live/<run_id>`` in the git directory, then a temporary folder."""
    places = [Path(private_dir, "live", run_id)] if private_dir else []
    try:
        temporary = tempfile.gettempdir()
    except OSError:  # it looks for a folder it can write to, and there is none
        return places
    return [*places, Path(temporary, f"ledger-{os.getpid()}-{run_id}")]


def rescue_table(folders: list[Path], table: bytes | None) -> Path | None:
    """Write ``table`` to the first of ``folders`` that takes it; that folder, None if none does."""
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if table is not None:
                replace_file(str(folder / TABLE_NAME), table)
        except OSError:
            continue
        return folder
    return None


def rescue_record(folders: list[Path], document: Mapping[str, Json]) -> Path | None:
    """Write the record to the first of ``folders`` that takes it; its path, None if none does."""
    for folder in folders:
        path = folder / RECORD_NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
            replace_file(str(path), encode_record(document))
        except OSError:
            continue
        return path
    return None

"""Where a run's files go when neither its folder nor the git directory can take them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ledger.contract.layout import RECORD_NAME
from ledger.contract.record import encode_record
from ledger.storage.files import replace_file
from ledger.writer.narrate import warn


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json


def rescue_tables(run_id: str, tables: Mapping[str, bytes]) -> Path | None:
    """Write ``tables``, bytes by name, to a temporary folder; return it, None if it fails."""
    try:
        folder = _folder(run_id)
        for name, data in tables.items():
            replace_file(str(folder / name), data)
    except OSError:
        return None
    return folder


def rescue_record(run_id: str, places: list[Path], document: Mapping[str, Json]) -> Path | None:
    """Write the record to the first that takes it of ``places`` and a temporary folder.

    Returns:
        its path, None if none takes it.
    """
    data = encode_record(document)
    for place in (*places, None):
        try:
            path = (_folder(run_id) if place is None else place) / RECORD_NAME
            replace_file(str(path), data)
        except OSError:
            continue
        return path
    return None


def tell_rescue(run_id: str, kept: Path | None, *, is_kept_by_git: bool) -> None:
    """Say where the record of a run is that could not be sealed in its place.

    Args:
        run_id: the run.
        kept: where; None: nowhere.
        is_kept_by_git: whether that is the git directory, from which it comes back by itself.
    """
    where = f"its record is in {kept}" if kept else "its record is lost"
    hint = "`ledger ls` brings it back" if is_kept_by_git else "copy it back later"
    warn(f"{run_id} could not be sealed in the ledger; {where}; {hint}")


def _folder(run_id: str) -> Path:
    """Make and return the temporary folder of a run; the same one for the same process."""
    folder = Path(tempfile.gettempdir(), f"ledger-{os.getpid()}-{run_id}")
    folder.mkdir(parents=True, exist_ok=True)
    return folder

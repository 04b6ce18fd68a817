"""Taking a run back: the record stays, and a file beside it says why nobody should rely on it."""

from __future__ import annotations

import os

from ledger.contract.layout import RECORD_NAME, RETRACTION_NAME
from ledger.contract.record import parse_record
from ledger.errors import LedgerError
from ledger.storage.files import replace_file


TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from ledger.contract.record import RunRecord


def retract(run_dir: Path, why: str, *, by: str | None, now: datetime) -> Path:
    """Write the retraction of the run in ``run_dir`` and return its path.

    Args:
        run_dir: the run's folder.
        why: what is wrong with the run; not blank.
        by: who says so; None where git knows no name.
        now: UTC.

    Raises:
        LedgerError: no reason, the run is not sealed, or it was retracted before.
        OSError: the file cannot be written.
    """
    if not why.strip():
        message = "a retraction says why"
        raise LedgerError(message, hint="add --why with what is wrong with the run")
    record = ended_record(run_dir)
    path = run_dir / RETRACTION_NAME
    if os.path.lexists(path):
        message = f"{record.run_id} was retracted before"
        raise LedgerError(message, hint=f"edit {RETRACTION_NAME} to say more", path=path)
    lines = [f"# Retracted: {record.run_id}", "", why.strip(), ""]
    lines += [f"- by: {by}"] if by else []
    lines += [f"- at: {now.isoformat(timespec='seconds')}", ""]
    replace_file(os.fspath(path), "\n".join(lines).encode("utf-8"))
    return path


def ended_record(run_dir: Path) -> RunRecord:
    """Return the record of the run in ``run_dir``, which may be said to be good or bad.

    Raises:
        LedgerError: the run is not sealed.
    """
    record = parse_record((run_dir / RECORD_NAME).read_bytes())
    if "files" not in record.document and record.status == "running":
        message = f"{record.run_id} is not sealed"
        raise LedgerError(
            message, hint="end it first, or `ledger seal` it when its process is gone"
        )
    return record

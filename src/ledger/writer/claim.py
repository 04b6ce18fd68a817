"""Claims the folder of a run: nobody else can get the same one, and none is ever overwritten."""

from __future__ import annotations

import os
from pathlib import Path

from ledger.contract.layout import check_run_id, encode_token, is_month, make_run_id, month_of
from ledger.contract.redaction import redact_text
from ledger.errors import LedgerError


TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

_TOKEN_BYTES = 5


def claim_folder(ledger_dir: Path, name: str, started: datetime) -> Path:
    """Make and return the folder of a new run called ``name``; its name, the run id, is redacted.

    Raises:
        LedgerError: the ledger cannot be written to.
    """
    month, shown = ledger_dir / month_of(started), redact_text(name)
    while True:
        run_dir = month / make_run_id(shown, started, encode_token(os.urandom(_TOKEN_BYTES)))
        if _make(run_dir):
            return run_dir


def claim_own_id(ledger_dir: Path, private_dir: str | None, run_id: str, started: datetime) -> Path:
    """Make and return the folder of a run whose id the caller chose; it is kept verbatim.

    Args:
        ledger_dir: the ledger.
        private_dir: our folder in the git directory, where ids are claimed for all worktrees;
            None without a repository.
        run_id: the caller's id.
        started: start of the run, UTC.

    Raises:
        LedgerError: the id is illegal or taken, or the ledger cannot be written to.
    """
    check_run_id(run_id)
    taken = next((path for path in run_folders(ledger_dir) if _is_same(path.name, run_id)), None)
    if taken is None and private_dir is not None and not _claim_id(private_dir, run_id):
        taken = _id_path(private_dir, run_id)
    if taken is None:
        run_dir = ledger_dir / month_of(started) / run_id
        try:
            is_made = _make(run_dir)
        except LedgerError:
            release_id(private_dir, run_id)
            raise
        if is_made:
            return run_dir
        taken = run_dir
    message = f"the run id {run_id!r} is taken"
    raise LedgerError(message, hint="choose another id; no run is ever overwritten", path=taken)


def release_id(private_dir: str | None, run_id: str) -> None:
    """Give back the id of a run that was never recorded."""
    if private_dir is not None:
        _id_path(private_dir, run_id).unlink(missing_ok=True)


def run_folders(ledger_dir: Path) -> list[Path]:
    """Return the folders of all runs, by month and name."""
    try:
        months = sorted(path for path in ledger_dir.iterdir() if is_month(path.name))
        return [run for month in months if month.is_dir() for run in _folders_in(month)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise LedgerError(message, hint="mend the permissions", path=ledger_dir) from error


def find_folder(ledger_dir: Path, run_id: str) -> Path | None:
    """Return the folder of the run ``run_id``, None when this ledger does not hold it."""
    return next((path for path in run_folders(ledger_dir) if path.name == run_id), None)


def _folders_in(month: Path) -> list[Path]:
    return [run for run in sorted(month.iterdir()) if run.is_dir()]


def _id_path(private_dir: str, run_id: str) -> Path:
    return Path(private_dir, "ids", run_id.casefold())


def _claim_id(private_dir: str, run_id: str) -> bool:
    path = _id_path(private_dir, run_id)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    except OSError as error:
        raise unwritable(path.parent, error) from error
    return True


def _is_same(name: str, run_id: str) -> bool:
    return name.casefold() == run_id.casefold()


def _make(run_dir: Path) -> bool:
    try:
        run_dir.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:  # also FileExistsError: a file or a dead link is in the way
        raise unwritable(run_dir.parent, error) from error
    try:
        run_dir.mkdir()
    except FileExistsError:
        return False
    except OSError as error:
        raise unwritable(run_dir.parent, error) from error
    return True


def unwritable(path: Path, error: OSError) -> LedgerError:
    """Return the error for a folder that cannot be written to."""
    message = f"cannot be written: {error.strerror or error}"
    return LedgerError(message, hint="free disk space or mend the permissions", path=path)

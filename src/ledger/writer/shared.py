"""Files that runs share: in the ledger, and in a store of the git directory that no git removes.

A shared file in a place that a stash or another branch holds would make git refuse to bring that
back; it waits in the store then, and `ledger commit` takes it from there.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from ledger.capture.holder import holder_of
from ledger.contract.layout import RECORD_NAME, SHARED_STORE
from ledger.contract.shared import shared_names
from ledger.storage.files import create_file
from ledger.writer.claim import run_folders


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.json_text import Json
    from ledger.storage.git import Repository


def share(ledger_dir: Path, repository: Repository | None, name: str, data: bytes) -> bool:
    """Store ``data``, named by its content, once for all runs of the ledger.

    Returns:
        whether the file was not in the ledger before, and is now.

    Args:
        ledger_dir: the folder of the ledger.
        repository: the one it lies in; None outside of git.
        name: the file, relative to the ledger.
        data: its bytes.

    Raises:
        OSError: it cannot be written.
        GitError: git could not say who else holds the place.
    """
    if repository is not None:
        _create(stored_path(repository.private_dir, name), data)
    return _create_unless_held(ledger_dir, repository, name, data)


def drop_superseded(
    ledger_dir: Path, repository: Repository, name: str, since: float, own: Path
) -> None:
    """Remove the shared file ``name``, which a run has made and names no more.

    It stays where another run may have found it meanwhile, and where it was staged or committed.
    The store in the git directory keeps it in any case.

    Args:
        ledger_dir: the folder of the ledger.
        repository: the one it lies in.
        name: the file, relative to the ledger.
        since: when the run made it, seconds since the epoch.
        own: the folder of the run.

    Raises:
        OSError: it cannot be removed.
        LedgerError: the ledger cannot be read, or git could not say what it tracks.
    """
    if repository.git("ls-files", "-z", "--", str((ledger_dir / name).resolve())):
        return
    wanted = Path(name).stem.encode()
    for run_dir in run_folders(ledger_dir):
        try:
            is_later = run_dir != own and run_dir.stat().st_mtime >= since
            if is_later and wanted in (run_dir / RECORD_NAME).read_bytes():
                return
        except FileNotFoundError:
            continue  # removed meanwhile, or not written yet: that one makes its own
    (ledger_dir / name).unlink(missing_ok=True)


def restore_shared(ledger_dir: Path, repository: Repository, document: Json) -> None:
    """Put the shared files that a record names back where they are missing, from the store.

    Raises:
        OSError: one cannot be written.
        GitError: git could not say who else holds a place.
    """
    for name in shared_names(document):
        stored = stored_path(repository.private_dir, name)
        if not (ledger_dir / name).exists() and stored.exists():
            _create_unless_held(ledger_dir, repository, name, stored.read_bytes())


def stored_path(private_dir: str, name: str) -> Path:
    """Return where the store of a git directory keeps the shared file ``name``."""
    return Path(private_dir, SHARED_STORE, name)


def _create_unless_held(
    ledger_dir: Path, repository: Repository | None, name: str, data: bytes
) -> bool:
    path = ledger_dir / name
    if path.exists():
        return False
    if repository is not None:
        shown = os.path.relpath(os.path.realpath(path), os.path.realpath(repository.top))
        if holder_of(repository, shown.replace(os.sep, "/")) is not None:
            return False
    return _create(path, data)


def _create(path: Path, data: bytes) -> bool:
    """Write ``data`` to ``path`` unless it is there; nobody sees half of it."""
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    create_file(str(temporary), data)
    temporary.replace(path)
    return True

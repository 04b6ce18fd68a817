"""Files that runs share: in the ledger, and in a store of the git directory that no git removes.

A shared file in a place that a stash or another branch holds would make git refuse to bring that
back; it waits in the store then, and `ledger commit` takes it from there.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from ledger.capture.holder import holder_of
from ledger.contract.layout import SHARED_STORE
from ledger.contract.shared import shared_names
from ledger.storage.files import create_file


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.json_text import Json
    from ledger.storage.git import Repository


def share(ledger_dir: Path, repository: Repository | None, name: str, data: bytes) -> None:
    """Store ``data``, named by its content, once for all runs of the ledger.

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
    _create_unless_held(ledger_dir, repository, name, data)


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
) -> None:
    path = ledger_dir / name
    if path.exists():
        return
    if repository is not None:
        shown = os.path.relpath(os.path.realpath(path), os.path.realpath(repository.top))
        if holder_of(repository, shown.replace(os.sep, "/")) is not None:
            return
    _create(path, data)


def _create(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` unless it is there; nobody sees half of it."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    create_file(str(temporary), data)
    temporary.replace(path)

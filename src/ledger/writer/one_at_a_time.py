"""Lets the processes of one machine do something one after the other, in one ledger."""

from __future__ import annotations

import contextlib
import hashlib
import os

from ledger.errors import LedgerError
from ledger.project import find_project
from ledger.storage.git import clean_environment, find_repository
from ledger.writer.start import starting_points


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def one_at_a_time(what: str) -> Iterator[None]:
    """Hold the lock of ``what``, which ends with the process at the latest.

    Where there is no repository, or its directory cannot be written to, nobody waits for anybody.
    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError, LedgerError, ImportError):
            import fcntl  # noqa: PLC0415  # Windows has none, and records on its own risk

            project = find_project(starting_points())
            repository = find_repository(str(project.root), clean_environment(os.environ))
            folder = os.path.join(repository.private_dir, "locks")
            os.makedirs(folder, exist_ok=True)
            name = hashlib.sha256(what.encode("utf-8", "replace")).hexdigest()[:32]
            handle = os.open(os.path.join(folder, name), os.O_RDWR | os.O_CREAT, 0o666)
            stack.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield

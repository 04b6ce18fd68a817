"""Says outside of the repository that a run goes on, and where; never fatal."""

from __future__ import annotations

import contextlib
import os
import socket

from ledger.capture.process import boot_id
from ledger.contract.json_text import as_object, as_text
from ledger.contract.layout import TABLE_NAME
from ledger.contract.pointer import Pointer, encode_pointer, state_folder
from ledger.storage.files import replace_file


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.writer.run import Run

MOST = 200
"""Pointers that are kept; with a new one the oldest go."""


def announce(run: Run, environ: Mapping[str, str]) -> str | None:
    """Write the pointer of a run that starts; return its path, None where none could be written.

    Args:
        run: the run, which this process owns.
        environ: says where.
    """
    folder = state_folder(environ)
    if folder is None:
        return None
    path = os.path.join(folder, f"{os.urandom(16).hex()}.json")
    with contextlib.suppress(OSError):
        os.makedirs(folder, exist_ok=True)
        _prune(folder)
        _write(path, run)
        return path
    return None


def conclude(path: str | None, run: Run) -> None:
    """Write into the pointer ``path`` how the run has ended."""
    if path is not None and os.path.exists(path):
        with contextlib.suppress(OSError):
            _write(path, run)


def _write(path: str, run: Run) -> None:
    document, run_dir = run.document, os.path.abspath(run.dir)
    times = as_object(document.get("timestamp"))
    pointer = Pointer(
        run_id=str(document["run_id"]),
        project_name=as_text(document.get("project")) or as_text(document.get("name")) or run.id,
        csv_path=os.path.join(run_dir, TABLE_NAME),
        run_dir=run_dir,
        pid=os.getpid(),
        boot_id=boot_id(),
        hostname=socket.gethostname(),
        started_at=as_text(times.get("start")) or "",
        ended_at=as_text(times.get("end")),
        status=as_text(document.get("status")) or "running",
        objective=as_object(document.get("objective")) or None,
    )
    replace_file(path, encode_pointer(pointer), is_durable=False)


def _prune(folder: str) -> None:
    """Remove the oldest pointers; one that another process removes first is gone as well."""
    with os.scandir(folder) as entries:
        found = [entry.path for entry in entries if entry.name.endswith(".json")]
    if len(found) < MOST:
        return
    aged = []
    for path in found:
        with contextlib.suppress(OSError):
            aged.append((os.stat(path).st_mtime_ns, path))
    for _, path in sorted(aged)[: len(aged) - MOST + 1]:
        with contextlib.suppress(OSError):
            os.unlink(path)

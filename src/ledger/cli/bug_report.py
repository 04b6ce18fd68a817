"""A bug of ours leaves a report that can be pasted into an issue."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from pathlib import Path

from ledger.errors import LedgerError
from ledger.storage.git import clean_environment, find_repository


def write_report(error: BaseException) -> str:
    """Write what is known of ``error`` to a file in ``<git dir>/ledger`` and return its path."""
    lines = [
        f"ledger {' '.join(sys.argv[1:])}",
        f"Python {platform.python_version()} on {platform.platform()}",
        "",
        *traceback.format_exception(error),
    ]
    path = _folder() / f"bug-{os.getpid()}.txt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines), encoding="utf-8", errors="replace")
    except OSError as failure:
        return f"nowhere: {failure}"
    return str(path)


def _folder() -> Path:
    try:
        return Path(find_repository(".", clean_environment(os.environ)).private_dir)
    except (LedgerError, OSError):
        return Path(tempfile.gettempdir())

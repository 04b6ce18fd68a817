"""What the writer says to the person who trains: short lines on stderr."""

from __future__ import annotations

import os
import sys


def say(line: str) -> None:
    """Write ``line`` to stderr, unless ``LEDGER_QUIET`` is set; never raises."""
    if os.environ.get("LEDGER_QUIET") not in {None, "", "0"}:
        return
    warn(line.removeprefix("ledger: "))


_told: set[str] = set()
"""What ``warn_once`` has said in this process."""


def warn_once(line: str) -> None:
    """Write ``line`` as ``warn`` does, unless this process has said it already."""
    if line not in _told:
        _told.add(line)
        warn(line)


def warn(line: str) -> None:
    """Write ``line`` to stderr even when quiet: something was lost or will be; never raises."""
    try:
        sys.stderr.write(f"ledger: {line}\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError, RuntimeError):
        return  # stderr is closed or gone, or we interrupted a write to it as a signal handler

"""What another Python knows of this package; its own process is asked."""

from __future__ import annotations

import os
import subprocess

from ledger.value import value


_ASK = "import ledger.policy, ledger.version; print(ledger.version.VERSION)"
_LIMIT_S = 30


@value
class Interpreter:
    """A Python that a hook runs."""

    path: str
    version: str | None
    """Of the package in it; None where it has none."""
    why: str = ""
    """Why there is no version."""


def ask_interpreter(path: str) -> Interpreter:
    """Return what the Python at ``path`` knows of the package, asked as the hook asks it."""
    if not os.access(path, os.X_OK) or os.path.isdir(path):
        return Interpreter(path=path, version=None, why="is gone")
    try:
        done = subprocess.run(
            [path, "-I", "-c", _ASK], capture_output=True, check=False, timeout=_LIMIT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Interpreter(path=path, version=None, why=f"does not run: {error}")
    if done.returncode:
        return Interpreter(path=path, version=None, why="has no package experiment-ledger")
    return Interpreter(path=path, version=done.stdout.decode("utf-8", "replace").strip())

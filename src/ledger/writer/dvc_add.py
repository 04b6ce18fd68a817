"""Hands a file to DVC, by its command: importing it costs a second, and its locks are its own."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from ledger.contract.json_text import as_object, as_text
from ledger.errors import LedgerError
from ledger.storage.git import clean_environment
from ledger.writer.narrate import say, warn
from ledger.writer.shelf import dvc_root


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json

SECONDS_FOR_DVC = 120.0
"""Of the wall clock, for one file; a training that ends must not wait for ever."""
_TRIES = 3
"""DVC waits three seconds for its lock, then gives up; another run may be ending too."""


def track_whole_tables(
    document: Mapping[str, Json], project_root: Path, environ: Mapping[str, str]
) -> None:
    """Let DVC, where it is used, track the whole tables of a sealed run; say what came of it."""
    for entry in as_object(document.get("thinned")).values():
        shown = as_text(as_object(entry).get("path")) or ""
        try:
            tracked = add_to_dvc(project_root / shown, environ)
        except LedgerError as error:
            warn(f"{shown} is not tracked by DVC: {error}")
            continue
        if tracked is not None:
            say(f"ledger: {shown} is tracked by DVC: commit {shown}.dvc with the run")


def add_to_dvc(
    path: Path, environ: Mapping[str, str], seconds: float = SECONDS_FOR_DVC
) -> Path | None:
    """Let DVC track ``path``; return its ``.dvc`` file, None where DVC is not used or not here.

    Raises:
        LedgerError: DVC refused, or took longer than ``seconds``.
    """
    import subprocess  # noqa: PLC0415  # not for every training to pay

    command = _command(environ)
    if command is None or dvc_root(path.parent) is None:
        return None
    env = clean_environment(environ) | {"DVC_NO_ANALYTICS": "1"}
    why = ""
    for _ in range(_TRIES):
        try:
            done = subprocess.run(
                [command, "add", "--quiet", path.name],
                cwd=path.parent,
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            message = f"took longer than {seconds:.0f} s"
            raise _failure(path, message) from error
        except OSError as error:
            raise _failure(path, error.strerror or str(error)) from error
        if done.returncode == 0:
            return path.with_name(f"{path.name}.dvc")
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        why = lines[0].removeprefix("ERROR: ") if lines else f"exit code {done.returncode}"
        if "lock" not in why.lower():
            break
    raise _failure(path, why)


def _command(environ: Mapping[str, str]) -> str | None:
    """Return the program: the one of this interpreter's environment, else the first on PATH."""
    beside = os.path.join(os.path.dirname(sys.executable), "dvc")
    if os.access(beside, os.X_OK):
        return beside
    return shutil.which("dvc", path=environ.get("PATH"))


def _failure(path: Path, why: str) -> LedgerError:
    return LedgerError(f"dvc add: {why}", hint=f"run `dvc add {path.name}` there", path=path.parent)

"""Commands as a reader of the documentation would type them, in a repository of their own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from pathlib import Path

PROGRAMS = {"python": (), "ledger": ("-m", "ledger"), "dvc": ("-m", "dvc")}
"""What the commands may name, and how this interpreter starts it."""


class Shell:
    """Runs lines of shell in ``folder``; ``python``, ``ledger`` and ``dvc`` are this interpreter's.

    Args:
        folder: where the lines run.
        private: an empty folder for programs and caches.
    """

    def __init__(self, folder: Path, private: Path) -> None:
        self.folder = folder
        self._env = {
            **os.environ,
            **{f"GIT_{role}_NAME": "Test" for role in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{role}_EMAIL": "test@example.com" for role in ("AUTHOR", "COMMITTER")},
            "PATH": f"{_programs(private / 'bin')}{os.pathsep}{os.environ['PATH']}",
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(private / "dvc"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, lines: str, *, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Return what ``lines`` said; they must end with the exit code ``code``."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", lines],
            cwd=self.folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert code == done.returncode, f"{lines}\n{done.stdout}\n{done.stderr}"
        return done


def _programs(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, arguments in PROGRAMS.items():
        path = folder / name
        path.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, *arguments])} "$@"\n')
        path.chmod(0o755)
    return folder

"""A healthy repository for the doctor's tests, and its look at one."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

from ledger.setup.init import init
from ledger.setup.place import find_place
from ledger.storage.git import clean_environment
from policy.builders import Repo, environment, make_table, write_run


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.setup.doctor.doctor import Health
    from ledger.setup.doctor.problem import Problem
    from ledger.storage.git import Repository

NOW = time.time()
OLD = "2026-02-01_1630_demo-aaaaaaaa"
DAYS = 86400.0


class Patient(Repo):
    """A repository with a ledger, hooks and one committed run; nothing is wrong with it."""

    def __init__(self, top: Path) -> None:
        super().__init__(top, ledger=False)
        (top / "train.py").write_text("print(1)\n")
        init(top, environ=self.env(), interpreter=sys.executable)
        write_run(self.ledger)
        self.commit("healthy")

    def env(self, **more: str) -> dict[str, str]:
        return clean_environment(environment() | more)

    def place(self, **more: str) -> Any:
        return find_place(self.top, self.env(**more))

    @property
    def repository(self) -> Repository:
        found: Repository = self.place().repository
        return found

    def look(self, **more: str) -> list[Problem]:
        """Return what the doctor finds."""
        from ledger.setup.doctor.doctor import examine

        return examine(self.place(**more), sys.executable, NOW)

    def heal(self, **more: str) -> Health:
        """Return what is left after the doctor's mending."""
        from ledger.setup.doctor.doctor import mend

        return mend(self.place(**more), sys.executable, NOW)


def make_old(path: Path, days: float = 40) -> Path:
    """Give ``path`` the time of ``days`` ago."""
    then = NOW - days * DAYS
    os.utime(path, (then, then))
    return path


def open_run(ledger: Path, run_id: str, pid: int, **changes: Any) -> Path:
    """Write a run that is not sealed, of the process ``pid`` of this host."""
    import socket

    session = {
        "start": "2026-02-01T16:30:00+00:00",
        "end": None,
        "pid": pid,
        "hostname": socket.gethostname(),
    }
    fields: dict[str, Any] = {"files": ..., "status": "running", "sessions": [session]}
    return write_run(ledger, run_id, table=make_table(), **(fields | changes))

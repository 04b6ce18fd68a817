"""Importing a study needs Optuna; nobody who has none gets a traceback."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from unit.sync.importers.imported import run_import


if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_it_is_said_what_to_install(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "past.db").write_bytes(b"SQLite format 3\0")
    monkeypatch.setitem(sys.modules, "optuna", None)

    done = run_import("optuna", "past.db")

    assert 2 == done.exit_code
    assert (
        "ledger: Optuna is not installed (pip install 'experiment-ledger[optuna]')\n" == done.stderr
    )

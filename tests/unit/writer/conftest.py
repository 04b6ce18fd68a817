"""A project to record in, as the working folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.capture.seeds import Seeds
from unit.writer.recording import make_project


if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project with one commit as the working folder; narration is off, no seed is set."""
    folder = make_project(tmp_path)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("LEDGER_QUIET", "1")
    monkeypatch.setattr("ledger.writer.current._seeds", [Seeds()])
    return folder

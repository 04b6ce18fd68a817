"""A project to record in, as the working folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from unit.setup.commits.committing import enter
from unit.writer.recording import make_project


if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project with one commit as the working folder."""
    folder = make_project(tmp_path)
    enter(folder, monkeypatch)
    return folder

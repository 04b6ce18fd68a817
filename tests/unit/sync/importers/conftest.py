"""A project as the working folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from unit.reader.builders import make_project


if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the root of a project without a repository; registries of this machine are not it."""
    root = tmp_path / "project"
    root.mkdir()
    make_project(root)
    monkeypatch.chdir(root)
    monkeypatch.setenv("LEDGER_QUIET", "1")
    monkeypatch.setenv("KT_MASTERLOG_REGISTRY_DIR", str(tmp_path / "registry"))
    return root

"""Real frameworks on tiny data; the groups of pyproject.toml that hold them are not everywhere."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

import pytest

from unit.writer.recording import make_project


if TYPE_CHECKING:
    from pathlib import Path

# before anything imports Keras, which reads it once
os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")


@pytest.fixture(scope="session", autouse=True)
def _frozen() -> None:
    """Let the collector pass over what is imported: KerasTuner calls it before each model."""
    gc.freeze()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project with one commit as the working folder; narration is off."""
    folder = make_project(tmp_path, {".gitignore": "__pycache__/\ntuning/\n"})
    monkeypatch.chdir(folder)
    monkeypatch.setenv("LEDGER_QUIET", "1")
    monkeypatch.setenv("KT_MASTERLOG_REGISTRY_DIR", str(tmp_path / "registry"))
    return folder

"""One path for every kind of file that a ledger holds: what rules are tried on."""

from __future__ import annotations

import os

from ledger.contract.layout import (
    CELLS_NAME,
    CONFIG_NAME,
    NOTE_NAME,
    PATCH_NAME,
    RECORD_NAME,
    TABLE_NAME,
    TRIALS_NAME,
)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from ledger.project import Project
    from ledger.storage.git import Repository

_RUN = "2026-02/a-run"
_IN_RUN = (
    *(RECORD_NAME, NOTE_NAME, TABLE_NAME, TRIALS_NAME, PATCH_NAME, CONFIG_NAME, CELLS_NAME),
    *("metrics.2.csv", "metrics.console.csv", "trials.1.csv", "worker.1.json"),
    *("retraction.md", "decision.md", "certificate-1.json"),
)
_SAMPLES = (
    *(f"{_RUN}/{name}" for name in _IN_RUN),
    *("environments/x.txt", "code/x.manifest", "data/x.manifest", ".gitattributes"),
)


def sample_paths(repository: Repository, project: Project) -> list[str]:
    """Return a path for every kind of file of the ledger, relative to the top."""
    base = below_top(repository, project.ledger_dir)
    return [f"{base}/{sample}" for sample in _SAMPLES]


def below_top(repository: Repository, path: Path) -> str:
    """Return ``path`` relative to the top of the repository, with ``/``."""
    above, name = os.path.split(path)
    # git names the top by its real path; the folder may be reached through a link
    real = os.path.join(os.path.realpath(above), name)
    return os.path.relpath(real, repository.top).replace(os.sep, "/")

"""What a verb does before it looks at the runs: those whose process is gone are sealed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.cli import render
from ledger.cli.asking import ledger_here
from ledger.errors import LedgerError, NoLedgerError
from ledger.project import find_project
from ledger.reader.index import open_index
from ledger.storage.git import clean_environment, find_repository
from ledger.writer.heal import heal, seal_gone


if TYPE_CHECKING:
    from ledger.reader.ledger import Ledger


_OPEN = "SELECT path FROM runs WHERE NOT is_sealed AND status IN ('running', 'crashed')"


def healed_ledger() -> Ledger:
    """Return the ledger of the working folder after healing it; what became of each run is told.

    Raises:
        LedgerError: as ``ledger_here``.
    """
    project = find_project([Path.cwd()])
    try:
        repository = find_repository(str(project.root), clean_environment(os.environ))
        for one in heal(project.ledger_dir, repository):
            render.tell(f"ledger: {one.to_text()}")
    except NoLedgerError:
        pass  # without a repository there is no second home
    ledger = ledger_here()
    gone = open_index(ledger).rows(_OPEN)
    n_sealed = sum(_seal(project.root / str(path)) for (path,) in gone)
    return ledger_here() if n_sealed else ledger


def _seal(run_dir: Path) -> bool:
    """Seal a run that has no second home and whose process is gone; whether that was done."""
    try:
        healed = seal_gone(run_dir)
    except FileNotFoundError:
        return False  # its folder is away
    except (OSError, LedgerError) as error:
        render.tell(f"ledger: {run_dir.name} cannot be sealed: {error}")
        return False
    if healed is not None:
        render.tell(f"ledger: {healed.to_text()}")
    return healed is not None

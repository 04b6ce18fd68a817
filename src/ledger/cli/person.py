"""Who works here, as git knows."""

from __future__ import annotations

import os
from pathlib import Path

from ledger.errors import NoLedgerError
from ledger.storage.git import clean_environment, find_repository


def person(root: Path) -> str | None:
    """Return who git says is working here, None where it does not know."""
    try:
        repository = find_repository(str(root), clean_environment(os.environ))
    except NoLedgerError:
        return None
    said = repository.ask("var", "GIT_AUTHOR_IDENT")
    name = said.stdout.decode("utf-8", "replace").rpartition(">")[0]
    return f"{name}>" if name and not said.code else None

"""The repository that a judgement is asked for in; it may have no files."""

from __future__ import annotations

from ledger.storage.bare import find_bare, find_objects
from ledger.storage.git import clean_environment, find_repository


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.storage.git import Repository


def repository_around(folder: str, environ: Mapping[str, str]) -> Repository:
    """Return the repository that ``folder`` lies in.

    Raises:
        LedgerError: there is none, or git refuses it.
    """
    env = clean_environment(environ)
    is_bare = find_bare(folder) is not None
    return find_objects(folder, env) if is_bare else find_repository(folder, env)

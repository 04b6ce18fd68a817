"""The repository that a judgement is asked for in: it may have no files, but all of its history."""

from __future__ import annotations

from ledger.errors import LedgerError
from ledger.storage.bare import find_bare, find_objects, find_receiving, is_shallow
from ledger.storage.git import clean_environment, find_repository


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.storage.git import Repository


AS_PUSHED = {"GIT_NO_REPLACE_OBJECTS": "1"}
"""Commits are what they are: whoever may push could else put another one in their place."""


def repository_around(folder: str, environ: Mapping[str, str]) -> Repository:
    """Return the repository that ``folder`` lies in.

    Raises:
        LedgerError: there is none, or git refuses it.
    """
    env = {**clean_environment(environ), **AS_PUSHED}
    is_bare = find_bare(folder) is not None
    return find_objects(folder, env) if is_bare else find_repository(folder, env)


def receiving_repository(folder: str, environ: Mapping[str, str]) -> Repository:
    """Return the repository that a push is coming into, whose hook runs in ``folder``.

    Raises:
        LedgerError: there is none, or git refuses it.
    """
    return find_receiving(folder, {**environ, **AS_PUSHED})


def refuse_shallow(repository: Repository) -> None:
    """Do nothing where the whole history is here.

    Raises:
        LedgerError: a part of it is not.
    """
    if is_shallow(repository):
        message = "the clone is shallow: a part of the history is not here"
        hint = (
            "fetch all of it: git fetch --unshallow; on GitHub `fetch-depth: 0` at"
            " actions/checkout, on GitLab `GIT_DEPTH: 0`"
        )
        raise LedgerError(message, hint=hint)

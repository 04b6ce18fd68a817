"""The repository that a judgement is asked for in: it may have no files, but all of its history."""

from __future__ import annotations

import os

from ledger.errors import LedgerError, NoLedgerError
from ledger.storage.bare import find_bare, find_objects, find_receiving, is_shallow
from ledger.storage.git import clean_environment, find_places, find_repository


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.storage.git import Repository


AS_PUSHED = {"GIT_NO_REPLACE_OBJECTS": "1"}
"""Commits are what they are: whoever may push could else put another one in their place."""


def repository_around(folder: str, environ: Mapping[str, str]) -> Repository:
    """Return the repository that ``folder`` lies in.

    Raises:
        LedgerError: there is none, or git refuses it; or it has no files and lies in a working
            tree, where a stranger may have committed it, with hooks and settings of his own.
    """
    env = {**clean_environment(environ), **AS_PUSHED}
    bare = find_bare(folder)
    if bare is None:
        return find_repository(folder, env)
    if find_places(os.path.dirname(bare)) is not None:
        message = "a bare repository within a working tree is not judged: anybody may have put it"
        raise NoLedgerError(message, hint="run this at the top of the clone", path=bare)
    return find_objects(folder, env)


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

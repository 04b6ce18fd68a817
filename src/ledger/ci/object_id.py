"""Ids of commits that come from outside: whole ids, before git sees them."""

from __future__ import annotations

import re

from ledger.errors import LedgerError


_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def object_id(text: object, where: str) -> str:
    """Return ``text`` when it is a whole object id; ``where`` names its place in the error.

    Raises:
        LedgerError: it is something else, an option or a branch among others.
    """
    if not isinstance(text, str) or not _ID.fullmatch(text):
        message = f"{where} holds no commit id"
        raise LedgerError(message, hint="name the commits yourself: --base COMMIT --head COMMIT")
    return text


def is_null(oid: str) -> bool:
    """Whether ``oid`` is how git names a commit that is not there."""
    return not oid.strip("0")

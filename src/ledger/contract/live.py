"""The second home of a running run, ``<git dir>/ledger/live/<run_id>/``, and its ``where``."""

from __future__ import annotations

import json

from ledger.value import value


LIVE_FOLDER = "live"
WHERE_NAME = "where"


@value
class Where:
    """Which working tree a run belongs to, and where in it its folder stands."""

    top: str
    """Absolute path of the working tree."""
    path: str
    """The run's folder, relative to ``top``, with ``/``."""


def encode_where(where: Where) -> bytes:
    """Return the bytes of the file ``where``."""
    return (json.dumps({"top": where.top, "path": where.path}) + "\n").encode("ascii")


def parse_where(data: bytes) -> Where | None:
    """Return what the bytes of a file ``where`` say, None where they are torn or not ours."""
    try:
        said = json.loads(data)
        top, path = said["top"], said["path"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return Where(top=top, path=path) if isinstance(top, str) and isinstance(path, str) else None

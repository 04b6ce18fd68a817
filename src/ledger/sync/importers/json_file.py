"""JSON files of other tools: read whole, from inside a folder, and never more than they should be.

Tools write what our own reader refuses: a bare NaN is what a score of a trial may be.
"""

from __future__ import annotations

import json
import math
import os
import stat
from pathlib import Path

from ledger.contract.json_text import as_object
from ledger.errors import LedgerError, MalformedError


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.json_text import Json

MAX_BYTES = 64 * 1024 * 1024


def read_inside(path: Path, folder: Path, hint: str) -> bytes:
    """Return the bytes of the regular file ``path``, which lies in ``folder``, links followed.

    Raises:
        LedgerError: it leads out of the folder, is no file, is too large, or cannot be read;
            ``hint`` says what to do.
    """
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        message = f"leads out of {folder}"
        raise LedgerError(message, hint=hint, path=path)
    try:
        facts = path.stat()  # before it is opened: a pipe would wait for ever
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > MAX_BYTES:
            message = f"is no file of at most {MAX_BYTES} bytes"
            raise LedgerError(message, hint=hint, path=path)
        return path.read_bytes()
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise LedgerError(message, hint=hint, path=path) from error


def parse_object(data: bytes, path: Path, hint: str) -> dict[str, Json]:
    """Return the object in ``data``, the bytes of the file ``path``.

    Raises:
        MalformedError: it holds none; ``hint`` says what to do.
    """
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        message = f"is not JSON: {str(error)[:120]}"
        raise MalformedError(message, hint=hint, path=path) from error
    if not isinstance(found, dict):
        message = "holds no JSON object"
        raise MalformedError(message, hint=hint, path=path)
    return as_object(found)


def as_number(item: Json) -> float | None:
    """Return the number ``item``, infinite where a float cannot hold it; None where it is none."""
    if isinstance(item, bool) or not isinstance(item, int | float):
        return None
    try:
        return float(item)
    except OverflowError:
        return math.inf if item > 0 else -math.inf

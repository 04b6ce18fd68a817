"""Names and places of the ledger: run ids, month folders, file names."""

from __future__ import annotations

import re

from ledger.errors import LedgerError


TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

RECORD_NAME = "run.json"
NOTE_NAME = "run.md"
TABLE_NAME = "metrics.csv"
TRIALS_NAME = "trials.csv"
PATCH_NAME = "changes.patch"
CONFIG_NAME = "config_resolved.yaml"
CELLS_NAME = "cells.py"
RETRACTION_NAME = "retraction.md"
DECISION_NAME = "decision.md"
SHARED_FOLDERS = ("environments", "code", "data")
SHARED_STORE = "shared"
"""Folder of our part of the git directory that holds the shared files once more."""

RUN_ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
MONTH = r"[0-9]{4}-[0-9]{2}"
WORKER = r"[A-Za-z][A-Za-z0-9_-]{0,39}"
TOKEN_LENGTH = 8
TOKEN_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"  # noqa: S105  # no secret: base 32
MAX_SLUG = 60
MAX_PLACE_DIGITS = 9
"""Of the number in the name of a further table: metrics.<n>.csv."""

_DEVICE_NAMES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))]
)


def make_run_id(name: str, started: datetime, token: str) -> str:
    """Return the id of a run called ``name``: ``2026-02-01_1630_ablation_lr-k3f9q2xa``.

    Args:
        name: any text; what an id may not hold becomes ``_``.
        started: start of the run, UTC.
        token: 8 random characters of base 32.
    """
    return f"{started:%Y-%m-%d_%H%M}_{slug(name)}-{token}"


def encode_token(random: bytes) -> str:
    """Return 8 base-32 characters (40 bits) of the 5 or more bytes ``random``."""
    bits = int.from_bytes(random[:5], "big")
    return "".join(TOKEN_ALPHABET[bits >> (5 * place) & 31] for place in range(TOKEN_LENGTH))


def slug(name: str) -> str:
    """Return ``name`` in the characters of a run id, at most 60; "run" when nothing is left."""
    import unicodedata  # noqa: PLC0415  # a megabyte of tables that only the start of a run needs

    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    kept = re.sub(r"[^A-Za-z0-9._-]+", "_", plain)
    return re.sub(r"\.{2,}", ".", kept).strip("._-")[:MAX_SLUG].rstrip("._-") or "run"


def is_device(name: str) -> bool:
    """Whether a file called ``name`` is a device on Windows, whatever its ending: ``aux.txt``."""
    return name.split(".", 1)[0].casefold() in _DEVICE_NAMES


def why_illegal(run_id: str) -> str | None:
    """Return why ``run_id`` cannot name a run on every file system, or None when it can."""
    if not re.fullmatch(RUN_ID, run_id):
        return "an id is 1 to 128 of A-Z a-z 0-9 . _ - and begins with a letter or a digit"
    if ".." in run_id or run_id.endswith("."):
        return "an id holds no '..' and does not end with a dot"
    if is_device(run_id):
        return "the name belongs to a device on Windows"
    return None


def check_run_id(run_id: str) -> str:
    """Return ``run_id`` unchanged.

    Raises:
        LedgerError: it cannot name a run.
    """
    reason = why_illegal(run_id)
    if reason:
        message = f"{run_id!r} cannot be a run id: {reason}"
        raise LedgerError(message, hint="choose another id")
    return run_id


def month_of(started: datetime) -> str:
    """Return the month folder of a run that started at ``started``, UTC."""
    return f"{started:%Y-%m}"


def is_month(name: str) -> bool:
    """Whether ``name`` is the name of a month folder."""
    return re.fullmatch(MONTH, name) is not None


def is_metrics_table(name: str) -> bool:
    """Whether ``name`` is a metrics table: metrics.csv, metrics.2.csv, metrics.<worker>.csv."""
    return name.startswith("metrics.") and name.endswith(".csv")


def is_table(name: str) -> bool:
    """Whether ``name`` is a metrics table or a trials table."""
    return is_metrics_table(name) or is_trials_table(name)


def is_trials_table(name: str) -> bool:
    """Whether ``name`` is a trials table: trials.csv, trials.<worker>.csv."""
    return name.startswith("trials.") and name.endswith(".csv")


def table_name(worker: str = "", n: int = 1) -> str:
    """Return the name of the ``n``-th metrics table of ``worker``; "" is the owner."""
    return ".".join(["metrics", *([worker] if worker else []), *([str(n)] if n > 1 else []), "csv"])


def trials_name(worker: str = "") -> str:
    """Return the name of the trials table of ``worker``; "" is the owner."""
    return f"trials.{worker}.csv" if worker else TRIALS_NAME


def table_worker(name: str) -> str:
    """Return the worker whose table ``name`` is, "" for the owner's: metrics.<worker>.2.csv."""
    _, *parts = name.split(".")
    return parts[0] if len(parts) > 1 and not _is_place(parts[0]) else ""


def table_order(name: str) -> tuple[str, tuple[str, int], int, str]:
    """Return the sort key of a run's tables.

    The owner's come first, metrics.csv, metrics.2.csv, …, metrics.10.csv, then those of each
    worker: metrics.child2.csv, metrics.child2.2.csv, metrics.child10.csv.
    """
    stem, *parts = name.split(".")
    place = next((int(part) for part in parts[:-1] if _is_place(part)), 0)
    return stem, worker_order(table_worker(name)), place, name


def worker_order(worker: str) -> tuple[str, int]:
    """Return the sort key of a worker's name: child, child2, child10."""
    name = worker.rstrip("0123456789")
    digits = worker[len(name) :]
    return name, int(digits) if _is_place(digits) else 0


def worker_file(worker: str) -> str:
    """Return the name of the file in which ``worker`` says what it knows."""
    return f"worker.{worker}.json"


def is_worker(name: str) -> bool:
    """Whether ``name`` is the file of a worker, or claims to be one."""
    return name.startswith("worker.") and name.endswith(".json")


def worker_of(name: str) -> str | None:
    """Return the worker whose ``worker.<worker>.json`` the file ``name`` is, else None."""
    found = re.fullmatch(rf"worker\.({WORKER})\.json", name)
    return found[1] if found else None


def _is_place(part: str) -> bool:
    return part.isdigit() and part.isascii() and len(part) <= MAX_PLACE_DIGITS


def is_frozen_file(name: str) -> bool:
    """Whether a file of a run may never change once the run is in the merge base."""
    documents = {RECORD_NAME, PATCH_NAME, CONFIG_NAME, CELLS_NAME}
    return name in documents or is_worker(name) or is_table(name)


def is_temporary(name: str) -> bool:
    """Whether ``name`` is a half-written file of ours or a file manager's own."""
    return (name.startswith(".") and name.endswith(".tmp")) or name == ".DS_Store"

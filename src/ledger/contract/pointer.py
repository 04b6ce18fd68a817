"""The run pointer: a few words, outside of every repository, that say where a run's files are.

It is how ``--latest`` finds the newest run whatever the working folder. It is never anybody's only
copy of anything.
"""

from __future__ import annotations

import os

from ledger.contract.json_text import as_object, as_text, dump_json, parse_json
from ledger.errors import MalformedError
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json

SCHEMA_VERSION = 1
FOLDER = "LEDGER_STATE_DIR"
"""Environment variable: where the pointers are kept instead of the user's state folder."""
_TEXTS = ("run_id", "project_name", "csv_path", "run_dir", "hostname", "started_at", "status")


@value
class Pointer:
    """Where a run is, and how it stood when that was written last."""

    run_id: str
    project_name: str
    csv_path: str
    """Absolute, of the owner's metrics table, which need not be there yet."""
    run_dir: str
    """Absolute; "" in those of another tool."""
    pid: int | None
    boot_id: str | None
    hostname: str
    started_at: str
    """ISO 8601."""
    ended_at: str | None
    status: str
    objective: Mapping[str, Json] | None = None


def state_folder(environ: Mapping[str, str]) -> str | None:
    """Return the folder of the pointers, None where this user has no home."""
    own = environ.get(FOLDER)
    base = own or environ.get("XDG_STATE_HOME") or _below_home(environ)
    if not base:
        return None
    return os.path.join(base, "runs") if own else os.path.join(base, "ledger", "runs")


def encode_pointer(pointer: Pointer) -> bytes:
    """Return the bytes of a pointer's file."""
    return dump_json({"schema_version": SCHEMA_VERSION, **as_dict(pointer)})  # type: ignore[dict-item]  # all JSON


def parse_pointer(data: bytes) -> Pointer:
    """Return the pointer in ``data``; another tool's manifest of the same keys is one too.

    Raises:
        MalformedError: it is no JSON, or a key is missing.
    """
    facts = as_object(parse_json(data))
    texts = {name: as_text(facts.get(name)) or "" for name in _TEXTS}
    if not texts["csv_path"] or not texts["started_at"]:
        message = "names no csv_path or no started_at"
        raise MalformedError(message)
    pid = facts.get("pid")
    return Pointer(
        **texts,
        pid=pid if isinstance(pid, int) else None,
        boot_id=as_text(facts.get("boot_id")),
        ended_at=as_text(facts.get("ended_at")),
        objective=as_object(facts.get("objective")) or None,
    )


def _below_home(environ: Mapping[str, str]) -> str | None:
    home = environ.get("HOME")
    return os.path.join(home, ".local", "state") if home else None

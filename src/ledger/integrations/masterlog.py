"""The manifest of kt-masterlog, so that ``kt-masterviz --latest`` finds a search of ours.

One JSON file a run, in the folder where that tool looks for its own. It is never anybody's only
copy: what goes wrong with it is nobody's problem.
"""

from __future__ import annotations

import os
import socket
import uuid
from datetime import UTC, datetime
from pathlib import Path

from ledger.contract.json_text import dump_json
from ledger.contract.layout import is_metrics_table, table_order
from ledger.contract.metrics import decode_table, encode_row
from ledger.storage.files import replace_file
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SWITCH = "LEDGER_KT_MANIFEST"
"""Environment variable: 0 writes none."""
FOLDER = "KT_MASTERLOG_REGISTRY_DIR"
"""Environment variable, the other tool's: where its manifests are."""
_SCHEMA_VERSION = 1


@value
class Manifest:
    """A search as that tool describes one; its status is running, completed or failed."""

    path: Path
    run_id: str
    project_name: str
    csv_path: str
    started_at: str

    def of(self, table: Path) -> Manifest:
        """Return the same of the rows in ``table``."""
        return Manifest(**{**as_dict(self), "csv_path": str(table)})  # type: ignore[arg-type]  # its own fields


def announce(project_name: str, table: Path, environ: Mapping[str, str]) -> Manifest | None:
    """Write that a search runs, whose rows are in ``table``; None where that is switched off.

    Args:
        project_name: what the search is called.
        table: absolute.
        environ: says whether, and where.

    Raises:
        OSError: the folder cannot be written to.
    """
    if environ.get(SWITCH) == "0":
        return None
    known = environ.get(FOLDER)
    folder = Path(known) if known else Path.home() / ".kt-masterlog" / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    run_id = uuid.uuid4().hex
    manifest = Manifest(
        path=folder / f"{run_id}.json",
        run_id=run_id,
        project_name=project_name,
        csv_path=str(table),
        started_at=_now(),
    )
    write(manifest, "running")
    return manifest


def merge(run_dir: Path, merged: Path) -> None:
    """Write the rows of all tables of a run as one table, for a viewer that reads one file.

    Nobody's tables are touched; ``merged`` is replaced whole.

    Raises:
        OSError: a table cannot be read, or ``merged`` cannot be written.
        MalformedError: a table does not follow the format.
    """
    names = sorted(filter(is_metrics_table, os.listdir(run_dir)), key=table_order)
    tables = [decode_table((run_dir / name).read_bytes()) for name in names]
    header = list(dict.fromkeys(name for table in tables for name in table.header))
    if not header:
        return
    rows = (dict(zip(table.header, row, strict=True)) for table in tables for row in table.rows)
    lines = [encode_row(header), *(encode_row(row.get(name) for name in header) for row in rows)]
    replace_file(str(merged), b"".join(lines), is_durable=False)


def write(manifest: Manifest, status: str) -> None:
    """Write how the search stands.

    Raises:
        OSError: it cannot be written.
    """
    facts = as_dict(manifest)
    facts.pop("path")
    facts |= {"schema_version": _SCHEMA_VERSION, "pid": os.getpid(), "status": status}
    facts |= {"hostname": socket.gethostname(), "ended_at": None if status == "running" else _now()}
    replace_file(str(manifest.path), dump_json(facts), is_durable=False)  # type: ignore[arg-type]  # all JSON


def _now() -> str:
    return datetime.now(tz=UTC).isoformat(timespec="seconds")

"""The newest runs of this user, whatever their repository: what run pointers tell."""

from __future__ import annotations

import os
from pathlib import Path

from ledger.capture.process import is_gone, process_in
from ledger.contract.pointer import parse_pointer, state_folder
from ledger.errors import MalformedError
from ledger.reader.times import parse_time
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from ledger.contract.pointer import Pointer

_OTHER_TOOL = "KT_MASTERLOG_REGISTRY_DIR"
_SAME = {"completed": "finished"}
_MOST_BYTES = 1 << 16


@value
class Pointed:
    """A run that a pointer tells of."""

    path: Path
    """Of the pointer's file."""
    pointer: Pointer
    started: datetime
    status: str
    """As now: a run whose process is gone from this host has crashed."""

    @property
    def is_ours(self) -> bool:
        """Whether it is a run of a ledger, rather than a table of another tool."""
        return bool(self.pointer.run_dir)


def pointed_runs(environ: Mapping[str, str]) -> list[Pointed]:
    """Return the runs that pointers tell of and whose files are there, the newest first.

    Another tool's manifest of a run that a pointer of ours tells of is left out.

    Args:
        environ: says where the pointers are.
    """
    found = [each for folder in _folders(environ) for each in _in(folder)]
    ours = {each.pointer.csv_path for each in found if each.is_ours}
    kept = [each for each in found if each.is_ours or each.pointer.csv_path not in ours]
    return sorted(kept, key=lambda each: (each.started, str(each.path)), reverse=True)


def _folders(environ: Mapping[str, str]) -> Iterator[Path]:
    own = state_folder(environ)
    if own is not None:
        yield Path(own)
    other = environ.get(_OTHER_TOOL)
    if other:
        yield Path(other)
    elif environ.get("HOME"):
        yield Path(environ["HOME"], ".kt-masterlog", "runs")


def _in(folder: Path) -> Iterator[Pointed]:
    for path in sorted(folder.glob("*.json")):
        try:
            with path.open("rb") as file:
                pointer = parse_pointer(file.read(_MOST_BYTES))
        except (OSError, MalformedError):
            continue  # half written, or nobody's: it points nowhere
        started = parse_time(pointer.started_at)
        is_there = os.path.isdir(pointer.run_dir) if pointer.run_dir else True
        if started is not None and is_there:
            yield Pointed(path=path, pointer=pointer, started=started, status=_status(pointer))


def _status(pointer: Pointer) -> str:
    if pointer.status != "running":
        return _SAME.get(pointer.status, pointer.status)
    process = process_in(as_dict(pointer))  # type: ignore[arg-type]  # pid, boot_id, hostname
    return "crashed" if process is not None and is_gone(process) else "running"

"""The files of a run's workers on the disk: claimed, read, and parted from processes that stay."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from ledger.capture.process import is_working
from ledger.contract.json_text import as_object, parse_json
from ledger.contract.layout import (
    RECORD_NAME,
    WORKER,
    is_table,
    table_worker,
    worker_file,
    worker_of,
)
from ledger.contract.metrics import whole_lines
from ledger.contract.worker import CONSOLE, FIRST, parse_workers
from ledger.errors import MalformedError
from ledger.storage.files import create_file, replace_file


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.worker import Worker


_PAUSE_SECONDS = 0.2
_MAX_STEM = 28
"""Of a name that was given: the prefix and the number we may add fit into what is left of 40."""


def claim_worker(folder: Path, data: bytes) -> str:
    """Make the file of a new worker of the run in ``folder`` and return the worker's name.

    The first is ``child``, the next are ``child2``, ``child3``: none is ever given twice.

    Raises:
        OSError: the folder cannot be written to.
    """
    n = 1
    while True:
        worker = FIRST if n == 1 else f"{FIRST}{n}"
        if create_file(str(folder / worker_file(worker)), data):
            return worker
        n += 1


def claim_named(folder: Path, name: str, data: bytes) -> str:
    """Make the file of a new worker that is called ``name``, if it can be; return its name.

    One that is taken, by a process that was there before, becomes ``name-2``, ``name-3``.

    Raises:
        OSError: the folder cannot be written to.
    """
    stem = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:_MAX_STEM]
    if not re.fullmatch(WORKER, stem) or stem in {FIRST, CONSOLE}:
        stem = f"worker-{stem}"
    n = 1
    while not create_file(str(folder / worker_file(stem if n == 1 else f"{stem}-{n}")), data):
        n += 1
    return stem if n == 1 else f"{stem}-{n}"


def read_workers(folder: Path) -> tuple[Worker, ...]:
    """Return the workers of the run in ``folder``; a file that cannot be read is passed over."""
    files: dict[str, bytes] = {}
    try:
        for path in folder.iterdir():
            worker = worker_of(path.name)
            if worker is not None:
                files[worker] = path.read_bytes()
    except OSError:
        return ()
    return parse_workers(files)


def living_worker(folder: Path) -> Worker | None:
    """Return a worker of the run in ``folder`` whose process still writes, None without one."""
    return next(iter(living_workers(folder)), None)


def living_workers(folder: Path) -> list[Worker]:
    """Return the workers of the run in ``folder`` whose processes still write."""
    return [each for each in read_workers(folder) if is_working(each.document)]


def wait_for_workers(folder: Path, seconds: float) -> bool:
    """Wait until no worker of the run in ``folder`` writes, at most ``seconds``; whether it is so.

    The processes of a training come to its end at about the same time; a run that the first of
    them seals at once would say of the others that they still run.
    """
    deadline = time.monotonic() + seconds
    while living_worker(folder) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def is_sealed(folder: Path) -> bool:
    """Whether the record in ``folder`` is sealed; one that cannot be read is not."""
    try:
        return "files" in as_object(parse_json((folder / RECORD_NAME).read_bytes()))
    except (OSError, MalformedError):
        return False


def part_with(folder: Path, worker: Worker) -> None:
    """Give ``worker``, whose process stays, no more say: what it appends goes to nobody's file.

    Raises:
        OSError: a table of it could not be replaced.
    """
    owner = "" if worker.name == FIRST else worker.name
    for name in sorted(os.listdir(folder)):
        if is_table(name) and table_worker(name) == owner:
            path = folder / name
            replace_file(str(path), whole_lines(path.read_bytes()))

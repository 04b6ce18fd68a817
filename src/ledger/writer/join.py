"""Joins the run that ``ledger run`` records around this process: its part of it is a worker's."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from ledger.capture.process import is_gone, this_process, writer_of
from ledger.contract.json_text import as_object
from ledger.contract.layout import RECORD_NAME
from ledger.contract.record import parse_record
from ledger.contract.worker import FIRST, encode_worker
from ledger.errors import LedgerError, NoLedgerError
from ledger.project import find_project
from ledger.storage.git import clean_environment, find_repository
from ledger.value import as_dict, value
from ledger.version import VERSION
from ledger.writer.capturing import Capture, Subject
from ledger.writer.claim import find_folder, unwritable
from ledger.writer.home import Home, live_folder
from ledger.writer.narrate import warn
from ledger.writer.record_file import RecordFile, now_text
from ledger.writer.run import Run
from ledger.writer.shelf import make_shelf
from ledger.writer.start import (
    Place,
    Request,
    has_script,
    installed_folders,
    observe_project,
    prepare,
    read_parent,
)
from ledger.writer.worker_files import claim_named, claim_worker
from ledger.writer.worker_part import part_ended


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ledger.capture.seeds import Seeds
    from ledger.contract.json_text import Json
    from ledger.contract.record import RunRecord
    from ledger.project import Project
    from ledger.writer.start import Prepared

RUN_DIR = "LEDGER_RUN_DIR"
"""Environment variable: the folder of the run that a process is to join."""
RUN_ID = "LEDGER_RUN_ID"
"""Environment variable: the id of that run, for programs that name their outputs after it."""
_PART = (
    *("name", "tags", "parent", "command", "config", "data", "extra_data", "random", "objective"),
    *("metrics", "artifacts", "columns"),
)


@value
class Membership:
    """The run to join."""

    home: Home
    project: Project
    record: RunRecord

    @property
    def run_id(self) -> str:
        """Its id."""
        return self.record.run_id


def find_membership(environ: Mapping[str, str]) -> Membership | None:
    """Return the run that ``environ`` tells this process to join; None without one.

    A run that is over, or whose recorder is gone, cannot be joined; this is said.
    """
    named = environ.get(RUN_DIR)
    if not named:
        return None
    run_dir = Path(named)
    try:
        project = find_project([run_dir.parent])
        home = Home(run_dir, _live(project, run_dir.name, environ))
        home.join()
        record = parse_record((home.folder / RECORD_NAME).read_bytes())
    except (OSError, LedgerError) as error:
        warn(f"{run_dir.name} cannot be joined: {error}; this is recorded as a run of its own")
        return None
    owner = writer_of(record)
    if "files" in record.document or (owner is not None and is_gone(owner) is True):
        warn(f"{record.run_id} is over; this is recorded as a run of its own that follows it")
        return None
    return Membership(home=home, project=project, record=record)


def find_running(project: Project, run_id: str, environ: Mapping[str, str]) -> Membership | None:
    """Return the run ``run_id`` of ``project`` to join; None unless its recorder is at work.

    Raises:
        LedgerError: its record does not parse.
        OSError: it cannot be read.
    """
    run_dir = find_folder(project.ledger_dir, run_id)
    if run_dir is None:
        return None
    home = Home(run_dir, _live(project, run_id, environ))
    home.join()
    record = parse_record((home.folder / RECORD_NAME).read_bytes())
    owner = writer_of(record)
    if "files" in record.document or owner is None or is_gone(owner) is True:
        return None
    return Membership(home=home, project=project, record=record)


def claim_part(membership: Membership, name: str) -> str:
    """Take the name ``name`` for this process among the workers of a run; return what it became.

    Raises:
        OSError: the run's folder cannot be written to.
    """
    return claim_named(membership.home.folder, name, encode_worker(_first_facts()))


def state_seeds(membership: Membership, seeds: Seeds) -> str:
    """Let the run know the seeds that this process set; return the worker that stated them.

    Raises:
        OSError: the run's folder cannot be written to.
    """
    facts = _first_facts() | {"status": "finished", "ended": now_text(), "random": seeds.to_json()}
    return claim_worker(membership.home.folder, encode_worker(facts))


def join(
    request: Request,
    membership: Membership,
    seeds: Seeds,
    on_close: Callable[[Run], None],
    worker: str | None = None,
) -> Run:
    """Begin this process's part of the run.

    The first process that joins holds metrics.csv, and its word on the code counts; each further
    one has a table of its own.

    Args:
        request: what the caller asked for.
        membership: the run.
        seeds: what was set in this process so far.
        on_close: called when the part is ended.
        worker: the name that this process has in the run already; None for a new one.

    Raises:
        LedgerError: an argument that cannot be understood, or a folder that cannot be written to.
    """
    home, project = membership.home, membership.project
    named = [os.fsdecode(request.config)] if isinstance(request.config, str | os.PathLike) else []
    code = observe_project(project, named)
    place = Place(run_dir=home.folder, ledger_dir=project.ledger_dir, project=project, code=code)
    try:
        worker = worker or claim_worker(home.folder, encode_worker(_first_facts()))
        prepared, record = _begin(request, membership, place, seeds, worker)
    except OSError as error:
        raise unwritable(home.folder, error) from error
    started = datetime.fromisoformat(membership.record.started)
    subject = Subject(
        run_id=membership.run_id,
        home=home,
        ledger_dir=project.ledger_dir,
        project_root=project.root,
        code=code,
        data=prepared.sources,
        modules=sys.modules,
        installed=tuple(installed_folders()),
        has_script=has_script(),
        worker=worker,
    )
    run = Run(
        home=home,
        project_root=project.root,
        record=record,
        capture=Capture(subject, record),
        note=prepared.note,
        parent=prepared.parent or read_parent(project, membership.record.parent),
        on_close=on_close,
        shelf=make_shelf(project),
        seconds_before=max(0.0, (datetime.now(tz=UTC) - started).total_seconds()),
        table_of="" if worker == FIRST else worker,
    )
    run.begin()
    return run


def _begin(
    request: Request, membership: Membership, place: Place, seeds: Seeds, worker: str
) -> tuple[Prepared, RecordFile]:
    """Write what ``request`` means into the file of ``worker``.

    Raises:
        LedgerError: it cannot be understood; the file says so.
        OSError: the file cannot be written.
    """
    below = as_object(as_object(membership.record["config"]).get("resolved"))
    known = as_dict(request) | {"below": below, "keeps_config": worker == FIRST}
    known["parent"] = request.parent or membership.record.parent
    record = RecordFile(membership.home, _first_facts(), worker)
    try:
        prepared = prepare(Request(**known), place, datetime.now(tz=UTC), seeds)  # type: ignore[arg-type]  # its own fields
    except LedgerError as error:
        record.update(part_ended("failed", error), closes=True)
        raise
    record.document |= {key: prepared.document[key] for key in _PART}
    if not request.config:
        record.document["config"] = membership.record["config"] if below else {}
    record.document["note"] = {name: [*lines] for name, lines in prepared.note.items()}
    record.create()
    return prepared, record


def _first_facts() -> dict[str, Json]:
    now = now_text()
    return {
        "columns": {},
        "objective": None,
        **this_process().to_json(),
        "started": now,
        "heartbeat": now,
        "status": "running",
        "ledger_version": VERSION,
    }


def _live(project: Project, run_id: str, environ: Mapping[str, str]) -> Path | None:
    try:
        repository = find_repository(str(project.root), clean_environment(environ))
    except NoLedgerError:
        return None
    return live_folder(repository.private_dir, run_id)

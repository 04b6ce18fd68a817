"""Goes on with a run that an earlier process recorded, while nobody can rely on its record yet.

A run that is on the branch others work from never changes again, and a run has one code and one
config: where one of these is against it, a new run follows the old one.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from ledger.capture.process import is_abandoned, this_process
from ledger.capture.settle import settle
from ledger.contract.config import config_hash, to_json
from ledger.contract.json_text import as_list, as_object, as_text, dump_json, parse_json
from ledger.contract.layout import RECORD_NAME, is_metrics_table, table_order, table_worker
from ledger.contract.manifest import manifest_hash
from ledger.contract.record import parse_record
from ledger.contract.redaction import redact
from ledger.contract.worker import CONSOLE, FIRST
from ledger.errors import LedgerError, MalformedError
from ledger.storage.files import replace_file
from ledger.value import value
from ledger.writer.capturing import Capture, Subject
from ledger.writer.claim import find_folder, unwritable
from ledger.writer.config_file import load_config
from ledger.writer.data_argument import data_sources
from ledger.writer.heal import heal
from ledger.writer.record_file import RecordFile, time_text
from ledger.writer.run import Run
from ledger.writer.seal import present_lines
from ledger.writer.shelf import bring_back, digests, make_shelf
from ledger.writer.start import (
    Place,
    has_script,
    home_of,
    installed_folders,
    observe_project,
    read_parent,
)
from ledger.writer.worker_files import living_worker, read_workers


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ledger.capture.code import CodeState
    from ledger.capture.memory import LoadedMemory
    from ledger.contract.json_text import Json
    from ledger.contract.record import RunRecord
    from ledger.project import Project
    from ledger.storage.git import Repository
    from ledger.writer.start import Request

POINTER_NAME = "ledger.json"
_BASES = ("@{upstream}", "refs/remotes/origin/HEAD")


class CannotGoOnError(LedgerError):
    """A run is not gone on with; the message says why, and a new run may follow it."""


@value
class Again:
    """A run that may be gone on with."""

    place: Place
    record: RunRecord


@value
class WholeFor:
    """A table that was thinned, and the file that holds it whole."""

    path: Path
    whole: Path
    sha256: str


def remember(folder: Path, run_id: str) -> None:
    """Leave word in ``folder``, where a tool keeps its state, of the run that records its work.

    Raises:
        OSError: it cannot be written.
    """
    replace_file(str(folder / POINTER_NAME), dump_json({"run_id": run_id}))


def remembered(folder: Path) -> str | None:
    """Return the run that ``remember`` left word of in ``folder``, None without one."""
    try:
        return as_text(as_object(parse_json((folder / POINTER_NAME).read_bytes())).get("run_id"))
    except (OSError, MalformedError):
        return None


def reopen(
    project: Project,
    run_id: str,
    request: Request,
    on_close: Callable[[Run], None],
    memory: LoadedMemory,
) -> Run:
    """Return the run ``run_id``, open again: a further session of it begins.

    Args:
        project: whose run it is.
        run_id: the run.
        request: what the caller would ask of a new run; only its config and data count.
        on_close: called when the run is sealed.
        memory: what earlier runs of this process saw of the files it has loaded.

    Raises:
        CannotGoOnError: it is on the base, its process still runs, its code or config was another.
        LedgerError: its files cannot be read or written.
    """
    code = observe_project(project, (), memory)
    try:
        again = _find(project, run_id, request, code, memory)
        return _open(again, request, on_close)
    except OSError as error:
        raise unwritable(project.ledger_dir, error) from error


def _find(
    project: Project,
    run_id: str,
    request: Request,
    code: CodeState | None,
    memory: LoadedMemory,
) -> Again:
    if code is not None:
        heal(project.ledger_dir, code.repository)
    folder = find_folder(project.ledger_dir, run_id)
    if folder is None or code is None:
        raise _no(run_id, "is not in this ledger" if folder is None else "has no repository")
    record = parse_record((folder / RECORD_NAME).read_bytes())
    if "files" not in record.document:
        is_over = is_abandoned(record)
        raise _no(run_id, "could not be sealed" if is_over else "is still being recorded")
    workers = read_workers(folder)
    if any(worker.name in {FIRST, CONSOLE} for worker in workers):
        raise _no(run_id, "was recorded by `ledger run`")
    if living_worker(folder) is not None:
        raise _no(run_id, "has a worker that still runs")
    if not all(_is_whole(table) for table in _whole_tables(project.root, folder, record)):
        raise _no(run_id, "has a thinned table, and the whole one is gone or was changed")
    if _is_relied_on(code.repository, folder):
        raise _no(run_id, "is on the base, where no record changes")
    _, resolved = load_config(request.config)
    known = as_object(record.document.get("config"))
    given = as_object(redact(to_json(resolved)))
    if config_hash(given) != known.get("hash"):
        raise _no(run_id, "had another config")
    if manifest_hash(settle(code, None).manifest) != as_object(record["git"]).get("code"):
        raise _no(run_id, "had other code")
    place = Place(
        run_dir=folder, ledger_dir=project.ledger_dir, project=project, code=code, memory=memory
    )
    return Again(place=place, record=record)


def _open(again: Again, request: Request, on_close: Callable[[Run], None]) -> Run:
    place, known = again.place, again.record.document
    started, now = datetime.fromisoformat(again.record.started), datetime.now(tz=UTC)
    home = home_of(place)
    for table in _whole_tables(place.project.root, place.run_dir, again.record):
        bring_back(table.whole, table.path)
    record = RecordFile(home, _running(known, now))
    note = present_lines(place.run_dir)
    if place.code is not None:
        home.begin(place.code.repository.top)
    record.create()
    subject = Subject(
        run_id=again.record.run_id,
        home=home,
        ledger_dir=place.ledger_dir,
        project_root=place.project.root,
        code=place.code,
        data=data_sources(request.data),
        modules=sys.modules,
        installed=tuple(installed_folders()),
        memory=place.memory,
        has_script=has_script(),
    )
    seconds = max(0.0, (now - started).total_seconds())
    run = Run(
        home=home,
        project_root=place.project.root,
        record=record,
        capture=Capture(subject, record),
        note=note,
        parent=read_parent(place.project, as_text(known.get("parent"))),
        on_close=on_close,
        shelf=make_shelf(place.project),
        seconds_before=seconds,
        seconds_idle=max(0.0, seconds - _seconds_of(known)),
    )
    names = [
        name
        for name in os.listdir(place.run_dir)
        if is_metrics_table(name) and not table_worker(name)
    ]
    run.go_on(sorted(names, key=table_order))
    run.begin()
    return run


def _running(known: Mapping[str, Json], now: datetime) -> dict[str, Json]:
    """Return the record of a run that goes on; what the seal had added is gone."""
    stamp = time_text(now)
    session: dict[str, Json] = {
        "start": stamp,
        "end": None,
        **this_process().to_json(),
        "heartbeat": stamp,
    }
    dropped = {"files", "summary", "error", "thinned"}
    return {key: item for key, item in known.items() if key not in dropped} | {
        "status": "running",
        "timestamp": as_object(known.get("timestamp")) | {"end": None},
        "sessions": [*as_list(known.get("sessions")), session],
    }


def _whole_tables(project_root: Path, folder: Path, record: RunRecord) -> list[WholeFor]:
    """Return the whole tables that stand for those of the run that were thinned for git."""
    entries = as_object(record.document.get("thinned"))
    return [
        WholeFor(
            path=folder / name,
            whole=project_root / str(as_object(entry).get("path")),
            sha256=str(as_object(entry).get("sha256")),
        )
        for name, entry in entries.items()
    ]


def _is_whole(table: WholeFor) -> bool:
    try:
        return digests(table.whole)[0] == table.sha256
    except OSError:
        return False


def _seconds_of(known: Mapping[str, Json]) -> float:
    """Return how long the sessions so far have lasted; an end that nobody wrote counts as none."""
    total = 0.0
    for each in as_list(known.get("sessions")):
        start, end = (as_text(as_object(each).get(key)) for key in ("start", "end"))
        if start and end:
            spent = datetime.fromisoformat(end) - datetime.fromisoformat(start)
            total += spent.total_seconds()
    return total


def _is_relied_on(repository: Repository, folder: Path) -> bool:
    """Whether others may have the run: it is on the base, or in HEAD where there is no base."""
    inside = os.path.relpath(os.path.realpath(folder), os.path.realpath(repository.top))
    path = f"{inside.replace(os.sep, '/')}/{RECORD_NAME}"
    said = repository.ask("config", "--get", "ledger.base").stdout.decode("utf-8", "replace")
    bases = [base for base in (said.strip(), *_BASES) if base]
    known = [
        base
        for base in bases
        if repository.ask("rev-parse", "-q", "--verify", f"{base}^{{commit}}").code == 0
    ]
    return any(
        repository.ask("cat-file", "-e", f"{base}:{path}").code == 0 for base in known or ["HEAD"]
    )


def _no(run_id: str, why: str) -> CannotGoOnError:
    hint = "a new run follows it"
    return CannotGoOnError(f"{run_id} {why}", hint=hint)

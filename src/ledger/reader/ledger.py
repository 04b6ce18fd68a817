"""A project's runs as values: every record read strictly, a broken one never stopping the rest."""

from __future__ import annotations

import contextlib
import os
from functools import cached_property

from ledger.capture.process import is_working
from ledger.contract.json_text import as_object, as_text, parse_json
from ledger.contract.layout import (
    RECORD_NAME,
    RETRACTION_NAME,
    is_metrics_table,
    table_order,
    worker_of,
)
from ledger.contract.metrics import decode_table
from ledger.contract.record import RunRecord, parse_record
from ledger.contract.worker import fold, in_order, parse_workers
from ledger.errors import MalformedError, UnknownNameError
from ledger.reader.live import index_folder, live_runs, shared_store
from ledger.reader.source import DiskSource
from ledger.reader.status import shown_status
from ledger.reader.text import printable
from ledger.reader.times import parse_time
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from ledger.contract.metrics import Table
    from ledger.contract.worker import Worker
    from ledger.project import Project
    from ledger.reader.source import RunFolder, Source
    from ledger.settings import Settings


@value
class StoredRun:
    """A run as the ledger holds it."""

    record: RunRecord
    path: str
    """Its folder, relative to the project, with ``/``."""
    names: tuple[str, ...]
    """Names of the files in the folder, sorted."""
    started: datetime
    """UTC."""
    workers: tuple[Worker, ...] = ()
    """Further processes of a run that is not sealed; what they state is in ``record`` already."""
    trial_id: str | None = None
    """Of a trial that is looked at as if it were a run."""
    trial_tables: tuple[Table, ...] = ()
    """Of such a trial: the tables with its rows alone, as they were when it was looked up."""

    @property
    def run_id(self) -> str:
        """The run's id, also the name of its folder."""
        return self.record.run_id

    @property
    def is_retracted(self) -> bool:
        """Whether somebody took the run back: answers leave it out unless asked."""
        return RETRACTION_NAME in self.names

    @property
    def is_incomplete(self) -> bool:
        """Whether the writer could not write something; the record says what."""
        return bool(self.record.document.get("incomplete"))

    @property
    def is_sealed(self) -> bool:
        """Whether the record was closed: its summary then stands for its tables."""
        return "files" in self.record.document

    @property
    def table_paths(self) -> tuple[str, ...]:
        """Paths of the metrics tables, the owner's first."""
        names = sorted(filter(is_metrics_table, self.names), key=table_order)
        return tuple(f"{self.path}/{name}" for name in names)


@value
class BrokenRun:
    """A run, or a table of one, that does not follow the format; it answers nothing."""

    path: str
    """The file or folder, relative to the project, with ``/``."""
    error: MalformedError
    """Says which field or line, and what to do."""
    place: str = ""
    """The branch or commit it is read from; "" for the disk."""

    def __str__(self) -> str:
        """Return the one line that tells the user; a file of a commit is named as git does."""
        where = f"{self.place}:{self.path}" if self.place else self.path
        return printable(str(self.error.at(where)))


class Ledger:
    """The runs of one project, read once when first asked for.

    Args:
        project: whose ledger it is.
        source: where its run folders are read from.
        now: the moment the statuses are told for, UTC.
        index_dir: where an index of the runs is kept; None keeps none, which only costs speed.
    """

    def __init__(
        self, project: Project, source: Source, now: datetime, index_dir: str | None = None
    ) -> None:
        self.project = project
        self.source = source
        self.now = now
        self.index_dir = index_dir
        self.held: dict[str, bytes] = {}
        """Files that no run has brought yet, by path; they go before those that are stored."""
        self.processes = 1
        """How many processes may read at once; the command line, which has no threads, allows 2."""
        self._statuses: dict[str, str] = {}
        self._loaded: dict[str, StoredRun | BrokenRun | None] = {}

    @property
    def settings(self) -> Settings:
        """The project's settings."""
        return self.project.settings

    @property
    def runs(self) -> tuple[StoredRun, ...]:
        """Every readable run, by start, then id; retracted ones included.

        Raises:
            LedgerError: the ledger's own folder cannot be read.
        """
        return self._read[0]

    @property
    def broken(self) -> tuple[BrokenRun, ...]:
        """What could not be read as a run, by path."""
        return self._read[1]

    @cached_property
    def by_id(self) -> dict[str, StoredRun]:
        """The readable runs by id, by start."""
        return {run.run_id: run for run in self.runs}

    def load(self, run_id: str) -> StoredRun:
        """Return one run by its id, read alone.

        Raises:
            UnknownNameError: it is not there.
            MalformedError: located at its record, which does not follow the format.
        """
        path = self.source.locate(run_id)
        found = None if path is None else self.load_at(path)
        if path is not None and isinstance(found, BrokenRun):
            found = self.other_copy(path) or found
        if found is None:
            message = f"the run {run_id} is not there"
            raise UnknownNameError(message, hint="see `ledger ls`")
        if isinstance(found, BrokenRun):
            raise found.error.at(found.path)
        return found

    def load_at(self, path: str) -> StoredRun | BrokenRun | None:
        """Return the run whose folder is ``path``, or what is wrong with it; None if it is gone."""
        if path not in self._loaded:
            self._loaded[path] = self.read_at(path)
        return self._loaded[path]

    def read_at(self, path: str) -> StoredRun | BrokenRun | None:
        """Return what ``load_at`` returns without keeping it: for whoever reads very many."""
        folder = self.source.folder(path)
        return None if folder is None else _load(folder, self.source)

    def other_copy(self, path: str) -> StoredRun | None:
        """Return the next readable copy of the run whose folder ``path`` is broken, or None.

        Only where several branches are asked is there one; all files are then read from it.
        """
        folder = self.source.fall_back(path)
        while folder is not None:
            found = _load(folder, self.source)
            if isinstance(found, StoredRun):
                return found
            folder = self.source.fall_back(folder.path)
        return None

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, ``path`` relative to the project; None if it is not there."""
        if path in self.held:
            return self.held[path]
        try:
            return self.source.read(path)
        except OSError:
            return None

    def shared(self, folder: str, name: str) -> bytes | None:
        """Return a file of one of the shared folders: environments, code or data."""
        return self.read(f"{self.settings.dir}/{folder}/{name}")

    def tables(self, run: StoredRun) -> list[Table]:
        """Return the run's metrics tables; one that vanished or is empty is none.

        Raises:
            MalformedError: located at the table that cannot be read or does not follow the format.
        """
        if run.trial_id is not None:
            return list(run.trial_tables)
        found: dict[str, Table] = {}
        for path in run.table_paths:
            try:
                table = decode_table(_read_file(path, self.source))
            except FileNotFoundError:
                continue
            except MalformedError as error:
                raise error.at(path) from error
            found[path.rpartition("/")[2]] = table
        return in_order(found)

    def status(self, run: StoredRun) -> str:
        """Return the run's status as of now: ``running`` without a living writer is crashed."""
        if run.record.status != "running":
            return run.record.status
        if not self.source.is_live(run.path):
            return "crashed"  # nobody writes into a commit
        if any(is_working(worker.document) for worker in run.workers):
            return "running"  # whatever has become of the process that owns the record
        if run.run_id not in self._statuses:
            self._statuses[run.run_id] = shown_status(
                run.record,
                tables=self._readable_tables(run),
                modified=self._modified(run),
                now=self.now,
            )
        return self._statuses[run.run_id]

    @cached_property
    def _read(self) -> tuple[tuple[StoredRun, ...], tuple[BrokenRun, ...]]:
        runs: list[StoredRun] = []
        broken: list[BrokenRun] = []
        for folder in self.source.folders():
            found = _load(folder, self.source)
            if isinstance(found, BrokenRun):
                broken.append(found)
                found = self.other_copy(folder.path)
            if found is not None:
                runs.append(found)
        runs.sort(key=lambda run: (run.started, run.run_id))
        return tuple(runs), tuple(broken)

    def _readable_tables(self, run: StoredRun) -> list[Table]:
        try:
            return self.tables(run)
        except MalformedError:
            return []  # told where its numbers are asked for; the status needs only the times

    def _modified(self, run: StoredRun) -> float | None:
        times = [self.source.modified(path) for path in run.table_paths]
        return max((time for time in times if time is not None), default=None)


def open_ledger(project: Project, now: datetime) -> Ledger:
    """Return the ledger of ``project`` as its files on the disk hold it.

    Args:
        project: whose ledger it is; the folder of the runs need not exist yet.
        now: the moment the statuses are told for, UTC.
    """
    return Ledger(project, disk_source(project), now, index_folder(project))


def disk_source(project: Project) -> DiskSource:
    """Return the run folders of ``project`` on the disk, live ones and shared files included."""
    return DiskSource(
        os.fspath(project.root),
        project.settings.dir,
        store=shared_store(project),
        live=live_runs(project),
    )


def kept(runs: Iterable[StoredRun]) -> list[StoredRun]:
    """Return ``runs`` without the retracted ones."""
    return [run for run in runs if not run.is_retracted]


def _load(folder: RunFolder, source: Source) -> StoredRun | BrokenRun | None:
    """Return the run in ``folder``, or what is wrong with it; None where it vanished."""
    try:
        return _read_run(folder, source)
    except MalformedError as error:
        has_record = RECORD_NAME in folder.names
        where = f"{folder.path}/{RECORD_NAME}" if has_record else folder.path
        return BrokenRun(path=where, error=error, place=source.place(folder.path))
    except FileNotFoundError:
        return None  # the folder vanished between the listing and the reading


def _read_run(folder: RunFolder, source: Source) -> StoredRun:
    if folder.problem is not None:
        raise _unreadable(folder.problem)
    if RECORD_NAME not in folder.names:
        message = f"holds no readable {RECORD_NAME}"
        raise MalformedError(message, hint=f"restore {RECORD_NAME} from git, or remove the folder")
    if not folder.is_in_month:
        message = "a run belongs into a month folder"
        raise MalformedError(message, hint="move it to <year>-<month>/ of its start, UTC")
    record = parse_record(_read_file(f"{folder.path}/{RECORD_NAME}", source))
    if record.run_id != folder.name:
        message = f"is {record.run_id!r}, but the folder is {folder.name!r}"
        hint = "name the folder like the run; a copy of a run is not a run"
        raise MalformedError(message, field="run_id", hint=hint)
    started = parse_time(record.started)
    if started is None:
        message = f"{record.started!r} is no date"
        raise MalformedError(message, field="timestamp.start")
    workers = _workers(folder, source) if "files" not in record.document else ()
    record = _with_whole_config(record, folder, source)
    return StoredRun(
        record=RunRecord(document=fold(record.document, workers)) if workers else record,
        path=folder.path,
        names=folder.names,
        started=started,
        workers=workers,
    )


def _with_whole_config(record: RunRecord, folder: RunFolder, source: Source) -> RunRecord:
    """Return ``record`` with the config that lies in a file of its own, where it has one.

    The record then holds only what fits; where the file is gone or is not JSON, that is all.
    """
    section = as_object(record.document.get("config"))
    name = as_text(section.get("resolved_path"))
    if name is None or name not in folder.names:
        return record
    try:
        whole = as_object(parse_json(source.read(f"{folder.path}/{name}")))
    except (OSError, MalformedError):
        return record
    config = {**section, "resolved": whole} if whole else section
    return RunRecord(document={**record.document, "config": config})


def _workers(folder: RunFolder, source: Source) -> tuple[Worker, ...]:
    """Return the workers of a run that its owner has not folded into the record yet."""
    files: dict[str, bytes] = {}
    for name in folder.names:
        worker = worker_of(name)
        if worker is not None:
            with contextlib.suppress(OSError):
                files[worker] = source.read(f"{folder.path}/{name}")
    return parse_workers(files)


def _read_file(path: str, source: Source) -> bytes:
    try:
        return source.read(path)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unreadable(error.strerror) from error


def _unreadable(problem: str | None) -> MalformedError:
    message = f"cannot be read: {problem}"
    return MalformedError(message, hint="check its kind and its permissions")

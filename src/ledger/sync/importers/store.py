"""Puts imported sweeps into a ledger: each appears whole or not at all, and only once."""

from __future__ import annotations

import os
import re
import shutil

from ledger.contract.config import to_json
from ledger.contract.json_text import as_object, as_text
from ledger.contract.layout import NOTE_NAME, RECORD_NAME, TABLE_NAME, TRIALS_NAME, month_of
from ledger.contract.note import note_hash, render_note
from ledger.contract.record import encode_record, parse_record
from ledger.errors import LedgerError, MalformedError
from ledger.storage.files import flush_folder, write_new
from ledger.sync.importers.record import (
    document_of,
    measured_sections,
    note_lines,
    origin_of,
    run_id_of,
)
from ledger.sync.importers.tables import columns_of_sweep, metrics_lines, trials_lines
from ledger.value import value
from ledger.writer.claim import run_folders, unwritable
from ledger.writer.dvc_add import track_whole_tables
from ledger.writer.seal import refresh_note
from ledger.writer.seal_sections import measure
from ledger.writer.shelf import make_shelf
from ledger.writer.thinning import look_at_growth


TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from ledger.contract.json_text import Json
    from ledger.contract.record import RunRecord
    from ledger.project import Project
    from ledger.sync.importers.sweep import ForeignSweep

_STAGING = re.compile(r"\.import\.([0-9]+)\.tmp")
_MARK = b'"imported_from"'


@value
class Plan:
    """What is to become of a sweep."""

    sweep: ForeignSweep
    run_id: str
    """Of the run it becomes, or of the one that holds it already."""
    is_new: bool
    parent: RunRecord | None
    """The run that an earlier state of the same source became."""


class Store:
    """The imported runs of one project.

    Args:
        project: whose ledger it is.

    Raises:
        LedgerError: the ledger cannot be read.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._ledger_dir = project.ledger_dir
        self._imported: list[RunRecord] = []
        for folder in run_folders(self._ledger_dir):
            record = _imported(folder)
            if record is not None:
                self._imported.append(record)

    def plan(self, sweep: ForeignSweep) -> Plan:
        """Return what importing ``sweep`` would do.

        Raises:
            LedgerError: another run has the id.
        """
        origin = origin_of(sweep)
        known = self._find(origin, "tool", "digest")
        if known is not None:
            return Plan(sweep=sweep, run_id=known.run_id, is_new=False, parent=None)
        run_id = run_id_of(sweep)
        taken = [path for path in run_folders(self._ledger_dir) if path.name == run_id]
        if taken:
            message = f"the run id {run_id!r} is taken by another run"
            raise LedgerError(message, hint="rename one of them", path=taken[0])
        parent = self._find(origin, "tool", "uri", "id")
        return Plan(sweep=sweep, run_id=run_id, is_new=True, parent=parent)

    def put(self, plan: Plan) -> Path:
        """Write the run of ``plan``, which is new, and return its folder.

        Raises:
            LedgerError: the ledger cannot be written to; nothing of the run is then there.
        """
        sweep = plan.sweep
        self._remove_leftovers()
        staging = self._ledger_dir / f".import.{os.getpid()}.tmp"
        target = self._ledger_dir / month_of(sweep.started) / plan.run_id
        try:
            staged = staging / plan.run_id
            staged.mkdir(parents=True)
            record = _write(plan, staged, self._project)
            target.parent.mkdir(exist_ok=True)
            staged.rename(target)
            flush_folder(str(target.parent))
        except OSError as error:
            raise unwritable(target, error) from error
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        self._imported.append(record)
        track_whole_tables(record.document, self._project.root, os.environ)
        return target

    def _find(self, origin: dict[str, Json], *keys: str) -> RunRecord | None:
        """Return the imported run, the latest, that agrees with ``origin`` in ``keys``."""
        found = [each for each in self._imported if all(_says(each, k, origin[k]) for k in keys)]
        followed = {each.parent for each in found}
        last = [each for each in found if each.run_id not in followed]
        return max(last or found, key=lambda each: each.started, default=None)

    def _remove_leftovers(self) -> None:
        """Remove what imports that were cut short have left: it is hidden, and never a run."""
        for path in self._ledger_dir.glob(".import.*.tmp"):
            found = _STAGING.fullmatch(path.name)
            if found is not None and not _is_alive(int(found[1])):
                shutil.rmtree(path, ignore_errors=True)


def _write(plan: Plan, run_dir: Path, project: Project) -> RunRecord:
    """Write the files of the run into the new folder ``run_dir``; return its record.

    Raises:
        LedgerError: what the source says makes a record that no reader takes.
        OSError: a file cannot be written.
    """
    sweep, columns = plan.sweep, columns_of_sweep(plan.sweep)
    write_new(str(run_dir / TABLE_NAME), metrics_lines(sweep, columns))
    write_new(str(run_dir / TRIALS_NAME), trials_lines(sweep))
    document = document_of(
        sweep,
        columns,
        run_dir,
        parent=plan.parent.run_id if plan.parent else None,
        project=project.root.name,
        seed_keys=project.settings.seed_keys,
    )

    def tell(sections: dict[str, Json]) -> bool:
        document.update(sections)
        return True

    growth = look_at_growth(run_dir, document, make_shelf(project), tell)
    measured = measure(run_dir, document, growth)
    document |= measured_sections(sweep, document, measured)
    if measured.problem:
        document["incomplete"] = measured.problem
    lines = note_lines(sweep, plan.parent)
    note = render_note(run_dir.name, lines)
    write_new(str(run_dir / NOTE_NAME), [note])
    document["note"] = {"template": note_hash(note)}
    document["note"] = refresh_note(run_dir, document, lines, measured, plan.parent)
    data = encode_record(as_object(to_json(document)))  # names of folders may be no text
    try:
        record = parse_record(data)
    except MalformedError as error:
        message = f"cannot be kept as a record: {error.field or RECORD_NAME} {error.message}"
        raise LedgerError(message, hint="make the source smaller", path=sweep.uri) from error
    write_new(str(run_dir / RECORD_NAME), [data])
    return record


def _imported(folder: Path) -> RunRecord | None:
    """Return the record of the run in ``folder`` when it was imported; what is broken was not."""
    try:
        data = (folder / RECORD_NAME).read_bytes()
        record = parse_record(data) if _MARK in data else None
    except (OSError, MalformedError):
        return None
    return record if record is not None and record.is_imported else None


def _says(record: RunRecord, key: str, item: Json) -> bool:
    return as_text(as_object(record.document.get("imported_from")).get(key)) == item


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True

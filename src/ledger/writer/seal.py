"""The seal: a record closed with its true status, numbers from its own files, and its note."""

from __future__ import annotations

import os
import traceback
from datetime import datetime, timedelta
from pathlib import Path

from ledger.capture.process import is_gone, writer_of
from ledger.contract.config import to_json
from ledger.contract.json_text import as_list, as_object, as_text
from ledger.contract.layout import RECORD_NAME, is_table
from ledger.contract.note import note_hash, parse_note, render_note
from ledger.contract.record import RunRecord, encode_record, parse_record
from ledger.contract.redaction import redact, redact_text
from ledger.contract.worker import fold, fold_note
from ledger.errors import LedgerError
from ledger.storage.files import open_table, replace_file
from ledger.value import value
from ledger.writer import prefill
from ledger.writer.narrate import say
from ledger.writer.note_file import refresh_untouched
from ledger.writer.record_file import time_text
from ledger.writer.seal_sections import measure, metrics_section
from ledger.writer.shelf import shelf_of
from ledger.writer.thinning import look_at_growth
from ledger.writer.worker_files import living_worker, read_workers


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json
    from ledger.writer.seal_sections import Measured

TRACEBACK_LINES = 20


@value
class Ending:
    """How a run ended."""

    status: str
    ended: str
    """ISO 8601."""
    seconds: float
    error: BaseException | Mapping[str, Json] | None = None
    """What ended it; a mapping is the section itself."""


def outcome(error: BaseException | None) -> tuple[str, BaseException | None]:
    """Return (status, error) of a run that ended with ``error``, None for an ordinary end."""
    if error is None or (isinstance(error, SystemExit) and error.code in {None, 0}):
        return "finished", None
    # asyncio's cancellation by its name: nobody who does not use asyncio pays for its import
    is_cancelled = any(kind.__name__ == "CancelledError" for kind in type(error).__mro__)
    if isinstance(error, KeyboardInterrupt | GeneratorExit) or is_cancelled:
        return "interrupted", None
    return "failed", error


def sealed_sections(
    document: Mapping[str, Json], ending: Ending, measured: Measured | None
) -> dict[str, Json]:
    """Return the sections that close ``document``; without ``measured`` no table is listed."""
    error = describe_error(ending.error) if ending.error else None
    sessions = [dict(as_object(session)) for session in as_list(document.get("sessions"))]
    for session in sessions[-1:]:
        session["end"] = ending.ended
    summary = measured.summary if measured else {}
    sections: dict[str, Json] = {
        "status": ending.status,
        "sessions": [*sessions],
        "timestamp": as_object(document.get("timestamp")) | {"end": ending.ended},
        "error": error,
        "metrics": metrics_section(summary, stated_metrics(document), ending.seconds),
    }
    if measured is not None:
        sections["summary"] = {name: entry.to_json() for name, entry in summary.items()}
        sections["files"] = measured.files
        if measured.sweep:
            sections["sweep"] = as_object(document.get("sweep")) | dict(measured.sweep)
    return sections


def running_sections(document: Mapping[str, Json]) -> dict[str, Json]:
    """Return the sections that ``document`` has again when its run goes on after all."""
    sessions = [as_object(session) for session in as_list(document.get("sessions"))]
    return {
        "status": "running",
        "timestamp": as_object(document.get("timestamp")) | {"end": None},
        "sessions": [*sessions[:-1], *(last | {"end": None} for last in sessions[-1:])],
    }


def stated_metrics(document: Mapping[str, Json]) -> dict[str, Json]:
    """Return the metrics that the caller stated, by name."""
    metrics = as_object(document.get("metrics"))
    return {name: metrics.get(name) for name in map(str, as_list(document.get("stated")))}


def refresh_note(
    run_dir: Path,
    document: Mapping[str, Json],
    filled: Mapping[str, list[str]],
    measured: Measured | None,
    parent: RunRecord | None,
) -> dict[str, Json]:
    """Fill what the sealed run knows into a note nobody has touched; return the note section.

    Args:
        run_dir: the run's folder.
        document: the record, sealed sections included.
        filled: the lines the note was started with, by section.
        measured: what the run's files say.
        parent: the run this one follows.

    Raises:
        OSError: the note cannot be written.
    """
    known = as_object(document.get("note"))
    lines = dict(filled)
    objective = RunRecord(document=document).objective
    summary = measured.summary if measured else {}
    is_sweep = measured is not None and bool(measured.sweep)
    result = prefill.describe_result(
        summary, stated_metrics(document), objective, parent, is_sweep=is_sweep
    )
    if measured is not None:
        result += prefill.describe_sweep(measured.sweep, measured.best_trial)
        if not lines.get("Risk/Anomaly"):
            lines["Risk/Anomaly"] = prefill.describe_failed_trials(measured.failed)
    if not lines.get("Change"):
        lines["Change"] = prefill.describe_command(document)
    if document["status"] == "finished":
        lines["Result"] = result
    else:
        told = as_object(document.get("error")) or None
        lines |= prefill.describe_failure(str(document["status"]), told, result)
    if not filled.get("Risk/Anomaly"):
        risks = prefill.describe_risk(document)
        lines["Risk/Anomaly"] = [*lines.get("Risk/Anomaly", []), *risks]
    data = render_note(run_dir.name, lines)
    if refresh_untouched(run_dir, as_text(known.get("template")) or "", data):
        return known | {"template": note_hash(data)}
    return known


def seal_abandoned(run_dir: Path, *, is_silent: bool | None = None) -> RunRecord:
    """Seal the record of a run whose process is gone, as crashed at its last row.

    Args:
        run_dir: the folder that holds the run.
        is_silent: True when the run has given no sign for so long that it is shown as crashed;
            that decides where this host cannot ask for its process.

    Raises:
        LedgerError: the record is sealed already, or its process still runs, or it ran on another
            host, where nobody here can tell.
        MalformedError: the record does not parse.
        OSError: the record cannot be read or written.
    """
    record = parse_record((run_dir / RECORD_NAME).read_bytes())
    _refuse_living(record, run_dir, is_silent=is_silent)
    _cut_torn_tails(run_dir)
    workers = read_workers(run_dir)
    measured, known = _measure(run_dir, record.document, fold(record.document, workers))
    start = datetime.fromisoformat(record.started)
    ending = Ending(
        status="crashed",
        ended=time_text(start + timedelta(seconds=measured.last_time or 0.0)),
        seconds=measured.last_time or 0.0,
    )
    document = known | sealed_sections(known, ending, measured)
    if measured.problem:
        document["incomplete"] = measured.problem
    lines = fold_note(present_lines(run_dir), workers)
    document["note"] = refresh_note(run_dir, document, lines, measured, None)
    replace_file(str(run_dir / RECORD_NAME), encode_record(document))
    return RunRecord(document=document)


def _measure(
    run_dir: Path, own: Mapping[str, Json], document: Mapping[str, Json]
) -> tuple[Measured, dict[str, Json]]:
    """Return what the run's files say, and its record with what became of tables too large.

    Args:
        run_dir: the run's folder.
        own: the record as it stands.
        document: the same with what its workers state.
    """
    grown = dict(document)

    def tell(sections: Mapping[str, Json]) -> bool:
        grown.update(sections)
        # a seal that is cut short folds the workers again: only what it needs to go on is written
        written = {**own, "thinned": sections["thinned"]}
        replace_file(str(run_dir / RECORD_NAME), encode_record(written))
        return True

    shelf = shelf_of(run_dir)
    growth = look_at_growth(run_dir, document, shelf, tell) if shelf else None
    for line in growth.to_text() if growth else ():
        say(f"{run_dir.name}: {line}")
    if growth is not None and growth.problem:
        grown["warnings"] = [*as_list(grown.get("warnings")), growth.problem]
    return measure(run_dir, grown, growth), grown


def describe_error(error: BaseException | Mapping[str, Json]) -> dict[str, Json]:
    """Return the error section of a record, credentials redacted."""
    if not isinstance(error, BaseException):
        return as_object(redact(dict(error)))
    # as a whole before it is cut: a key of several lines is known by its first
    trace = redact_text("".join(traceback.format_exception(error)))
    try:
        message = str(error)
    except Exception as failure:  # noqa: BLE001  # the caller's class, and its run must be sealed
        message = f"<its text cannot be made: {type(failure).__name__}>"
    return {
        "type": type(error).__name__,
        "message": to_json(redact_text(message)),
        "traceback_tail": [to_json(line) for line in trace.splitlines()[-TRACEBACK_LINES:]],
    }


def _refuse_living(record: RunRecord, run_dir: Path, *, is_silent: bool | None) -> None:
    if "files" in record.document or record.status != "running":
        message = f"{record.run_id} is sealed already ({record.status})"
        raise LedgerError(message, hint="nothing is to be done", path=run_dir)
    process = writer_of(record)
    if process is None:
        return  # written by hand: no process ever stood behind it
    is_over = is_gone(process)
    if is_over is None and not is_silent:
        message = f"{record.run_id} runs on the host {process.hostname}, or in another container"
        raise LedgerError(
            message, hint="seal it there, or once it is shown as crashed", path=run_dir
        )
    worker = living_worker(run_dir) if is_over is not False else None
    if is_over is False or worker is not None:
        pid = process.pid if worker is None else worker.document["pid"]
        message = f"{record.run_id} is still running as process {pid}"
        raise LedgerError(message, hint="wait for its end, or end the process", path=run_dir)


def _cut_torn_tails(run_dir: Path) -> None:
    """Cut the unfinished last lines: other programs would read half a number as a whole one."""
    for path in run_dir.iterdir():
        if is_table(path.name):
            os.close(open_table(str(path)))


def present_lines(run_dir: Path) -> dict[str, list[str]]:
    """Return what the note holds now, by section: an untouched one keeps it when refreshed."""
    try:
        note = parse_note((run_dir / "run.md").read_bytes())
    except (OSError, LedgerError):
        return {}
    return {name: section.text.splitlines() for name, section in note.sections.items()}

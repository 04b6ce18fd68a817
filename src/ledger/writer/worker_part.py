"""The part of one process in a run that another process owns, and how the owner takes it over."""

from __future__ import annotations

from pathlib import Path

from ledger.capture.process import is_working
from ledger.contract.json_text import as_object
from ledger.contract.layout import RECORD_NAME
from ledger.contract.record import parse_record
from ledger.contract.worker import Worker, fold, fold_note
from ledger.writer.record_file import now_text
from ledger.writer.seal import Ending, describe_error, sealed_sections
from ledger.writer.seal_sections import measure
from ledger.writer.worker_files import part_with, read_workers


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json
    from ledger.writer.record_file import RecordFile


def part_ended(status: str, error: BaseException | Mapping[str, Json] | None) -> dict[str, Json]:
    """Return the sections that close the file of a worker."""
    said = describe_error(error) if error else None
    return {"status": status, "ended": now_text(), "error": said}


def gather_workers(
    folder: Path, record: RecordFile, note: Mapping[str, list[str]]
) -> Mapping[str, list[str]]:
    """Let ``record`` take over what the workers of the run state; return the note's lines so.

    A worker whose process stays behind is told in the warnings; it writes no more into the run.
    """
    workers = read_workers(folder)
    if not workers:
        return note
    record.adopt([_ended(folder, worker, record) for worker in workers])
    return fold_note(note, workers)


def joined_document(folder: Path, part: RecordFile) -> dict[str, Json]:
    """Return the record of the run in ``folder`` as it would be if it ended with this part now.

    Raises:
        LedgerError: the record does not parse.
        OSError: a file of the run cannot be read.
    """
    record = parse_record((folder / RECORD_NAME).read_bytes())
    document = fold(record.document, [Worker(name=part.worker, document=part.document)])
    measured = measure(folder, document)
    ended = str(part.document.get("ended") or now_text())
    seconds = measured.last_time or 0.0
    ending = Ending(status=str(part.document["status"]), ended=ended, seconds=seconds)
    sections = sealed_sections(document, ending, measured)
    sections["error"] = as_object(part.document.get("error")) or None
    return {key: item for key, item in (document | sections).items() if key != "files"}


def _ended(folder: Path, worker: Worker, record: RecordFile) -> Worker:
    """Return ``worker`` as the record takes it over: told, when it did not end its part."""
    if worker.status != "running":
        return worker
    why = "it was killed, or left without ending"
    if is_working(worker.document):
        try:
            part_with(folder, worker)
        except OSError as failure:
            record.mark_incomplete("workers", f"{worker.name}: {failure.strerror or failure}")
        why = "it still runs; what it records from now on is lost"
    known = worker.document.get("warnings")
    warnings: list[Json] = [*(known if isinstance(known, list) else []), why]
    return Worker(name=worker.name, document={**worker.document, "warnings": warnings})

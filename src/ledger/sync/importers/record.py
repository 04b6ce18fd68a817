"""The record and the note of an imported run: what its tool knew, null where it knew nothing."""

from __future__ import annotations

from ledger.contract.config import to_json
from ledger.contract.json_text import as_object
from ledger.contract.layout import encode_token, slug
from ledger.contract.note import AUTO
from ledger.contract.record_shape import SCHEMA_VERSION
from ledger.contract.redaction import redact, redact_text
from ledger.version import VERSION
from ledger.writer.first_record import config_section
from ledger.writer.record_file import time_text
from ledger.writer.scalars import legible
from ledger.writer.seal_sections import metrics_section


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ledger.contract.json_text import Json
    from ledger.contract.record import RunRecord
    from ledger.sync.importers.sweep import ForeignSweep
    from ledger.sync.importers.tables import Columns
    from ledger.writer.seal_sections import Measured

_NO_COMMIT: dict[str, Json] = dict.fromkeys(("commit", "base", "branch", "remote", "dirty"))


def run_id_of(sweep: ForeignSweep) -> str:
    """Return the id of the run: the tool, the name, and a token of the digest; the same anywhere.

    It names no time: of a copied folder nobody knows when it was.
    """
    token = encode_token(bytes.fromhex(sweep.digest))
    return f"{slug(sweep.tool)}_{slug(redact_text(sweep.name))}-{token}"


def origin_of(sweep: ForeignSweep) -> dict[str, Json]:
    """Return the section ``imported_from``."""
    origin: dict[str, Json] = {
        "tool": sweep.tool,
        "uri": legible(sweep.uri),
        "id": legible(redact_text(sweep.id)),
        "digest": f"sha256:{sweep.digest}",
    }
    return origin if sweep.epoch_base is None else origin | {"epoch_base": sweep.epoch_base}


def document_of(  # noqa: PLR0913  # what a record says beside what the sweep does
    sweep: ForeignSweep,
    columns: Columns,
    run_dir: Path,
    *,
    parent: str | None,
    project: str,
    seed_keys: Sequence[str],
) -> dict[str, Json]:
    """Return the record before anything is measured; a large config becomes a file of the run.

    Raises:
        OSError: that file cannot be written.
    """
    tuned = {"tuner": sweep.tuner, "space": sweep.space, "max_trials": sweep.max_trials}
    stated = {key: to_json(item) for key, item in tuned.items() if item is not None}
    metric = None if sweep.objective is None else columns.rest[sweep.objective[0]].name
    config = as_object(redact(to_json(sweep.config)))
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": run_dir.name,
        "name": redact_text(sweep.name),
        "tags": [],
        "parent": parent,
        "project": project,
        "status": sweep.status,
        "warnings": [redact_text(told) for told in _warnings(sweep)],
        "timestamp": {
            "start": time_text(sweep.started),
            "end": time_text(sweep.ended) if sweep.ended else None,
        },
        "git": _NO_COMMIT,
        "config": config_section(run_dir, None, config, seed_keys),
        "data": None,
        "environment": {},
        "random": {} if sweep.seed is None else {"seed": sweep.seed},
        "metrics": {},
        "artifacts": {},
        "columns": {name: column.to_json() for name, column in columns.all().items()},
        "objective": {"metric": metric, "goal": sweep.objective[1]} if sweep.objective else None,
        "sweep": as_object(redact(stated | as_object(to_json(sweep.about)))),
        "imported_from": origin_of(sweep),
        "ledger_version": VERSION,
    }


def measured_sections(
    sweep: ForeignSweep, document: Mapping[str, Json], measured: Measured
) -> dict[str, Json]:
    """Return the sections that the tables decide."""
    is_timed = sweep.are_times_said and sweep.ended is not None
    seconds = (sweep.ended - sweep.started).total_seconds() if sweep.ended else 0.0
    metrics = metrics_section(measured.summary, {}, max(0.0, seconds))
    if not is_timed:
        metrics.pop("training_time_hours")
    return {
        "metrics": metrics,
        "summary": {name: entry.to_json() for name, entry in measured.summary.items()},
        "sweep": as_object(document.get("sweep")) | dict(measured.sweep),
        "files": measured.files,
    }


def note_lines(sweep: ForeignSweep, parent: RunRecord | None) -> dict[str, list[str]]:
    """Return what the note says of where the run is from, by section."""
    change = [f"{AUTO}imported from {sweep.tool}: {legible(sweep.uri)}"]
    if parent is not None:
        change.append(f"{AUTO}the source has changed since {parent.run_id} was imported")
    return {
        "Change": change,
        "Risk/Anomaly": [f"{AUTO}{legible(redact_text(told))}" for told in _warnings(sweep)],
    }


def _warnings(sweep: ForeignSweep) -> Iterator[str]:
    yield from sweep.said
    if sweep.objective is None:
        yield sweep.why_no_objective
    if not sweep.are_times_said:
        yield "the source does not say when it ran; the times are those of its files"

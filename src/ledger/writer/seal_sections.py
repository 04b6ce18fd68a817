"""What a record says at the seal, computed from the files of the run."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from ledger.contract.columns import columns_of
from ledger.contract.json_text import as_object, as_text, encode_number
from ledger.contract.layout import (
    CONFIG_NAME,
    PATCH_NAME,
    is_metrics_table,
    is_table,
    table_order,
    worker_of,
)
from ledger.contract.metrics import decode_table, summarise
from ledger.contract.trials import decode_trials, sum_up
from ledger.contract.worker import in_order
from ledger.errors import MalformedError
from ledger.value import value
from ledger.writer.shelf import digests


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ledger.contract.json_text import Json
    from ledger.contract.metrics import Summary, Table
    from ledger.contract.trials import Trial
    from ledger.writer.thinning import Growth

SECONDS_PER_HOUR = 3600


@value
class Measured:
    """Everything the files of a run say about it."""

    summary: Mapping[str, Summary]
    files: dict[str, Json]
    """The files section: SHA-256, rows and bytes by name."""
    last_time: float | None
    """The ``time`` of the last row, seconds since the start."""
    problem: str | None
    """Why a table could not be read, None when all could."""
    sweep: Mapping[str, Json] = {}
    """What the trials tables say of a sweep; empty for a run that is none."""
    best_params: Mapping[str, str] = {}
    """Those of the sweep's best trial."""


def measure(run_dir: Path, document: Mapping[str, Json], growth: Growth | None = None) -> Measured:
    """Return what the files in ``run_dir`` say; a table that does not parse is named, not raised.

    Args:
        run_dir: the folder that holds the run.
        document: its record.
        growth: what its metrics tables say, where they are too large to be held.

    Raises:
        OSError: a file of the run cannot be read.
    """
    found: dict[str, Table] = {}
    files: dict[str, Json] = {}
    trials: list[Trial] = []
    problem = None
    for path in sorted(run_dir.iterdir(), key=lambda file: table_order(file.name)):
        is_listed = path.name in {PATCH_NAME, CONFIG_NAME} or worker_of(path.name) is not None
        if not (is_table(path.name) or is_listed):
            continue
        if growth is not None and is_metrics_table(path.name):
            sha256, _, rows, size = digests(path)
            files[path.name] = {"sha256": sha256, "rows": rows, "bytes": size}
            continue
        data = path.read_bytes()
        entry: dict[str, Json] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        if is_table(path.name):
            try:
                table = decode_table(data)
                trials += [] if is_metrics_table(path.name) else decode_trials(data)
            except MalformedError as error:
                problem = str(error.at(path.name))
                continue
            entry = {"sha256": entry["sha256"], "rows": len(table.rows), "bytes": len(data)}
            if is_metrics_table(path.name):
                found[path.name] = table
        files[path.name] = entry
    goal = as_text(as_object(document.get("objective")).get("goal"))
    sweep = sum_up(trials, goal) if trials else {}
    params = {each.trial_id: each.params for each in trials}.get(str(sweep.get("best_trial")), {})
    if growth is not None:
        return Measured(
            summary=growth.summary,
            files=files,
            last_time=growth.last_time,
            problem=problem,
            sweep=sweep,
            best_params=params,
        )
    tables = in_order(found)
    headers = [name for table in tables for name in table.header]
    summary: Mapping[str, Summary] = {}
    try:
        summary = summarise(tables, columns_of(document, headers))
    except MalformedError as error:
        problem = str(error)
    return Measured(
        summary=summary,
        files=files,
        last_time=_last_time(found.values()),
        problem=problem,
        sweep=sweep,
        best_params=params,
    )


def metrics_section(
    summary: Mapping[str, Summary], stated: Mapping[str, Json], seconds: float
) -> dict[str, Json]:
    """Return the metrics section: every metric's last value, what was stated, and the hours."""
    last: dict[str, Json] = {name: encode_number(entry.last) for name, entry in summary.items()}
    return last | {"training_time_hours": round(seconds / SECONDS_PER_HOUR, 6)} | dict(stated)


def _last_time(tables: Iterable[Table]) -> float | None:
    """Return the time of the row that was written last, by whatever worker."""
    times = []
    for table in tables:
        if "time" in table.header and table.rows:
            cell = table.rows[-1][table.header.index("time")]
            with contextlib.suppress(ValueError):
                times.append(float(cell))
    return max(times, default=None)

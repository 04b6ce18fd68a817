"""What a record says at the seal, computed from the files of the run."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from ledger.contract.columns import columns_of
from ledger.contract.json_text import as_object, as_text, encode_number
from ledger.contract.layout import (
    CELLS_NAME,
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
_DOCUMENTS = frozenset({PATCH_NAME, CONFIG_NAME, CELLS_NAME})


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
    best_trial: Trial | None = None
    """The sweep's best one, as its last attempt ended."""
    failed: Mapping[str, tuple[str, ...]] = {}
    """The trials that failed, by why they did."""


def measure(run_dir: Path, document: Mapping[str, Json], growth: Growth | None = None) -> Measured:
    """Return what the files in ``run_dir`` say; a table that does not parse is named, not raised.

    Args:
        run_dir: the folder that holds the run.
        document: its record.
        growth: what its metrics tables say, where they are too large to be held.

    Raises:
        OSError: a file of the run cannot be read.
    """
    read = _Read(run_dir, is_growth_told=growth is not None)
    goal = as_text(as_object(document.get("objective")).get("goal"))
    sweep = sum_up(read.trials, goal) if read.trials else {}
    last = {each.trial_id: each for each in read.trials}
    problem = read.problem
    if growth is not None:
        summary, last_time = growth.summary, growth.last_time
    else:
        tables = in_order(read.tables)
        headers = [name for table in tables for name in table.header]
        summary, last_time = {}, _last_time(tables)
        try:
            summary = summarise(tables, columns_of(document, headers))
        except MalformedError as error:
            problem = str(error)
    return Measured(
        summary=summary,
        files=read.files,
        last_time=last_time,
        problem=problem,
        sweep=sweep,
        best_trial=last.get(str(sweep.get("best_trial"))),
        failed=_failed(last.values()),
    )


def _failed(trials: Iterable[Trial]) -> dict[str, tuple[str, ...]]:
    """Return the ids of the trials that failed by the last line of what was said of each."""
    found: dict[str, tuple[str, ...]] = {}
    for each in trials:
        if each.status == "failed":
            why = ((each.message or "").strip().splitlines() or ["no reason was given"])[-1]
            found[why] = (*found.get(why, ()), each.trial_id)
    return found


class _Read:
    """The files of a run, read once.

    Attributes:
        files: SHA-256, rows and bytes by name.
        tables: the metrics tables by name; none where they are too large to be held.
        trials: rows of the trials tables.
        problem: why a table could not be read, the last one found.
    """

    def __init__(self, run_dir: Path, *, is_growth_told: bool) -> None:
        self.files: dict[str, Json] = {}
        self.tables: dict[str, Table] = {}
        self.trials: list[Trial] = []
        self.problem: str | None = None
        for path in sorted(run_dir.iterdir(), key=lambda file: table_order(file.name)):
            if is_growth_told and is_metrics_table(path.name):
                sha256, _, rows, size = digests(path)
                self.files[path.name] = {"sha256": sha256, "rows": rows, "bytes": size}
            elif is_table(path.name):
                self._add_table(path.name, path.read_bytes())
            elif path.name in _DOCUMENTS or worker_of(path.name) is not None:
                data = path.read_bytes()
                self.files[path.name] = {"sha256": _sha256(data), "bytes": len(data)}

    def _add_table(self, name: str, data: bytes) -> None:
        try:
            table = decode_table(data)
            self.trials += [] if is_metrics_table(name) else decode_trials(data)
        except MalformedError as error:
            self.problem = str(error.at(name))
            return
        self.files[name] = {"sha256": _sha256(data), "rows": len(table.rows), "bytes": len(data)}
        if is_metrics_table(name):
            self.tables[name] = table


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


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

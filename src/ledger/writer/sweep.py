"""The trials of a run: when each attempt at one starts and ends, and the rows in between."""

from __future__ import annotations

import functools
import math
import threading
from operator import is_

from ledger.contract.config import to_json
from ledger.contract.json_text import as_object
from ledger.contract.metrics import encode_cell
from ledger.contract.redaction import redact, redact_text
from ledger.writer.record_file import now_text
from ledger.writer.scalars import PLAIN, param_cell, plain
from ledger.writer.trials_table import TrialsTable


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from ledger.contract.metrics import Cell
    from ledger.writer.home import Home
    from ledger.writer.record_file import RecordFile
    from ledger.writer.table import MetricsTable

    Keep: TypeAlias = Callable[..., None]

MAX_MESSAGE = 4000
"""Characters of what a tuner says of a trial; of a longer text its end is kept."""


class Sweep:
    """The trials that this process runs; no method raises for a failed write.

    Args:
        home: where the run's files are.
        record: its record.
        table: its open table.
        keep: takes what is written, what writes it, and the arguments of that; it tells a failure.
        worker: whose tables they are; "" for the owner's.
    """

    def __init__(
        self, home: Home, record: RecordFile, table: MetricsTable, keep: Keep, worker: str = ""
    ) -> None:
        self._record = record
        self._table = table
        self._keep = keep
        self._log = TrialsTable(home, worker)
        self.write_row = functools.partial(keep, "rows of trials", table.append_trial)
        """Takes what ``append_trial`` of the table takes."""
        self._lock = threading.RLock()
        self._open: dict[tuple[str, int], Attempt] = {}
        self._counts: dict[str, int] = {}

    def describe(
        self,
        *,
        tuner: str | None = None,
        space: Mapping[str, object] | None = None,
        max_trials: int | None = None,
        objective: tuple[str, str] | None = None,
    ) -> None:
        """Say what is tuned, and how; said again, what is not None replaces what was said.

        Args:
            tuner: the name of the algorithm.
            space: by the name of each param what it may be.
            max_trials: how many trials there are to be, at most.
            objective: (metric, "min" or "max"); it counts where the run has none.
        """
        said = {"tuner": tuner, "space": space, "max_trials": max_trials}
        stated = {key: to_json(item) for key, item in said.items() if item is not None}
        with self._record.lock:
            document = self._record.document
            sections = {"sweep": as_object(document.get("sweep")) | as_object(redact(stated))}
            if objective is not None and not document.get("objective"):
                sections["objective"] = {"metric": objective[0], "goal": objective[1]}
            if any(document.get(key) != section for key, section in sections.items()):
                self._keep("what is told of a sweep", self._tell, sections)
            known = as_object((document | sections).get("objective"))
        self._table.expect(str(known["metric"]) if known else None, space or ())
        self._log.expect(space or ())

    def begin(
        self,
        trial_id: str,
        params: Mapping[str, object] | None = None,
        *,
        parent: str | None = None,
    ) -> Attempt:
        """Begin the next attempt at a trial.

        Args:
            trial_id: text: ``00`` is not ``0``.
            params: those that are known.
            parent: the trial that this one continues.
        """
        with self._lock:
            n = max(self._counts.get(trial_id, 0), self._log.attempts_elsewhere(trial_id))
            self._counts[trial_id] = n + 1
            attempt = Attempt(self, trial_id, n)
            self._open[trial_id, n] = attempt
            told: dict[str, Cell] = {"status": "running", "started": now_text()}
            if parent is not None:
                told["parent"] = parent
            self._append(attempt, told, params or {})
        return attempt

    @property
    def n_trials(self) -> int:
        """How many trials have begun in this process, or in an earlier session."""
        return len(self._counts)

    def lose(self, what: str, error: Exception) -> None:
        """Let the record say that ``what`` of the sweep could not be recorded, and why."""
        told = redact_text(f"{what} was not recorded: {type(error).__name__}: {error}")
        self._record.mark_incomplete(f"sweep {what}", told)

    def close(self, status: str) -> None:
        """End the attempts that are open: the run ends with ``status``."""
        with self._lock:
            for attempt in list(self._open.values()):
                attempt.end("interrupted" if status == "finished" else status)

    def orphans(self) -> dict[str, bytes]:
        """Return {name: bytes} of the log of trials when no folder holds its file any more."""
        return self._log.orphans()

    def release(self) -> None:
        """Let the log of trials be on the disk, and close it.

        Raises:
            OSError: it could not be flushed.
        """
        self._log.close()

    def go_on(self) -> None:
        """Number attempts on from those of an earlier session; what it left running is no more.

        Raises:
            OSError: the log cannot be read.
            MalformedError: it does not follow the format.
        """
        for trial in self._log.go_on():
            number = trial.attempt or 0
            self._counts[trial.trial_id] = max(self._counts.get(trial.trial_id, 0), number + 1)
            if trial.status == "running":
                self._append(Attempt(self, trial.trial_id, number), {"status": "crashed"}, {})

    def write_end(
        self, attempt: Attempt, cells: Mapping[str, Cell], params: Mapping[str, object]
    ) -> None:
        """Write that ``attempt`` has ended; told twice, the first counts."""
        with self._lock:
            if self._open.pop((attempt.trial_id, attempt.number), None) is not None:
                self._append(attempt, {**cells, "ended": now_text()}, params)

    def _append(
        self, attempt: Attempt, cells: Mapping[str, Cell], params: Mapping[str, object]
    ) -> None:
        key: dict[str, Cell] = {"trial_id": attempt.trial_id, "attempt": attempt.number}
        self._keep("ends of trials", self._log.append, {**key, **cells}, attempt.told(params))

    def _tell(self, sections: Mapping[str, object]) -> None:
        self._record.update(sections)  # type: ignore[arg-type]  # JSON, by `to_json`


class Attempt:
    """One attempt at a trial; made by ``Sweep.begin``."""

    def __init__(self, sweep: Sweep, trial_id: str, number: int) -> None:
        self.trial_id = trial_id
        self.number = number
        """0 for the first attempt at the trial."""
        self._sweep = sweep
        self._params: dict[str, object] = {}
        self._told: dict[str, str] = {}

    def told(self, params: Mapping[str, object]) -> Mapping[str, str]:
        """Return what cells of ``params`` hold; those that are what they were are encoded once."""
        known = self._params
        if (
            known.keys() != params.keys()
            or not all(map(is_, params.values(), map(known.get, params)))
            or not PLAIN.issuperset(map(type, known.values()))
        ):
            self._params = dict(params)
            self._told = {
                name: encode_cell(param_cell(name, item)) for name, item in params.items()
            }
        return self._told

    def log(
        self,
        metrics: Mapping[str, object],
        *,
        params: Mapping[str, object] | None = None,
        epoch: int | None = None,
        step: int | None = None,
        execution: int | None = 0,
    ) -> None:
        """Write one row.

        Args:
            metrics: by name.
            params: those of the trial, as they are now.
            epoch: as the framework numbers it; None for a row of no epoch.
            step: likewise, where the trial has steps or rounds rather than epochs.
            execution: which training of the trial it is, from 0; None for a row about all of them.
        """
        index = (self.trial_id, self.number, execution, epoch)
        self._sweep.write_row(index, params or {}, metrics, step)

    def end(  # noqa: PLR0913  # what a log says of an attempt is this much
        self,
        status: str = "finished",
        *,
        score: object = None,
        best_epoch: int | None = None,
        execution: int | None = None,
        message: str | None = None,
        params: Mapping[str, object] | None = None,
    ) -> None:
        """Say how the attempt ended; called twice, the first call counts.

        Args:
            status: finished, failed, interrupted, or pruned: ended early by the tuner.
            score: what the tuner says, finite or not.
            best_epoch: the epoch of its best value.
            execution: the last training of the trial.
            message: why it failed.
            params: those of the trial.
        """
        cells: dict[str, Cell] = {
            "execution": execution,
            "status": status,
            "score": _number(score),
            "best_epoch": best_epoch,
            "message": redact_text(message)[-MAX_MESSAGE:] if message else None,
        }
        self._sweep.write_end(self, cells, params or {})


def _number(score: object) -> float | None:
    try:
        cell = plain(score)
    except TypeError:
        return None
    if isinstance(cell, str) or cell is None:
        return None
    return float(cell) if isinstance(cell, float | int) else math.nan

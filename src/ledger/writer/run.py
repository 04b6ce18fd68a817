"""A run while it lives: rows, stated metrics, artifacts, and the seal at its end."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ledger.contract.columns import columns_of
from ledger.contract.json_text import as_text
from ledger.contract.record import RunRecord
from ledger.writer import prefill
from ledger.writer.artifact_entry import describe_artifact
from ledger.writer.capturing import SECONDS_WHEN_INTERRUPTED
from ledger.writer.display import run_html
from ledger.writer.dvc_add import track_whole_tables
from ledger.writer.measuring import measure_run
from ledger.writer.narrate import say, warn
from ledger.writer.record_file import now_text
from ledger.writer.rescue import rescue_record, rescue_tables, tell_rescue
from ledger.writer.seal import Ending, outcome, refresh_note, running_sections, sealed_sections
from ledger.writer.stated import LastSteps, state, state_artifact, stated_values
from ledger.writer.sweep import Sweep
from ledger.writer.table import MetricsTable
from ledger.writer.worker_part import gather_workers, joined_document, part_ended


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from ledger.contract.json_text import Json
    from ledger.writer.capturing import Capture
    from ledger.writer.home import Home
    from ledger.writer.record_file import RecordFile
    from ledger.writer.seal_sections import Measured
    from ledger.writer.shelf import Shelf


class Run:
    """One execution that is being recorded; made by ``ledger.start``.

    Use it as a context manager, or call ``finish``. No method raises for a failed write: that is
    told once on stderr and marked ``incomplete`` in the record.
    """

    def __init__(  # noqa: PLR0913  # the parts of a run, put together in one place
        self,
        *,
        home: Home,
        project_root: Path,
        record: RecordFile,
        capture: Capture,
        note: Mapping[str, list[str]],
        parent: RunRecord | None,
        on_close: Callable[[Run], None],
        shelf: Shelf,
        seconds_before: float = 0.0,
        seconds_idle: float = 0.0,
        table_of: str = "",
    ) -> None:
        self._id = home.run_dir.name
        self._home = home
        self._project_root = project_root
        self._record = record
        self._capture = capture
        self._note = note
        self._parent = parent
        self._on_close = on_close
        self._shelf = shelf
        self._started = time.perf_counter() - seconds_before
        self._idle, self._pid = seconds_idle, os.getpid()
        self._told: set[str] = set()
        self._n_lost = 0
        self._is_sealing = False
        self._is_sealed = False
        self._is_in_block = False
        self._is_interrupted = False
        self._last_steps = LastSteps(record)
        declared = RunRecord(document=record.document)
        self._table = MetricsTable(
            home,
            record,
            self._warn_once,
            origin=self._started,
            params=declared.config,
            objective=declared.objective[0] if declared.objective else None,
            worker=table_of,
        )
        self._sweep = Sweep(home, record, self._table, self._keep, worker=table_of)

    @property
    def id(self) -> str:
        """The run's id, also the name of its folder."""
        return self._id

    @property
    def dir(self) -> Path:
        """The run's folder; while git has it away, the one that stands for it."""
        return self._home.folder

    @property
    def is_open(self) -> bool:
        """Whether this process may still write to the run."""
        return not self._is_sealed and os.getpid() == self._pid

    @property
    def is_sealing(self) -> bool:
        """Whether the seal is being written right now."""
        return self._is_sealing

    @property
    def is_in_block(self) -> bool:
        """Whether a ``with`` block ends the run."""
        return self._is_in_block

    @property
    def document(self) -> dict[str, Json]:
        """The record as it stands now; of a run that was joined with this process's part."""
        if self._record.worker:
            return joined_document(self._home.folder, self._record)
        return dict(self._record.document)

    @property
    def table_names(self) -> list[str]:
        """File names of the tables that this process has written so far."""
        return self._table.names

    @property
    def is_captured(self) -> bool:
        """Whether code, environment and data have all been captured."""
        return self._capture.is_done

    def wait_for_capture(self, timeout: float | None = None) -> bool:
        """Wait until all has been captured, at most ``timeout`` seconds; whether it has."""
        return self._capture.wait(timeout)

    def begin(self) -> None:
        """Begin to capture what the start left open."""
        self._capture.start()

    def go_on(self, names: Sequence[str]) -> None:
        """Go on with the metrics tables ``names``, and the trials, of an earlier session."""
        self._table.go_on(names, columns_of(self._record.document, ()))
        self._sweep.go_on()

    def log(self, metrics: Mapping[str, object] | None = None, /, **values: object) -> None:
        """Write one row of the metrics table, at once.

        Args:
            metrics: values by name, for names that are no Python identifiers.
            values: ``epoch`` and ``step``, whole numbers from 0, are the row's index (without one,
                step is the number of rows so far); every other number is a metric. Scalars of
                numpy, torch and jax are accepted; None leaves the cell empty.
        """
        row = values if metrics is None else {**metrics, **values}
        if self._is_sealed:
            self._may_write("rows logged")
            return
        try:
            self._table.append(row)
        except (OSError, ValueError) as error:
            self._lose_row(error)

    @property
    def sweep(self) -> Sweep:
        """The trials of the run, if it is to have any."""
        return self._sweep

    def final(self, metrics: Mapping[str, object] | None = None, /, **values: object) -> None:
        """State final metrics, such as a test score; they stand as given, whatever the rows say."""
        if not self._may_write("final metrics given"):
            return
        state(self._record, stated_values({**(metrics or {}), **values}, self._warn_once))

    def set_goals(self, goals: Mapping[str, str]) -> None:
        """State, by metric, which way is better: "min" or "max"; columns to come say it, too."""
        if self._may_write("goals given"):
            self._table.aim(goals)

    def before_seal(self, step: Callable[[], None]) -> None:
        """Call ``step`` when the run is about to be sealed, for what is only known then."""
        self._last_steps.add(step)

    def artifact(self, name: str, path: str | os.PathLike[str], *, is_hashed: bool = True) -> None:
        """Record that the run made the file or folder ``path``: its path, hash and bytes.

        The file stays where it is. One that is not there is recorded without a hash, with a
        warning.

        Args:
            name: what it is: model, plots, predictions.
            path: where it is; recorded relative to the project when inside it.
            is_hashed: False for a folder that goes on changing: hash and bytes are then None.
        """
        if not self._may_write("artifacts given"):
            return
        try:
            described = describe_artifact(path, self._project_root, is_hashed=is_hashed)
        except TypeError:
            self._warn_once(f"artifact {name}", f"artifact {name}: {path!r} is no path; left out")
            return
        if described.warning:
            warn(f"{self.id}: artifact {name}: {described.warning}")
        state_artifact(self._record, name, described.entry)

    def finish(
        self, status: str = "finished", error: BaseException | Mapping[str, Json] | None = None
    ) -> None:
        """Seal the record; called twice, the first call counts.

        Args:
            status: finished, failed or interrupted.
            error: what ended a run that failed; a mapping is the record's section itself.
        """
        if not self.is_open or self._is_sealing:
            return
        if self._is_interrupted and (status == "finished" or isinstance(error, SystemExit)):
            status, error = "interrupted", None
        self._is_sealing = True
        try:
            self._last_steps.take()
            interruption = self._capture.end(status)
            self._seal(status, error)
            self._is_sealed = True
        finally:
            self._is_sealing = False
        self._on_close(self)
        if interruption is not None:
            raise interruption
        if status != "interrupted":  # who ends a run by a signal does not wait for DVC
            track_whole_tables(self._record.document, self._project_root, os.environ)

    def hurry(self) -> None:
        """Let the seal that is being written wait for nothing any more."""
        self._capture.hurry()

    def interrupt(self) -> None:
        """Let the record say interrupted now, in case what follows ends the process.

        The run stays open for a program that stops in its own time; see ``resume``.
        """
        if self.is_open and not self._is_sealing:
            self._capture.wait(SECONDS_WHEN_INTERRUPTED)
            measured = None if self._record.worker else self._measure(is_final=False)
            self._record.update(self._sections("interrupted", None, measured))

    def resume(self, *, is_ending: bool) -> None:
        """Go on after ``interrupt``: the program has not ended.

        Args:
            is_ending: whether its ordinary end is to count as interrupted.
        """
        if self.is_open and not self._is_sealing:
            self._is_interrupted |= is_ending
            if self._record.worker:
                self._record.update({"status": "running", "ended": None})
                return
            running = running_sections(self._record.document)
            self._record.update(running, drops=("files", "summary"))

    def hold_still(self, timeout: float) -> bool:
        """Bring the capture to rest for a fork; whether it rests."""
        return self._capture.hold_still(timeout)

    def carry_on(self) -> None:
        """Let the capture go on after a fork."""
        self._capture.carry_on()

    def set_random(self, section: Mapping[str, Json]) -> None:
        """Record seeds that were set while the run was open."""
        self._record.update({"random": dict(section)})

    def abandon(self) -> None:
        """Give the run up in a forked child: only the process that started it writes it."""
        self._is_sealed = True
        self._table.abandon()

    def __repr__(self) -> str:
        """Return the id, and whether the run is open."""
        return f"<Run {self.id}, {self.document['status']}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows of the run."""
        return run_html(self.document, self.dir)

    def __enter__(self) -> Self:
        """Return the run."""
        self._is_in_block = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Seal the run with how the block ended; an exception goes on its way."""
        self.finish(*outcome(error))

    def _warn_once(self, key: str, line: str) -> None:
        if key not in self._told:
            self._told.add(key)
            warn(f"{self.id}: {line}")

    def _keep(self, what: str, write: Callable[..., None], *given: object) -> None:
        if self.is_open or self._may_write(what):
            try:
                write(*given)
            except (OSError, ValueError) as error:
                self._lose_row(error)

    def _lose_row(self, error: Exception) -> None:
        self._n_lost += 1
        why = getattr(error, "strerror", None) or str(error)
        rows = "row" if self._n_lost == 1 else "rows"
        self._record.mark_incomplete(
            "rows", f"{self._n_lost} {rows} of metrics could not be written: {why}"
        )

    def _may_write(self, what: str) -> bool:
        if not self.is_open:
            is_ours = os.getpid() == self._pid
            why = "the run is closed" if is_ours else "another process started the run"
            self._warn_once(f"closed {what}", f"{why}; {what} now are not recorded")
        return self.is_open

    def _seal(self, status: str, error: BaseException | Mapping[str, Json] | None) -> None:
        self._sweep.close(status)
        orphans = self._table.orphans() | self._sweep.orphans()
        try:
            self._table.close()
            self._sweep.release()
            self._home.settle(orphans)
        except OSError as failure:
            why = failure.strerror or failure
            self._record.mark_incomplete("table", f"the table could not be flushed: {why}")
        if self._record.worker:
            self._record.update(self._sections(status, error, None), closes=True)
            return
        if not self.dir.is_dir():
            self._record.mark_incomplete("folder", "the run's folder was removed while it ran")
            self._home.run_dir = rescue_tables(self.id, orphans) or self.dir
        self._note = gather_workers(self.dir, self._record, self._note)
        measured = self._measure(is_final=True)
        if not self._record.update(self._sections(status, error, measured), closes=True):
            self._rescue()
            return
        self._home.end()
        if self._home.run_dir.name != self.id:
            tell_rescue(self.id, self._home.run_dir, is_kept_by_git=bool(self._home.live))
        elif self._home.is_away:
            warn(
                f"{self.id}: its folder was taken away while it ran; it is sealed in {self.dir} "
                f"and comes back with `ledger ls` once git no longer holds its place"
            )
        self._say_goodbye(measured)

    def _rescue(self) -> None:
        """Keep the sealed record somewhere else: its own folder did not take it."""
        places = [self._home.live] if self._home.live else []
        kept = rescue_record(self.id, places, self._record.document)
        tell_rescue(self.id, kept, is_kept_by_git=bool(self._home.live))

    def _sections(
        self,
        status: str,
        error: BaseException | Mapping[str, Json] | None,
        measured: Measured | None,
    ) -> dict[str, Json]:
        """Return what the record says of a run that ends now, and let its note say it too."""
        if self._record.worker:
            return part_ended(status, error)
        seconds = time.perf_counter() - self._started - self._idle
        ending = Ending(status=status, ended=now_text(), seconds=seconds, error=error)
        document = self._record.document
        sections = sealed_sections(document, ending, measured)
        try:
            sections["note"] = refresh_note(
                self.dir, document | sections, self._note, measured, self._parent
            )
        except OSError as failure:
            why = failure.strerror or failure
            self._record.mark_incomplete("run.md", f"run.md could not be written: {why}")
        return sections

    def _measure(self, *, is_final: bool) -> Measured | None:
        return measure_run(self._home, self._record, self._shelf, is_final=is_final)

    def _say_goodbye(self, measured: Measured | None) -> None:
        lost = f", {self._n_lost} rows lost" if self._n_lost else ""
        best = prefill.describe_best(self._record.document, measured.summary if measured else {})
        status = as_text(self._record.document["status"])
        say(f"[{status}] {self.id}{lost}{best}; the note waits: ledger note {self.id}")

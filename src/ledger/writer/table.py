"""The open metrics table: each row is one write of one whole line, at once.

``append`` is the hot path of the product. A row whose names are those of the row before, in the
table's order, costs a join and a write; everything else goes through ``_plan``.
"""

from __future__ import annotations

import errno
import math
import os
import time
from itertools import starmap

from ledger.contract.columns import RESERVED
from ledger.contract.layout import table_name
from ledger.contract.metrics import decode_table, encode_row, whole_lines
from ledger.storage.files import append_line, flush_and_close, open_table, replace_file, take_back
from ledger.writer.scalars import position
from ledger.writer.short_rows import (
    INDEX_NAMES,
    NUMBERS,
    TRIAL_INDEX,
    short_row,
    short_trial_row,
)
from ledger.writer.table_columns import TableColumns


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ledger.contract.columns import Column
    from ledger.contract.json_text import Json
    from ledger.contract.metrics import Cell
    from ledger.writer.home import Home
    from ledger.writer.record_file import RecordFile
    from ledger.writer.short_rows import ShortRow, ShortTrialRow, TrialIndex

WARN_BYTES = 5_000_000
MAX_REWRITE_BYTES = 64 * 1024 * 1024
MIN_SECONDS_BETWEEN_REWRITES = 10.0


class MetricsTable:
    """The table of the run at ``home``; made with its first row.

    Args:
        home: where the run's files are.
        record: its record, told of new columns before a table shows them; its lock guards rows.
        warn_once: called with a key and a line when something about a row was wrong.
        clock: seconds, monotonic.
        origin: what ``clock`` said at the start of the run; None: it starts now.
        params: names that the config has taken.
        objective: the metric the run is meant to improve; a number whatever its first row holds.
        worker: whose table it is; "" for metrics.csv itself.
    """

    def __init__(  # noqa: PLR0913  # what a table needs to know of its run
        self,
        home: Home,
        record: RecordFile,
        warn_once: Callable[[str, str], None],
        *,
        clock: Callable[[], float] = time.perf_counter,
        origin: float | None = None,
        params: Iterable[str] = (),
        objective: str | None = None,
        worker: str = "",
    ) -> None:
        self.home = home
        self._worker = worker
        self._columns = TableColumns(
            warn_once, self._tell_columns, params=params, objective=objective
        )
        self._goals: dict[str, str] = {}
        """Goals of metrics by the name they are logged under."""
        self.n_rows = 0
        self._record = record
        self._lock = record.lock
        self._warn_once = warn_once
        self._clock = clock
        self._origin = clock() if origin is None else origin
        self._handle: int | None = None
        self._n_tables = 0
        self._header: tuple[str, ...] = ()
        self._is_closed = False
        self._short: ShortRow | None = None
        """Of rows like the last, when they need no planning."""
        self._short_trial: ShortTrialRow | None = None
        self._room: float = WARN_BYTES
        """Bytes that may be logged until the size is told."""
        self._rewritten_at = -MIN_SECONDS_BETWEEN_REWRITES

    @property
    def names(self) -> list[str]:
        """File names of the tables written so far."""
        return [table_name(self._worker, n) for n in range(1, self._n_tables + 1)]

    def append(self, row: Mapping[str, object]) -> None:
        """Write ``row``, values by name, as one line.

        Raises:
            OSError: the line could not be written; the table is as it was.
        """
        with self._lock:
            # Spelled out rather than called: five calls cost as much here as the write itself.
            short = self._short
            if short is not None and tuple(row) == short.names and self._handle is not None:
                cells = tuple(row.values())
                n = short.n_index
                if (
                    NUMBERS.issuperset(map(type, cells))
                    and (n == 0 or (type(cells[0]) is int and cells[0] >= 0))
                    and (n < 2 or (type(cells[1]) is int and cells[1] >= 0))  # noqa: PLR2004
                ):
                    index = cells[:n] or (self.n_rows,)
                    moment = self._clock() - self._origin
                    try:
                        line = (short.format % (*index, moment, *cells[n:])).encode()
                    except ValueError:  # an integer of more digits than Python writes out
                        return self._append_planned(row)
                    if os.write(self._handle, line) != len(line):
                        take_back(self._handle)
                    self.n_rows += 1
                    self._room -= len(line)
                    if self._room < 0:
                        self._tell_size()
                    return None
            return self._append_planned(row)

    def expect(self, objective: str | None, params: Iterable[str]) -> None:
        """Know the objective of a sweep, and params that get a column from the first row on."""
        self._columns.expect(objective, params)

    def go_on(self, names: Sequence[str], columns: Mapping[str, Column]) -> None:
        """Go on with the tables ``names`` of an earlier session, whose record says ``columns``.

        Raises:
            OSError: a table cannot be read.
            MalformedError: one does not follow the format.
        """
        self._columns.go_on(columns)
        tables = [decode_table((self.home.folder / name).read_bytes()) for name in names]
        if tables:
            self.n_rows = sum(len(table.rows) for table in tables)
            self._n_tables, self._header = len(tables), tables[-1].header
            self._handle = self._open()

    def append_trial(
        self,
        index: TrialIndex,
        params: Mapping[str, object],
        metrics: Mapping[str, object],
        step: int | None = None,
    ) -> None:
        """Write one row of a trial.

        Args:
            index: trial_id, attempt, execution, epoch.
            params: of the trial, by name.
            metrics: by name.
            step: few sweeps have steps; the others get no column for them.

        Raises:
            OSError: the line could not be written; the table is as it was.
        """
        with self._lock:
            seconds = self._clock() - self._origin
            short = self._short_trial
            if short is not None and self._handle is not None and step is None:
                line = short.encode(index, seconds, params, metrics)
                if line is None and (other := self._take_up(index, params, tuple(metrics))):
                    line = other.encode(index, seconds, params, metrics)
                if line is not None:
                    return self._write(line)
            self._refuse_closed()
            return self._append_trial_planned(index, step, seconds, params, metrics)

    def aim(self, goals: Mapping[str, str]) -> None:
        """Let the columns of metrics, by name, state their goals: "min" or "max"."""
        with self._lock:
            self._goals |= goals
            if self._header:
                self._tell_columns()

    def close(self) -> None:
        """Flush the table to the disk and close it for good."""
        with self._lock:
            self._is_closed = True
            self._release()

    def orphans(self) -> dict[str, bytes]:
        """Return {name: bytes} of the open table when no folder holds its file any more."""
        with self._lock:
            if self._handle is None or os.fstat(self._handle).st_nlink:
                return {}
            return {self.names[-1]: self._content()}

    def abandon(self) -> None:
        """Forget the table in a forked child: the parent goes on writing it."""
        self._is_closed = True
        self._handle = None

    def _release(self) -> None:
        if self._handle is not None:
            handle, self._handle = self._handle, None
            flush_and_close(handle)

    def _append_planned(self, row: Mapping[str, object]) -> None:
        self._refuse_closed()
        cells = self._place(row)
        self._write_cells(cells, row)

    def _append_trial_planned(  # what a row of a trial is
        self,
        index: TrialIndex,
        step: int | None,
        seconds: float,
        params: Mapping[str, object],
        metrics: Mapping[str, object],
    ) -> None:
        cells: dict[str, Cell] = dict(zip(TRIAL_INDEX, index, strict=True))
        if step is not None:
            cells["step"] = step
        cells["time"] = f"{seconds:.3f}"
        self._columns.index(cells)
        # a metric keeps its name where a param of a trial has the same
        measured = dict(starmap(self._columns.metric, metrics.items()))
        known = {} if self._header else dict.fromkeys(self._columns.expected)
        cells |= dict(starmap(self._columns.param, {**known, **params}.items()))
        cells |= measured
        self._write_cells(cells)
        self._short = self._short_trial = None
        if step is None and NUMBERS.issuperset(map(type, measured.values())):
            names = dict(zip(metrics, measured, strict=True))
            self._short_trial = short_trial_row(index, params, names, self._header, cells)

    def _take_up(
        self, index: TrialIndex, params: Mapping[str, object], names: tuple[str, ...]
    ) -> ShortTrialRow | None:
        """Take the short way for another training, when it logs what the one before did."""
        before = self._short_trial
        told = self._columns.of_trial(params) if before and names == before.names else None
        if before is None or told is None or any(name not in self._header for name in told):
            return None
        cells: dict[str, Cell] = {**dict(zip(TRIAL_INDEX, index, strict=True)), **told}
        again = short_trial_row(index, params, before.columns, self._header, cells)
        self._short_trial = again or before
        return again

    def _write_cells(
        self, cells: Mapping[str, Cell], row: Mapping[str, object] | None = None
    ) -> None:
        new = [name for name in cells if name not in self._header]
        if new:
            self._widen(new)
        if row is not None:
            self._remember(row)
        self._write(encode_row(cells.get(name) for name in self._header))

    def _place(self, row: Mapping[str, object]) -> dict[str, Cell]:
        """Return the cells of ``row`` by column, declaring columns that are new."""
        index = {name: position(row[name]) for name in INDEX_NAMES if name in row}
        cells: dict[str, Cell] = {name: at for name, at in index.items() if at is not None}
        taken = {name for name in index if name in cells or row[name] is None}
        if not cells:
            cells["step"] = self.n_rows
        cells["time"] = f"{self._clock() - self._origin:.3f}"
        self._columns.index(cells)
        for name, item in row.items():
            if name not in taken:
                column, cell = self._columns.metric(name, item)
                cells[column] = cell
        return cells

    def _remember(self, row: Mapping[str, object]) -> None:
        """Let rows like ``row`` take the short way, when the table's columns stand in its order."""
        columns = self._columns
        self._short = short_row(tuple(row), self._header, columns.by_name, columns.undecided)

    def _widen(self, new: list[str]) -> None:
        """Add the columns ``new``: the record first, then the table."""
        self._short_trial = None
        if not self._header:
            lead = [name for name in RESERVED if name in new]
            new = [*lead, *(name for name in new if name not in lead)]
        header = (*self._header, *new)
        self._tell_columns()
        line = encode_row(header)
        if self._handle is None or not self._can_rewrite():
            self._open_next(line)
        else:
            self._rewrite(line, len(new))
        self._header = header

    def _tell_columns(self) -> None:
        columns = self._columns.by_name.values()
        said: dict[str, Json] = {each.name: each.to_json(self._goals) for each in columns}
        if not self._record.update({"columns": said}) and self._record.is_closed:
            raise OSError(errno.EBADF, "the run is sealed")

    def _can_rewrite(self) -> bool:
        now = self._clock()
        is_soon = now - self._rewritten_at < MIN_SECONDS_BETWEEN_REWRITES
        is_large = self._handle is not None and os.fstat(self._handle).st_size > MAX_REWRITE_BYTES
        self._rewritten_at = now
        return not is_soon and not is_large

    def _open_next(self, header_line: bytes) -> None:
        # the open table is let go only when there is another: it may be all that is left
        before, self._handle = self._handle, None
        self._n_tables += 1
        try:
            self._handle = self._open()
            append_line(self._handle, header_line)
        except OSError:
            self._release()
            self._n_tables -= 1
            self._handle = before
            raise
        if before is not None:
            flush_and_close(before)

    def _rewrite(self, header_line: bytes, n_new: int) -> None:
        name = self.names[-1]
        rows = whole_lines(self._content()).partition(b"\n")[2]
        wide = header_line + rows.replace(b"\n", b"," * n_new + b"\n")
        replace_file(str(self.home.folder / name), wide)
        self.home.protect(name)
        self._release()

    def _content(self) -> bytes:
        """Return what the open table holds, whatever has become of its folder."""
        handle = -1 if self._handle is None else self._handle
        return os.pread(handle, os.fstat(handle).st_size, 0)

    def _open(self) -> int:
        name = self.names[-1]
        handle = open_table(str(self.home.folder / name))
        self.home.protect(name)
        return handle

    def _write(self, line: bytes) -> None:
        append_line(self._reopen() if self._handle is None else self._handle, line)
        self.n_rows += 1
        self._room -= len(line)
        if self._room < 0:
            self._tell_size()

    def _tell_size(self) -> None:
        """Say once, now and in the record, that the run's tables are large for git."""
        self._room = math.inf
        told = (
            f"the tables have passed {WARN_BYTES // 1_000_000} MB with {self.n_rows} rows; log "
            "less often, or git keeps a thinned table above max_table_mb, the whole one an artifact"
        )
        self._warn_once("size", told)
        self._record.add_warning(told)

    def _reopen(self) -> int:
        """Open the last table again: it was rewritten, or a further one could not be made."""
        self._handle = self._open()
        if os.fstat(self._handle).st_size == 0:
            append_line(self._handle, encode_row(self._header))
        return self._handle

    def _refuse_closed(self) -> None:
        if self._is_closed:
            raise OSError(errno.EBADF, "the table is closed")

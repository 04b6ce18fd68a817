"""What a command prints, on its way to the log and, where it holds numbers, to the table."""

from __future__ import annotations

import time
from collections import deque

from ledger.contract.redaction import redact_text
from ledger.writer.command.lines import LineSplitter
from ledger.writer.narrate import warn


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ledger.writer.command.lines import Line
    from ledger.writer.command.log import ConsoleLog
    from ledger.writer.command.pattern import Finder, Row
    from ledger.writer.record_file import RecordFile
    from ledger.writer.run import Run

LAST_LINES = 20
MAX_LAST_CHARS = 500
MAX_METRICS = 64
SECONDS_BETWEEN_STATES = 1.0
"""Of a line that a progress bar overwrites, one state in this time becomes a row, and its last."""


class Console:
    """The recorder of a command's output; a failure of its own never reaches the command.

    Args:
        run: the run that gets a row for each line with numbers.
        record: its record, told when the log could not be written.
        log: the file that gets every line; None where it could not be made.
        find: finds the numbers of a line.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        run: Run,
        record: RecordFile,
        log: ConsoleLog | None,
        find: Finder,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.n_rows = 0
        self._run = run
        self._record_file = record
        self._log = log
        self.path = log.path if log is not None else None
        """The log; None where it could not be made."""
        self._find = find
        self._clock = clock
        self._splitters: dict[int, LineSplitter] = {}
        self._states: dict[int, str] = {}
        """The state of each stream's current line that was overwritten last."""
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._epoch: float | None = None
        """What the last heading said: ``Epoch 3/10`` on a line of its own."""
        self._row: Row = {}
        self._state_at = -SECONDS_BETWEEN_STATES
        self._names: set[str] = set()
        self._is_full = False
        self._is_broken = False

    @property
    def last_lines(self) -> list[str]:
        """The last lines that were printed, credentials redacted, each at most 500 characters."""
        return [line.encode("utf-8", "replace").decode("utf-8") for line in self._last]

    def feed(self, stream: int, data: bytes) -> None:
        """Take in what came from ``stream``."""
        if self._is_broken:
            return
        splitter = self._splitters.setdefault(stream, LineSplitter())
        try:
            self._take(stream, splitter.feed(data))
        except Exception as error:  # noqa: BLE001  # recorded in the run: the command goes on
            self._is_broken = True
            self._record_file.mark_incomplete("console", f"what it printed is not read: {error!r}")

    def close(self) -> None:
        """Take in the lines that had no end, and close the log."""
        for stream, splitter in self._splitters.items():
            self._take(stream, splitter.finish())
        for state in filter(None, self._states.values()):
            self._write([state + "\n"])
        if self._log is not None:
            log, self._log = self._log, None
            try:
                log.close()
            except OSError as error:
                self._give_up(error)

    def _take(self, stream: int, lines: Iterable[Line]) -> None:
        written: list[str] = []
        for text, end in lines:
            if end == "\r":
                self._states[stream] = text or self._states.get(stream, "")
            else:
                state = self._states.pop(stream, "") if self._states else ""
                written.append((text if not state or text.strip() else state) + end)
            found = self._find(text) if text else None
            if found:
                self._record(found, is_state=end == "\r")
        if written:
            self._write(written)

    def _write(self, lines: list[str]) -> None:
        """Write whole lines to the log, each redacted."""
        text = "".join(lines)
        if redact_text(text) != text:
            lines = [redact_text(line) for line in lines]
            text = "".join(lines)
        self._last.extend(line.rstrip("\n")[:MAX_LAST_CHARS] for line in lines[-LAST_LINES:])
        if self._log is not None:
            try:
                self._log.write(text.encode("utf-8", "surrogateescape"))
            except OSError as error:
                self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._log = None
        why = error.strerror or error
        self._record_file.mark_incomplete("console", f"the console log could not be written: {why}")

    def _record(self, found: Row, *, is_state: bool) -> None:
        """Log the numbers that were found on a line; ``is_state``: it is overwritten."""
        if found.keys() == {"epoch"}:
            self._epoch = found["epoch"]
            return
        now = self._clock()
        if is_state and now - self._state_at < SECONDS_BETWEEN_STATES:
            return
        if found == self._row and not is_state and self._state_at > 0:
            self._row = {}  # a bar repeats its last state when it ends
            return
        if is_state:
            self._state_at = now
        self._row = found if is_state else {}
        row = self._placed({name: it for name, it in found.items() if self._is_wanted(name)})
        self._run.log(row)
        self.n_rows += 1

    def _placed(self, row: Row) -> Row:
        """Return ``row`` with the epoch of its heading, where it names none itself."""
        if self._epoch is None or "epoch" in row:
            return row
        return {"epoch": self._epoch, "step": self.n_rows} | row

    def _is_wanted(self, name: str) -> bool:
        """Whether the table takes the column ``name``: programs count in names, too."""
        if name in self._names or name in {"epoch", "step"}:
            return True
        if len(self._names) >= MAX_METRICS:
            if not self._is_full:
                warn(f"{self._run.id}: over {MAX_METRICS} metrics are printed; others are left out")
            self._is_full = True
            return False
        self._names.add(name)
        return True

"""trials.csv while its sweep runs: a line when an attempt at a trial starts, one when it ends."""

from __future__ import annotations

import os
import time

from ledger.contract.layout import is_trials_table, trials_name
from ledger.contract.metrics import decode_table, encode_cell, encode_row, whole_lines
from ledger.contract.trials import COLUMNS, decode_trials, is_own
from ledger.errors import MalformedError
from ledger.storage.files import append_line, flush_and_close, open_table, replace_file


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ledger.contract.metrics import Cell
    from ledger.contract.trials import Trial
    from ledger.writer.home import Home

_SETTLED_NS = 2_000_000_000
"""Nanoseconds after which a folder that changes gets another time, on any file system."""


class TrialsTable:
    """The log of the trials that one process runs; made with its first line.

    Like the table of metrics it is held open: what was written stays this process's own file,
    whatever happens to the folder.

    Args:
        home: where the run's files are.
        worker: whose log it is; "" for trials.csv itself.
    """

    def __init__(self, home: Home, worker: str = "") -> None:
        self._home = home
        self._name = trials_name(worker)
        self._header: tuple[str, ...] = COLUMNS
        self._known = frozenset(COLUMNS)
        self._handle: int | None = None
        self._is_made = False
        self._columns: dict[str, str] = {}
        """Columns by the name of the param."""
        self._others: list[str] = []
        """Paths of the logs of other processes."""
        self._seen = ("", 0)
        """The folder that was listed for them and its time, where that tells of any change."""

    def expect(self, params: Iterable[str]) -> None:
        """Give the log columns for ``params`` from its first line on."""
        if not self._is_made:
            new = [name for name in map(column_of, params) if name not in self._known]
            self._set_header((*self._header, *dict.fromkeys(new)))

    def go_on(self) -> list[Trial]:
        """Go on with the log that is there; return the attempts that it holds.

        Raises:
            OSError: it cannot be read.
            MalformedError: it does not follow the format.
        """
        try:
            data = (self._home.folder / self._name).read_bytes()
        except FileNotFoundError:
            return []
        header = decode_table(data).header
        if header:
            self._is_made = True
            self._set_header(header)
        return decode_trials(data)

    def attempts_elsewhere(self, trial_id: str) -> int:
        """Return how many attempts at a trial the other processes of the run have begun.

        A log that cannot be read counts for none: its owner tells that.
        """
        most = 0
        try:
            for path in self._other_logs():
                with open(path, "rb") as file:
                    data = file.read()
                if trial_id.encode() in data:
                    found = [each for each in decode_trials(data) if each.trial_id == trial_id]
                    most = max([most, *((each.attempt or 0) + 1 for each in found)])
        except (OSError, MalformedError):
            return most
        return most

    def append(self, cells: Mapping[str, Cell], params: Mapping[str, str]) -> None:
        """Write one line.

        Args:
            cells: by column of the format.
            params: what their cells hold, encoded, by the name of the param.

        Raises:
            OSError: it could not be written; the log is as it was.
        """
        row = {name: encode_cell(cell) for name, cell in cells.items() if cell is not None}
        columns = self._columns
        for name, text in params.items():
            column = columns.get(name)
            if column is None:
                column = columns[name] = column_of(name)
            row[column] = text
        if not self._known.issuperset(row):
            self._widen([name for name in row if name not in self._known])
        line = (",".join([row.get(name, "") for name in self._header]) + "\n").encode()
        append_line(self._open() if self._handle is None else self._handle, line)

    def orphans(self) -> dict[str, bytes]:
        """Return {name: bytes} of the log when no folder holds its file any more."""
        if self._handle is None or os.fstat(self._handle).st_nlink:
            return {}
        return {self._name: self._content(self._handle)}

    def close(self) -> None:
        """Flush the log to the disk and close it; a further line would open it again.

        Raises:
            OSError: it could not be flushed; it is closed.
        """
        if self._handle is not None:
            handle, self._handle = self._handle, None
            flush_and_close(handle)

    def _other_logs(self) -> list[str]:
        """Return the paths of the logs of other processes; listed when the folder has changed.

        A folder whose time is of a moment ago may change once more and keep that time.
        """
        folder, changed = self._seen
        if folder and _time_of(folder) == changed:
            return self._others
        folder = str(self._home.folder)
        now, changed = time.time_ns(), _time_of(folder)
        names = [name for name in os.listdir(folder) if is_trials_table(name)]
        self._others = [os.path.join(folder, name) for name in names if name != self._name]
        self._seen = (folder, changed) if now - changed > _SETTLED_NS else ("", 0)
        return self._others

    def _open(self) -> int:
        handle = open_table(str(self._home.folder / self._name))
        try:
            if os.fstat(handle).st_size == 0:
                append_line(handle, encode_row(self._header))
        except OSError:
            os.close(handle)
            raise
        self._handle, self._is_made = handle, True
        self._home.protect(self._name)
        return handle

    def _content(self, handle: int) -> bytes:
        return os.pread(handle, os.fstat(handle).st_size, 0)

    def _widen(self, new: list[str]) -> None:
        header = (*self._header, *new)
        if self._is_made:
            rows = whole_lines(self._content(self._handle or self._open())).partition(b"\n")[2]
            wide = encode_row(header) + rows.replace(b"\n", b"," * len(new) + b"\n")
            replace_file(str(self._home.folder / self._name), wide)
            self._home.protect(self._name)
            self.close()
        self._set_header(header)

    def _set_header(self, header: tuple[str, ...]) -> None:
        self._header, self._known = header, frozenset(header)


def _time_of(folder: str) -> int:
    """Return when a name in ``folder`` changed last, nanoseconds; 0 where it is gone."""
    try:
        return os.stat(folder).st_mtime_ns
    except FileNotFoundError:
        return 0


def column_of(param: str) -> str:
    """Return the column of the log that holds ``param``; the log's own names go before it."""
    return f"param.{param}" if is_own(param) or not param else param

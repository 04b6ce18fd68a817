"""trials.csv while its sweep runs: a line when an attempt at a trial starts, one when it ends."""

from __future__ import annotations

import os

from ledger.contract.layout import is_trials_table, trials_name
from ledger.contract.metrics import decode_table, encode_row, whole_lines
from ledger.contract.trials import COLUMNS, decode_trials, is_own
from ledger.errors import MalformedError
from ledger.storage.files import append_line, open_table, replace_file


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ledger.contract.metrics import Cell
    from ledger.contract.trials import Trial
    from ledger.writer.home import Home


class TrialsTable:
    """The log of the trials that one process runs; made with its first line.

    It is opened for each line: there are two of them in a trial.

    Args:
        home: where the run's files are.
        worker: whose log it is; "" for trials.csv itself.
    """

    def __init__(self, home: Home, worker: str = "") -> None:
        self._home = home
        self._name = trials_name(worker)
        self._header: tuple[str, ...] = COLUMNS
        self._is_made = False

    def expect(self, params: Iterable[str]) -> None:
        """Give the log columns for ``params`` from its first line on."""
        if not self._is_made:
            new = [name for name in map(column_of, params) if name not in self._header]
            self._header = (*self._header, *dict.fromkeys(new))

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
            self._header, self._is_made = header, True
        return decode_trials(data)

    def attempts_elsewhere(self, trial_id: str) -> int:
        """Return how many attempts at a trial the other processes of the run have begun.

        A log that cannot be read counts for none: its owner tells that.
        """
        most = 0
        try:
            names = [name for name in os.listdir(self._home.folder) if is_trials_table(name)]
            for name in names:
                data = b"" if name == self._name else (self._home.folder / name).read_bytes()
                if trial_id.encode() in data:
                    found = [each for each in decode_trials(data) if each.trial_id == trial_id]
                    most = max([most, *((each.attempt or 0) + 1 for each in found)])
        except (OSError, MalformedError):
            return most
        return most

    def append(self, cells: Mapping[str, Cell], params: Mapping[str, Cell]) -> None:
        """Write one line.

        Args:
            cells: by column of the format.
            params: by the name of the param.

        Raises:
            OSError: it could not be written; the log is as it was.
        """
        cells = {**cells, **{column_of(name): cell for name, cell in params.items()}}
        new = [name for name in cells if name not in self._header]
        if new:
            self._widen(new)
        line = encode_row(cells.get(name) for name in self._header)
        handle = open_table(self._path)
        try:
            if os.fstat(handle).st_size == 0:
                append_line(handle, encode_row(self._header))
            append_line(handle, line)
        finally:
            os.close(handle)
        if not self._is_made:
            self._is_made = True
            self._home.protect(self._name)

    @property
    def _path(self) -> str:
        return str(self._home.folder / self._name)

    def _widen(self, new: list[str]) -> None:
        header = (*self._header, *new)
        if self._is_made:
            with open(self._path, "rb") as file:
                rows = whole_lines(file.read()).partition(b"\n")[2]
            wide = encode_row(header) + rows.replace(b"\n", b"," * len(new) + b"\n")
            replace_file(self._path, wide)
            self._home.protect(self._name)
        self._header = header


def column_of(param: str) -> str:
    """Return the column of the log that holds ``param``; the log's own names go before it."""
    return f"param.{param}" if is_own(param) or not param else param

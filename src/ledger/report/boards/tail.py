"""A table that grows: its new whole lines, and whether it had to be read from its beginning."""

from __future__ import annotations

import os

from ledger.contract.metrics import decode_rows, decode_table
from ledger.errors import MalformedError
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol, TypeAlias

    Key: TypeAlias = tuple[int, int, bytes]

    class Form(Protocol):
        """How the lines of a table are read."""

        def header(self, line: bytes) -> tuple[str, ...]:
            """Return the names in the first line; none where it is not whole yet."""
            ...

        def rows(self, data: bytes, width: int, line: int) -> list[list[str]]:
            """Return the cells of whole lines, of which the first is number ``line``."""
            ...


_CHUNK = 1 << 16
"""Bytes read at once: what they become stays in the processor's cache, which halves the time."""


@value
class News:
    """What a look at a table found."""

    header: tuple[str, ...]
    """Empty while the table has none."""
    rows: list[list[str]]
    """(n_new_rows, n_columns) cells as text."""
    is_anew: bool = False
    """Whether the rows begin with the table's first: it was replaced, cut or is new."""
    is_gone: bool = False


class OwnForm:
    """The tables of the format."""

    def header(self, line: bytes) -> tuple[str, ...]:
        """Return the names in the first line; none where it is not whole yet."""
        return decode_table(line).header

    def rows(self, data: bytes, width: int, line: int) -> list[list[str]]:
        """Return the cells of whole lines, of which the first is number ``line``."""
        return decode_rows(data, width, line)


class Tail:
    """Follows the table at ``path``; what is not a whole line yet is left for the next look.

    The table is known by device, inode and header, as the format says; when one of them changes or
    the file shrinks, it is read from its beginning.

    Args:
        path: of the file; it need not be there yet.
        form: how its lines are read.
    """

    def __init__(self, path: str, form: Form) -> None:
        self.path = path
        self._form = form
        self.written: float | None = None
        """When the file changed last, seconds since 1970; None while there is none."""
        self._key: Key | None = None
        self._header: tuple[str, ...] = ()
        self._offset = 0
        self._line = 1

    def look(self) -> News:
        """Return what is new, at most a part of it; look again until nothing is.

        Raises:
            MalformedError: located at the file, which does not follow the format.
            OSError: it is there and cannot be read.
        """
        try:
            with open(self.path, "rb") as file:
                about = os.fstat(file.fileno())
                first = file.readline()
                self.written = about.st_mtime
                key = about.st_dev, about.st_ino, first
                is_anew = key != self._key or about.st_size < self._offset
                if is_anew:
                    self._begin(key, first)
                file.seek(self._offset)
                data = file.read(_CHUNK) + file.readline()  # a line may be longer
        except FileNotFoundError:
            was_there, self._key, self.written = self._key is not None, None, None
            return News(header=(), rows=[], is_gone=True, is_anew=was_there)
        except MalformedError as error:
            raise error.at(self.path) from error
        return News(header=self._header, rows=self._rows(data), is_anew=is_anew)

    def _begin(self, key: Key, first: bytes) -> None:
        self._key = key
        self._header = self._form.header(first)
        self._offset = len(first) if first.endswith(b"\n") else 0
        self._line = 2
        if not self._offset:
            self._key = None  # the header itself is not whole yet

    def _rows(self, data: bytes) -> list[list[str]]:
        whole = data[: data.rfind(b"\n") + 1]
        if not whole or not self._header:
            return []
        try:
            rows = self._form.rows(whole, len(self._header), self._line)
        except MalformedError as error:
            raise error.at(self.path) from error
        self._offset += len(whole)
        self._line += len(rows)
        return rows

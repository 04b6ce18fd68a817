"""The bytes of any CSV as rows of text; what is not certain is refused, with its line."""

from __future__ import annotations

import csv
import io

from ledger.errors import MalformedError
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

_MARKS = (b"<<<<<<< ", b">>>>>>> ")
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_SEPARATORS = (",", ";", "\t")
_FIELD_LIMIT = 1 << 24


@value
class Decoded:
    """A table as text."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """(n_rows, n_columns)."""
    said: tuple[str, ...]
    """What was taken for granted."""


def decode(path: Path) -> Decoded:
    """Return the table in the file ``path``; a last line without a newline may be unfinished.

    Raises:
        MalformedError: it is empty, of no certain encoding, merged with conflicts, or its lines do
            not fit its header.
        OSError: it cannot be read.
    """
    return decode_bytes(path.read_bytes())


def decode_bytes(data: bytes) -> Decoded:
    """Return the table that ``data`` is, as ``decode`` does.

    Raises:
        MalformedError: as ``decode``.
    """
    said: list[str] = []
    text = _text(data, said)
    if not text.strip():
        message = "is empty"
        raise MalformedError(message, hint="wait for its first row, or give another file")
    separator = separator_of(text.partition("\n")[0])
    if separator != ",":
        said.append(f"separated by {'tabs' if separator == chr(9) else 'semicolons'}")
    previous = csv.field_size_limit(_FIELD_LIMIT)
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        numbered = [(lines.line_num, row) for row in lines if row]
    except csv.Error as error:
        message = f"is no CSV: {error}"
        raise MalformedError(message, line=lines.line_num) from error
    finally:
        csv.field_size_limit(previous)
    header = tuple(name.strip() for name in numbered[0][1])
    rows = _rows(header, numbered[1:], is_torn=not text.endswith("\n"), said=said)
    return Decoded(header=header, rows=rows, said=tuple(said))


def _text(data: bytes, said: list[str]) -> str:
    if data.startswith(_WIDE):
        said.append("UTF-16")
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        message = f"is not {encoding.removesuffix('-sig').upper()}"
        line = data.count(b"\n", 0, error.start) + 1
        hint = "save it as UTF-8; the encoding of this byte cannot be told"
        raise MalformedError(message, line=line, hint=hint) from error
    for place, found in enumerate(data.split(b"\n"), 1):
        if found.startswith(_MARKS):
            message = "holds a merge conflict marker"
            raise MalformedError(message, line=place, hint="resolve the merge")
    if "\0" in text:
        message = "holds a NUL"
        raise MalformedError(message, line=text.count("\n", 0, text.index("\0")) + 1)
    return text.replace("\r\n", "\n")


def separator_of(head: str) -> str:
    """Return what separates the cells of the line ``head``: a comma, a semicolon or a tab."""
    counts = {separator: head.count(separator) for separator in _SEPARATORS}
    best = max(_SEPARATORS, key=lambda separator: counts[separator])
    return best if counts[best] else ","


def _rows(
    header: tuple[str, ...],
    numbered: list[tuple[int, list[str]]],
    *,
    is_torn: bool,
    said: list[str],
) -> tuple[tuple[str, ...], ...]:
    if not all(header) or len(set(header)) < len(header):
        twice = next((name for name in header if header.count(name) > 1), "")
        message = f"the column {twice!r} stands twice" if twice else "a column has no name"
        raise MalformedError(message, line=1, hint="name every column once")
    if is_torn and numbered:
        numbered = numbered[:-1]
        said.append("the last line has no end yet and is left out")
    for line, row in numbered:
        if len(row) != len(header):
            message = f"has {len(row)} cells, the header has {len(header)}"
            raise MalformedError(message, line=line, hint="mend the line, or leave it out")
    return tuple(tuple(cell.strip() for cell in row) for _, row in numbered)

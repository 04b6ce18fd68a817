"""Bytes that a program prints, cut into lines; what a progress bar overwrites is told apart."""

from __future__ import annotations

import re


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    # The text, without colours and movements of the cursor, bytes that are not UTF-8 as surrogates;
    # and how it ended: a line feed, a carriage return (it is overwritten), "" for a piece.
    Line: TypeAlias = tuple[str, str]

MAX_HELD = 64 * 1024
"""Bytes of a line without an end that are held back; a longer one comes in pieces."""
_ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-Za-z]|[=>@-Z\\^_])"
)
_END = re.compile(rb"\r\n|\n|\r(?!$)")


class LineSplitter:
    """Cuts one stream into lines as its bytes come."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[Line]:
        """Return the lines that ``data`` completes."""
        data = self._held + data if self._held else data
        if b"\r" in data or b"\x1b" in data:
            lines = self._cut(data)
        else:
            whole, end, self._held = data.rpartition(b"\n")
            lines = [(text, "\n") for text in _decoded(whole).split("\n")] if end else []
        if len(self._held) > MAX_HELD:
            lines.append(_line(self._held, ""))
            self._held = b""
        return lines

    def finish(self) -> list[Line]:
        """Return what is left at the end of the stream: its last line had no end."""
        held, self._held = self._held, b""
        return [_line(held.rstrip(b"\r"), "\n")] if held else []

    def _cut(self, data: bytes) -> list[Line]:
        lines: list[Line] = []
        start = 0
        for found in _END.finditer(data):
            end = "\r" if found[0] == b"\r" else "\n"
            lines.append(_line(data[start : found.start()], end))
            start = found.end()
        self._held = data[start:]
        return lines


def _line(data: bytes, end: str) -> Line:
    if b"\x1b" in data:
        data = _ESCAPES.sub(b"", data)
    return _decoded(data), end


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")

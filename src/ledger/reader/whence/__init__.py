"""From a number, a file, a hash or a piece of text back to the runs."""

from __future__ import annotations

from ledger.reader.whence.answer import WhenceRow, command_line
from ledger.reader.whence.find import find_whence


__all__ = ["WhenceRow", "command_line", "find_whence"]

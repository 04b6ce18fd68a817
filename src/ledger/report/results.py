"""A table of the best runs that is kept up to date between two marks of a file."""

from __future__ import annotations

import re

from ledger.errors import LedgerError


BEGIN, END = "<!-- ledger:results", "<!-- /ledger:results -->"
_BLOCK = re.compile(rf"({re.escape(BEGIN)}(?:[^>]*?)-->\n).*?({re.escape(END)})", re.DOTALL)


def with_results(text: str, table: str) -> str:
    """Return ``text`` with ``table`` between its marks.

    Raises:
        LedgerError: the marks are not there, or there are several pairs.
    """
    found = _BLOCK.findall(text)
    if len(found) != 1:
        message = f"holds {len(found)} pairs of marks for the results" if found else "has no marks"
        hint = f"write `{BEGIN} -->` and `{END}` on lines of their own, once"
        raise LedgerError(message, hint=hint)
    return _BLOCK.sub(lambda match: f"{match[1]}{table}{match[2]}", text)

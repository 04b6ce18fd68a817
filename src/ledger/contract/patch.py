"""What a patch adds: its ``+`` lines, by the file they go to."""

from __future__ import annotations

import re

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_HUNK = re.compile(rb"@@ -[0-9]+(?:,([0-9]+))? \+[0-9]+(?:,([0-9]+))? @@")
_NEW_NAME = (b"+++ b/", b'+++ "b/')


@value
class AddedLine:
    """One line that a patch adds."""

    path: str
    """The file it goes to; a name that git quotes stays quoted."""
    number: int
    """1-based line of the patch."""
    text: str
    """Without the sign; bytes that are no UTF-8 are replaced."""


def added_lines(patch: bytes) -> Iterator[AddedLine]:
    """Yield the lines that ``patch``, as ``git diff`` writes it, adds.

    What follows a hunk's header is counted, so that an added line which itself looks like a header
    is none. Binary parts add no lines.
    """
    path = ""
    old = new = 0
    for number, line in enumerate(patch.split(b"\n"), 1):
        if old > 0 or new > 0:
            sign = line[:1]
            old -= sign in {b"-", b" ", b""}
            new -= sign in {b"+", b" ", b""}
            if sign == b"+":
                text = line[1:].decode("utf-8", "replace")
                yield AddedLine(path=path, number=number, text=text)
        elif line.startswith(_NEW_NAME):
            path = line[4:].decode("utf-8", "replace").strip('"\t').removeprefix("b/")
        elif found := _HUNK.match(line):
            old, new = (int(count) if count is not None else 1 for count in found.groups())

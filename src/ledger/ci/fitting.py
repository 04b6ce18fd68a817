"""Markdown that fits: whole rows and whole blocks are left out, nothing is ever cut within."""

from __future__ import annotations

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_RESERVE = 120
"""Bytes kept for the line of each part that says how many of its items were left out."""


@value
class Part:
    """A part of a document whose items can be left out, the last first."""

    head: str
    """What stands before the items; a part without items is not shown at all."""
    items: tuple[str, ...]
    """Each a whole row or block, with its newline."""
    tail: str = ""
    """What stands after them."""
    noun: str
    """What one item is called, in what is said of those that are left out."""
    n_elsewhere: int = 0
    """Items that were never made, and are told as left out too."""


def fit(start: str, parts: Sequence[Part], ranks: Sequence[tuple[int, int]], max_bytes: int) -> str:
    """Return ``start`` and ``parts`` in at most ``max_bytes`` of UTF-8.

    The first item that does not fit is left out, and with it all that is less important.

    Args:
        start: always there, whatever its length.
        parts: in the order in which they are read.
        ranks: (part, number of its items) in the order in which they are taken in: the most
            important first. A part may come again with a higher number.
        max_bytes: of the whole.
    """
    kept = [0] * len(parts)
    left = max_bytes - _size(start) - _RESERVE * len(parts)
    for place in _places(parts, ranks):
        part = parts[place]
        frame = "" if kept[place] else part.head + part.tail
        left -= _size(frame) + _size(part.items[kept[place]])
        if left < 0:
            break
        kept[place] += 1
    shown = (_shown(part, number) for part, number in zip(parts, kept, strict=True))
    return start + "".join(shown)


def _places(parts: Sequence[Part], ranks: Sequence[tuple[int, int]]) -> Iterator[int]:
    """Yield the part that each item belongs to, the most important item first."""
    asked = [0] * len(parts)
    for place, number in ranks:
        wanted = min(number, len(parts[place].items))
        yield from [place] * (wanted - asked[place])
        asked[place] = max(wanted, asked[place])


def _shown(part: Part, kept: int) -> str:
    missing = len(part.items) - kept + part.n_elsewhere
    if not part.items and not missing:
        return ""
    more = "" if not missing else f"\n{'and ' if kept else ''}{missing} more {part.noun}\n"
    if not kept:
        return more
    return part.head + "".join(part.items[:kept]) + part.tail + more


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))

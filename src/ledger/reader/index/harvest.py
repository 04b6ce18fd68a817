"""Reading very many runs into parts: alone, or with a second process that takes half of them."""

from __future__ import annotations

import marshal
import os

from ledger.reader.index.part import Part
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.reader.index.generation import Also
    from ledger.reader.index.sources import LayerSource
    from ledger.reader.source import Stamp

ALONE = 1000
"""So many runs one process reads before a second one would be ready."""
PASSING = -1
"""Stands for the entry of a run that must be read for every question."""
_MARGIN_NS = 50_000_000
"""A file younger than this may be written again without a new time."""
_COARSE_MARGIN_NS = 2_000_000_000
"""As above, where the file system counts whole seconds."""


@value
class Harvest:
    """What was read: rows in ``parts``, and which entry stands for which folder."""

    parts: Sequence[Part]
    entries: Mapping[str, int]
    """By folder; PASSING for what is not stored."""
    also: Mapping[int, Also]
    last: int
    """The highest entry given out."""


@value
class Field:
    """What is to be harvested."""

    source: LayerSource
    stamps: Mapping[str, Stamp | None]
    now_ns: int
    """When the stamps were taken."""
    stem: str
    """What the names of the parts begin with."""
    first: int
    """The first entry to give out."""


def harvest(field: Field, paths: Sequence[str], *, processes: int) -> Harvest:
    """Read the runs in the folders ``paths``.

    Args:
        field: where they grow.
        paths: the folders.
        processes: how many may work at once; a caller that has threads says 1.

    Raises:
        OSError: the disk is full or read-only.
    """
    half = len(paths) // 2
    if processes < 2 or len(paths) < 2 * ALONE or not hasattr(os, "fork"):  # noqa: PLR2004  # a second
        return _reap(field, paths, field.first, f"{field.stem}.1")
    result = f"{field.stem}.result"
    helper = _begin(field, paths[half:], field.first + half, f"{field.stem}.2", result)
    own = _reap(field, paths[:half], field.first, f"{field.stem}.1")
    other = _result(helper, result, Part(f"{field.stem}.2", field.source.layer))
    if other is None:
        other = _reap(field, paths[half:], field.first + half, f"{field.stem}.3")
    return Harvest(
        parts=[*own.parts, *other.parts],
        entries={**own.entries, **other.entries},
        also={**own.also, **other.also},
        last=other.last,
    )


def _reap(field: Field, paths: Sequence[str], first: int, stem: str) -> Harvest:
    part = Part(stem, field.source.layer)
    entries: dict[str, int] = {}
    also: dict[int, Also] = {}
    entry = first - 1
    for path in paths:
        stamp = field.stamps[path]
        extract = field.source.read(path)
        if extract is None or stamp is None or is_young(stamp, field.now_ns):
            continue
        if not extract.is_lasting:
            entries[path] = PASSING
            continue
        entry += 1
        entries[path] = entry
        part.add(entry, extract.rows)
        if extract.raw is not None:
            part.add_raw(entry, *extract.raw)
        if extract.also:
            also[entry] = extract.also
    part.close()
    return Harvest(parts=[part], entries=entries, also=also, last=entry)


def _begin(field: Field, paths: Sequence[str], first: int, stem: str, result: str) -> int:
    """Return the process that reads ``paths`` and leaves what it knows in the file ``result``."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        found = _reap(field, paths, first, stem)
        part = found.parts[0]
        told = (dict(found.entries), dict(found.also), found.last, part.raw_paths, part.heads)
        with open(result, "wb") as file:
            file.write(marshal.dumps(told))
        code = 0
    finally:
        os._exit(code)  # nothing that belongs to the parent may be flushed or torn down twice


def _result(helper: int, path: str, part: Part) -> Harvest | None:
    """Return what the process ``helper`` read, None where it did not come to its end."""
    code = os.waitstatus_to_exitcode(os.waitpid(helper, 0)[1])
    try:
        with open(path, "rb") as file:
            data = file.read()
        os.unlink(path)
    except OSError:
        return None
    if code:
        return None
    entries, also, last, part.raw_paths, part.heads = marshal.loads(data)  # noqa: S302  # our child's
    return Harvest(parts=[part], entries=entries, also=also, last=last)


def is_young(stamp: Stamp, now_ns: int) -> bool:
    """Whether a file may have been written again since, within one tick of its clock."""
    newest = max((part for part in stamp if isinstance(part, int)), default=0)
    margin = _MARGIN_NS if newest % 1_000_000_000 else _COARSE_MARGIN_NS
    return newest > now_ns - margin

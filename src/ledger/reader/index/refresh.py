"""What is in view of a layer now: a stored generation, less what changed, and what changed."""

from __future__ import annotations

import contextlib
import os
import time

from ledger.reader.engine import load_duckdb
from ledger.reader.index.build import Builder
from ledger.reader.index.generation import (
    NONE,
    Generation,
    drop,
    new_name,
    publish,
    read_generation,
)
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ledger.reader.index.generation import Also, Key
    from ledger.reader.index.raw_table import RawTable
    from ledger.reader.index.sources import Extract, LayerSource
    from ledger.reader.index.tables import Row, Rows
    from ledger.reader.ledger import BrokenRun, Ledger
    from ledger.reader.source import Stamp

OVERLAY = 48
"""So many changed runs are read for a question; more are stored for the next one too."""
_MARGIN_NS = 50_000_000
"""A file younger than this may be written again without a new time."""
_COARSE_MARGIN_NS = 2_000_000_000
"""As above, where the file system counts whole seconds."""
_CONTENT_KEPT = 4
"""Entries of other trees that stay stored for each entry in view."""


@value
class Refreshed:
    """One layer as it is now."""

    generation: Generation
    hidden: Sequence[int]
    """Entries of the generation that are not in view."""
    fresh: Mapping[str, Sequence[Row]]
    """Rows of what the generation has not, by table, led by their entry."""
    raw: Sequence[tuple[int, str, RawTable]]
    """Plain tables among them, as (entry, run id, table)."""
    broken: Sequence[BrokenRun]
    was_damaged: bool


@value
class _Parted:
    """What is in view, parted into what a generation has and what must be read."""

    hits: Mapping[Key, int]
    missing: Sequence[str]


def refresh(ledger: Ledger, source: LayerSource) -> Refreshed:
    """Return the layer of ``source`` as it is now; many changes are published first."""
    folder = ledger.index_dir
    now_ns = time.time_ns()
    stamps = source.stamps()
    stored = NONE if folder is None else read_generation(folder, source.layer)
    if folder is not None and stored.is_damaged:
        drop(folder, source.layer)
    parted = _part(ledger, stamps, stored)
    n_gone = len(stored.known) - len(parted.hits)
    leftovers: list[tuple[str, Extract]] | None = None
    is_large = len(parted.missing) > OVERLAY or n_gone > max(OVERLAY, len(parted.hits))
    if folder is not None and is_large and any(stamps[path] for path in parted.missing):
        built = _build(folder, source, stamps, stored, parted, now_ns)
        if built is not None:
            stored, leftovers = built
            parted = _part(ledger, stamps, stored)
    if leftovers is None:
        read = ((path, source.read(path)) for path in parted.missing)
        leftovers = [(path, each) for path, each in read if each is not None]
    fresh: dict[str, list[Row]] = {}
    raw: list[tuple[int, str, RawTable]] = []
    for entry, (path, each) in enumerate(leftovers, stored.last + 1):
        extract = each
        if extract.raw is not None:
            if extract.raw[1].is_sound:
                raw.append((entry, *extract.raw))
                continue
            extract = source.read_with_care(path) or each
        for table, rows in extract.rows.items():
            fresh.setdefault(table, []).extend((entry, *row) for row in rows)
    shown = frozenset(parted.hits.values())
    hidden = [] if n_gone == 0 else [e for e in stored.known.values() if e not in shown]
    return Refreshed(
        generation=stored,
        hidden=hidden,
        fresh=fresh,
        raw=raw,
        broken=[each for _, extract in leftovers for each in extract.broken],
        was_damaged=stored.is_damaged,
    )


def _part(ledger: Ledger, stamps: Mapping[str, Stamp | None], stored: Generation) -> _Parted:
    hits: dict[Key, int] = {}
    missing: list[str] = []
    known, also = stored.known, stored.also
    for key in stamps.items():
        entry = known.get(key)  # type: ignore[arg-type]  # a stamp that is None is never known
        if entry is None or (entry in also and not _is_same(ledger, also[entry])):
            missing.append(key[0])
        else:
            hits[key] = entry  # type: ignore[index]  # as above
    return _Parted(hits=hits, missing=missing)


def _is_same(ledger: Ledger, also: Also) -> bool:
    return all(ledger.source.file_stamp(path) == stamp for path, stamp in also)


def _build(  # noqa: PLR0913, PLR0917  # one call
    folder: str,
    source: LayerSource,
    stamps: Mapping[str, Stamp | None],
    stored: Generation,
    parted: _Parted,
    now_ns: int,
) -> tuple[Generation, list[tuple[str, Extract]]] | None:
    """Publish a generation with all that lasts; None where that is not to be.

    Returns:
        The generation, and what was read but may not be stored.
    """
    kept = {**parted.hits, **_elsewhere(stored.known, parted)}
    entries = frozenset(kept.values())
    dropped = [entry for entry in stored.known.values() if entry not in entries]
    also = {entry: files for entry, files in stored.also.items() if entry in entries}
    leftovers: list[tuple[str, Extract]] = []
    last = stored.last
    try:
        with _alone(folder) as is_alone:
            if not is_alone:
                return None
            name = new_name()
            with Builder(folder, source.layer, name) as builder:
                for path in parted.missing:
                    extract = source.read(path)
                    stamp = stamps[path]
                    if extract is None:
                        continue
                    if stamp is None or not extract.is_lasting or _is_young(stamp, now_ns):
                        leftovers.append((path, extract))
                        continue
                    last += 1
                    builder.add(last, extract.rows)
                    if extract.raw is not None:
                        builder.add_raw(last, *extract.raw)
                    kept[path, stamp] = last
                    if extract.also:
                        also[last] = extract.also
                paths = {entry: path for (path, _), entry in kept.items()}
                builder.finish(stored.path, dropped, lambda entry: _rows(source, paths[entry]))
                made = Generation(path=builder.path, known=kept, also=also, last=last)
                return publish(folder, source.layer, name, made), leftovers
    except (OSError, load_duckdb().Error):
        return None  # disk full or read-only, or the old generation is damaged: only speed is lost


def _rows(source: LayerSource, path: str) -> Rows:
    extract = source.read_with_care(path)
    return {} if extract is None else extract.rows


def _elsewhere(known: Mapping[Key, int], parted: _Parted) -> dict[Key, int]:
    """Return what is known of other trees than the one in view, unless it has become too much."""
    found = {key: e for key, e in known.items() if key not in parted.hits and _is_content(key[1])}
    limit = _CONTENT_KEPT * (len(parted.hits) + len(parted.missing)) + 1000
    return found if len(found) <= limit else {}


def _is_content(stamp: Stamp) -> bool:
    return all(isinstance(part, str) for part in stamp)


def _is_young(stamp: Stamp, now_ns: int) -> bool:
    """Whether a file may have been written again since, within one tick of its clock."""
    newest = max((part for part in stamp if isinstance(part, int)), default=0)
    margin = _MARGIN_NS if newest % 1_000_000_000 else _COARSE_MARGIN_NS
    return newest > now_ns - margin


@contextlib.contextmanager
def _alone(folder: str) -> Iterator[bool]:
    """Hold the right to publish; nobody waits for it.

    Raises:
        OSError: the folder cannot be made or written.
    """
    os.makedirs(folder, exist_ok=True)
    handle = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT, 0o666)
    try:
        yield _is_locked(handle)
    finally:
        os.close(handle)


def _is_locked(handle: int) -> bool:
    try:
        import fcntl  # noqa: PLC0415  # Windows has none; two builds there are only twice the work
    except ImportError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

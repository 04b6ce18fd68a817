"""What is in view of a layer now: a stored generation, less what changed, and what changed."""

from __future__ import annotations

import os
import time

from ledger.reader.engine import load_duckdb
from ledger.reader.index.build import build
from ledger.reader.index.generation import (
    NONE,
    Generation,
    alone,
    new_name,
    publish,
    read_generation,
    remove_unfinished,
)
from ledger.reader.index.harvest import PASSING, Field, harvest, is_young
from ledger.reader.index.held import Held
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.reader.index.generation import Also, Key
    from ledger.reader.index.raw_table import RawTable
    from ledger.reader.index.sources import LayerSource
    from ledger.reader.index.tables import Row, Rows
    from ledger.reader.ledger import BrokenRun, Ledger
    from ledger.reader.source import Stamp

OVERLAY = 48
"""So many changed runs are read for a question; more are stored for the next one too."""
HEAVY = 20_000
"""So many rows of fewer runs are stored too: it takes longer to read them than to store them."""
_COPIED = 1000
"""For so many bytes of a generation, which a new one has to copy, it must save one row more."""
_CONTENT_KEPT = 4
"""Entries of other trees that stay stored for each entry in view."""
_CONTENT_ALWAYS = 20_000
"""So many of them stay however few are in view: a small branch is asked between two large ones."""


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
    n_new: int
    """Of the missing ones those that the generation knows nothing of."""
    n_passing: int
    """Those that it knows to be passing."""


def refresh(ledger: Ledger, source: LayerSource) -> Refreshed:
    """Return the layer of ``source`` as it is now; many changes are published first."""
    folder = ledger.index_dir
    now_ns = time.time_ns()
    stamps = source.stamps()
    stored = NONE if folder is None else read_generation(folder, source.layer)
    was_damaged = stored.is_damaged
    parted = _part(ledger, stamps, stored)
    held = Held(source)
    is_many = parted.n_new > OVERLAY or _is_mostly_gone(stored, parted)
    if folder is not None:
        field = Field(
            source=source if is_many else held,
            stamps=stamps,
            now_ns=now_ns,
            stem=os.path.join(folder, f".{source.layer}-{new_name()}"),
            first=stored.last + 1,
        )
        if is_many or _is_heavy(field, stored, parted):
            stored = _published(folder, field, stored, parted, ledger.processes)
            parted = _part(ledger, stamps, stored)
    extracts = [each for path in parted.missing if (each := held.read_soundly(path)) is not None]
    fresh: dict[str, list[Row]] = {}
    raw: list[tuple[int, str, RawTable]] = []
    for entry, each in enumerate(extracts, stored.last + 1):
        if each.raw is not None:
            raw.append((entry, *each.raw))
        for table, found in each.rows.items():
            fresh.setdefault(table, []).extend((entry, *row) for row in found)
    shown = frozenset((*parted.hits.values(), PASSING))
    is_hiding = len(parted.hits) + parted.n_passing < len(stored.known)
    hidden = [e for e in stored.known.values() if e not in shown] if is_hiding else []
    return Refreshed(
        generation=stored,
        hidden=hidden,
        fresh=fresh,
        raw=raw,
        broken=[each for extract in extracts for each in extract.broken],
        was_damaged=was_damaged,
    )


def _part(ledger: Ledger, stamps: Mapping[str, Stamp | None], stored: Generation) -> _Parted:
    hits: dict[Key, int] = {}
    missing: list[str] = []
    n_new = n_passing = 0
    known, also = stored.known, stored.also
    for key in stamps.items():
        entry = known.get(key)  # type: ignore[arg-type]  # a stamp that is None is never known
        is_known = entry is not None and entry != PASSING
        if entry is None or not is_known or not _is_same(ledger, also.get(entry, ())):
            missing.append(key[0])
            n_passing += entry == PASSING
            n_new += entry != PASSING and key[1] is not None
        else:
            hits[key] = entry  # type: ignore[index]  # as above
    return _Parted(hits=hits, missing=missing, n_new=n_new, n_passing=n_passing)


def _is_mostly_gone(stored: Generation, parted: _Parted) -> bool:
    """Whether more is stored that nobody will ask for again than what is in view."""
    limit = OVERLAY + len(parted.hits)
    if len(stored.known) - len(parted.hits) - parted.n_passing <= limit:
        return False
    gone = (key for key in stored.known if key not in parted.hits and not _is_content(key[1]))
    return sum(1 for _ in gone) > limit + parted.n_passing


def _is_heavy(field: Field, stored: Generation, parted: _Parted) -> bool:
    """Whether the few runs that are missing have so many rows that storing them saves time.

    They are read for this question anyway, so that the truth about them costs nothing. A run that
    is still written to weighs nothing: the next question would find it changed.
    """
    weight = 0
    for path in parted.missing:
        stamp, found = field.stamps[path], field.source.read(path)
        if found is not None and stamp is not None and not is_young(stamp, field.now_ns):
            weight += found.weight
    try:
        copied = os.stat(stored.path).st_size if stored.path else 0
    except FileNotFoundError:
        return False  # swept meanwhile: whoever opens it starts again
    return weight > HEAVY + copied // _COPIED


def _is_same(ledger: Ledger, also: Also) -> bool:
    return all(ledger.source.file_stamp(path) == stamp for path, stamp in also)


def _published(
    folder: str, field: Field, stored: Generation, parted: _Parted, processes: int
) -> Generation:
    """Publish a generation with all that lasts; return ``stored`` where that is not to be.

    Another process may be at it, the disk may be full or read-only: only speed is lost.
    """
    layer = field.source.layer
    kept = {**parted.hits, **_elsewhere(stored.known, parted)}
    entries = frozenset(kept.values())
    dropped = [entry for entry in stored.known.values() if entry not in entries]
    path = f"{field.stem}.duckdb"
    passing: set[str] = set()
    try:
        with alone(folder) as is_alone:
            if not is_alone:
                return stored
            found = harvest(field, parted.missing, processes=processes)
            folders = {entry: place for place, entry in found.entries.items()}
            build(
                path,
                layer,
                found.parts,
                stored.path,
                dropped,
                lambda entry: _careful(field.source, folders[entry], passing),
            )
            for place, entry in found.entries.items():
                stamp = field.stamps[place]
                if stamp is not None:
                    kept[place, stamp] = PASSING if place in passing else entry
            also = {entry: files for entry, files in stored.also.items() if entry in entries}
            made = Generation(path=path, known=kept, also={**also, **found.also}, last=found.last)
            return publish(folder, layer, made)
    except (OSError, load_duckdb().Error):
        return stored
    finally:
        remove_unfinished(folder, os.path.basename(field.stem))


def _careful(source: LayerSource, path: str, passing: set[str]) -> Rows:
    """Return the rows of a table that only seemed plain; a broken one is told at every question."""
    extract = source.read_with_care(path)
    if extract is None or not extract.is_lasting:
        passing.add(path)
        return {}
    return extract.rows


def _elsewhere(known: Mapping[Key, int], parted: _Parted) -> dict[Key, int]:
    """Return what is known of other trees than the one in view, unless it has become too much."""
    found = {key: e for key, e in known.items() if key not in parted.hits and _is_content(key[1])}
    in_view = len(parted.hits) + len(parted.missing)
    return found if len(found) <= max(_CONTENT_KEPT * in_view, _CONTENT_ALWAYS) else {}


def _is_content(stamp: Stamp) -> bool:
    return all(isinstance(part, str) for part in stamp)

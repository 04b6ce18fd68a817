"""Stored generations of a layer: immutable files, published whole, believed only when they fit.

In a folder of the git directory a layer has ``<layer>.current`` (which generation, for whom, made
by what), ``<layer>-<name>.duckdb`` (the rows) and ``<layer>-<name>.known`` (which entry stands for
which content). A generation never changes and no name is used twice: a reader keeps what it has
opened, whoever publishes meanwhile; a build that is killed leaves a file that nobody reads.
"""

from __future__ import annotations

import contextlib
import json
import marshal
import os
import time
import zlib

from ledger.reader.index.tables import TABLES
from ledger.storage.files import replace_file
from ledger.value import value
from ledger.version import VERSION


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TypeAlias

    from ledger.reader.index.tables import Layer
    from ledger.reader.source import Stamp

    Key: TypeAlias = tuple[str, Stamp]
    """A run's folder and what tells that it did not change."""
    Also: TypeAlias = tuple[tuple[str, Stamp], ...]
    """Further files that the rows of a run were made from, with their stamps."""

FORMAT = 2
"""Raised when rows mean something else; an index of another format is made anew."""
_KEPT = 2
"""Generations that stay: a reader may have been told of the last but one."""
_ABANDONED_S = 3600
"""Seconds after which a file of an unfinished build is nobody's."""


@value
class Generation:
    """One stored generation of a layer."""

    path: str
    """Its rows: a DuckDB file."""
    known: Mapping[Key, int]
    """Entries by what they were made from."""
    also: Mapping[int, Also]
    """Entries that were made from further files."""
    last: int
    """The highest entry in use; 0 for none."""
    is_damaged: bool = False
    """Whether something was there that cannot be read; everything else is then empty."""


NONE = Generation(path="", known={}, also={}, last=0)
DAMAGED = Generation(path="", known={}, also={}, last=0, is_damaged=True)


def maker() -> str:
    """Return what a generation must have been made by: our format and tables, and the engine's."""
    from ledger.reader.engine import load_duckdb  # noqa: PLC0415  # asked for where it is needed

    tables = zlib.crc32(repr(sorted(TABLES.items())).encode())
    return f"{FORMAT} {VERSION} {tables} {load_duckdb().__version__}"


def read_generation(folder: str, layer: Layer) -> Generation:
    """Return the current generation of ``layer``.

    One made by another version is NONE, one that does not fit itself DAMAGED.
    """
    try:
        with open(os.path.join(folder, f"{layer}.current"), "rb") as file:
            current = json.loads(file.read())
        if current["maker"] != maker():
            return NONE
        stem = os.path.join(folder, f"{layer}-{current['name']}")
        with open(f"{stem}.known", "rb") as file:
            data = file.read()
        if zlib.crc32(data) != current["crc"] or os.stat(_rows(stem)).st_size != current["size"]:
            return DAMAGED
        known, also, last = marshal.loads(data)  # noqa: S302  # our own bytes, by their checksum
    except FileNotFoundError:
        # nothing yet, or what it names was swept: two publications ago
        return NONE
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return DAMAGED
    return Generation(path=_rows(stem), known=known, also=also, last=last)


def new_name() -> str:
    """Return a name that no generation ever had."""
    return f"{time.time_ns():x}-{os.getpid()}"


def publish(folder: str, layer: Layer, generation: Generation) -> Generation:
    """Make ``generation``, whose rows lie in a file of a name of its own, the current one.

    Raises:
        OSError: disk full or read-only; what was current stays so.
    """
    name = new_name()
    stem = os.path.join(folder, f"{layer}-{name}")
    data = marshal.dumps((dict(generation.known), dict(generation.also), generation.last))
    replace_file(f"{stem}.known", data, is_durable=False)
    os.replace(generation.path, _rows(stem))
    about = {
        "name": name,
        "maker": maker(),
        "crc": zlib.crc32(data),
        "size": os.stat(_rows(stem)).st_size,
    }
    path = os.path.join(folder, f"{layer}.current")
    replace_file(path, json.dumps(about).encode(), is_durable=False)
    _sweep(folder, layer)
    return Generation(
        path=_rows(stem), known=generation.known, also=generation.also, last=generation.last
    )


def drop(folder: str, layer: Layer) -> None:
    """Forget the current generation of ``layer``, so that the next one is made anew."""
    with contextlib.suppress(OSError):
        os.unlink(os.path.join(folder, f"{layer}.current"))


def remove_unfinished(folder: str, stem: str) -> None:
    """Remove the files of a build, whose names begin with ``stem``."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if name.startswith(stem):
                _remove(os.path.join(folder, name))


def _sweep(folder: str, layer: Layer) -> None:
    """Remove generations but the newest, and files of builds that nobody finishes any more."""
    with contextlib.suppress(OSError):
        names = sorted(os.listdir(folder))
        stored = [name for name in names if name.startswith(f"{layer}-")]
        stems = list(dict.fromkeys(name.rpartition(".")[0] for name in stored))
        stems.sort(key=_age)
        for name in stored:
            if name.rpartition(".")[0] in stems[:-_KEPT]:
                _remove(os.path.join(folder, name))
        for name in names:
            path = os.path.join(folder, name)
            if name.startswith(".") and time.time() - os.stat(path).st_mtime > _ABANDONED_S:
                _remove(path)


@contextlib.contextmanager
def alone(folder: str) -> Iterator[bool]:
    """Hold the right to publish into ``folder``; nobody waits for it.

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


def _rows(stem: str) -> str:
    return f"{stem}.duckdb"


def _age(stem: str) -> int:
    with contextlib.suppress(ValueError, IndexError):
        return int(stem.split("-")[1], 16)
    return 0


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)

"""What was sent to trackers that cannot be asked: a file in the git directory, never committed."""

from __future__ import annotations

import contextlib
import os

from ledger.contract.json_text import as_list, as_object, as_text, dump_json, parse_json
from ledger.errors import MalformedError
from ledger.storage.files import replace_file
from ledger.storage.git import find_places
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.contract.json_text import Json
    from ledger.project import Project

_NAME = ".synced.json"
_LOCK = "sync.lock"


@value
class Remembered:
    """A run, or a trial of one, that was sent."""

    id: str
    """Its id there."""
    digest: str | None
    """Of all that was sent; None where the sending was begun and never ended."""
    where: str
    """Its address, or its folder of files."""
    models: tuple[str, ...] = ()
    """Name and hash of what the run made and was sent."""


class SentFile:
    """What was sent to one target from this clone.

    Args:
        folder: our part of the git directory; None without git, where nothing is kept.
        target: what it was sent to, without credentials.
    """

    def __init__(self, folder: str | None, target: str) -> None:
        self._path = None if folder is None else os.path.join(folder, _NAME)
        self._target = target

    def get(self, key: str) -> Remembered | None:
        """Return what is known of the subject ``key``, None where it was never sent."""
        entry = as_object(as_object(self._read().get(self._target)).get(key))
        name = as_text(entry.get("id"))
        if name is None:
            return None
        return Remembered(
            id=name,
            digest=as_text(entry.get("digest")),
            where=as_text(entry.get("where")) or "",
            models=tuple(text for text in map(as_text, as_list(entry.get("models"))) if text),
        )

    def put(self, key: str, entry: Remembered) -> None:
        """Keep ``entry`` for the subject ``key``.

        Raises:
            OSError: it cannot be written.
        """
        if self._path is None:
            return
        known = self._read()
        kept: dict[str, Json] = {
            "id": entry.id,
            "digest": entry.digest,
            "where": entry.where,
            "models": list(entry.models),
        }
        known[self._target] = {**as_object(known.get(self._target)), key: kept}
        replace_file(self._path, dump_json(known))

    def _read(self) -> dict[str, Json]:
        if self._path is None:
            return {}
        try:
            with open(self._path, "rb") as file:
                return as_object(parse_json(file.read()))
        except (FileNotFoundError, MalformedError):
            return {}  # what was sent is sent again, whole and under a new id at worst


def private_folder(project: Project) -> str | None:
    """Return our part of the git directory, made if need be; None without git."""
    places = find_places(os.fspath(project.root))
    if places is None:
        return None
    folder = os.path.join(places[2], "ledger")
    os.makedirs(folder, exist_ok=True)
    return folder


@contextlib.contextmanager
def one_at_a_time(folder: str | None) -> Iterator[None]:
    """Wait until no other sync of this clone runs: two would both make what neither finds."""
    if folder is None:
        yield
        return
    handle = os.open(os.path.join(folder, _LOCK), os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _wait(handle)
        yield
    finally:
        os.close(handle)


def _wait(handle: int) -> None:
    try:
        import fcntl  # Windows has none
    except ImportError:
        return
    fcntl.flock(handle, fcntl.LOCK_EX)

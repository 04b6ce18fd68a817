"""What setting up did to files, and how to take it back byte for byte."""

from __future__ import annotations

import base64
import os
import stat
from contextlib import contextmanager
from pathlib import Path

from ledger.contract.json_text import as_list, as_object, as_text
from ledger.errors import LedgerError
from ledger.storage.files import replace_file
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ledger.contract.json_text import Json

_ABSENT, _FILE, _LINK = "absent", "file", "link"


@value
class Change:
    """One file that was written, or would have been had it not been right already."""

    path: str
    """As a user would name it: relative to the top of the repository where it lies in there."""
    action: str
    """created, updated, removed, restored, kept, left."""
    what: str = ""
    """What it does, for a person; empty where the path says it."""

    def to_text(self) -> str:
        """Return one line."""
        return f"{self.action} {self.path}" + (f" ({self.what})" if self.what else "")


@value
class State:
    """What stood at a path: nothing, a file, or a link."""

    kind: str
    data: bytes = b""
    """Bytes of the file, target of the link."""
    mode: int = 0
    """Permission bits of the file."""

    @property
    def is_absent(self) -> bool:
        """Whether nothing stood there."""
        return self.kind == _ABSENT

    def to_json(self) -> dict[str, Json]:
        """Return the state as text; ``state_from_json`` reads it."""
        data = base64.b64encode(self.data).decode("ascii")
        return {"kind": self.kind, "data": data, "mode": self.mode}


def state_from_json(document: Json) -> State:
    """Return the state that ``to_json`` gave."""
    known = as_object(document)
    return State(
        kind=as_text(known.get("kind")) or _ABSENT,
        data=base64.b64decode(as_text(known.get("data")) or ""),
        mode=int(str(known.get("mode") or 0)),
    )


def state_at(path: Path) -> State:
    """Return what stands at ``path`` now.

    Raises:
        OSError: it is a folder, or cannot be read.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return State(kind=_ABSENT)
    if stat.S_ISLNK(mode):
        return State(kind=_LINK, data=os.fsencode(path.readlink()))
    return State(kind=_FILE, data=path.read_bytes(), mode=stat.S_IMODE(mode))


class Undo:
    """What was written so far, and how to take it back when the rest cannot be done.

    Args:
        when_known: called before each change with what is known by then; a journal is written so.
    """

    def __init__(self, when_known: Callable[[Undo], None] = lambda _: None) -> None:
        self._before: dict[Path, State] = {}
        self._made: list[Path] = []
        self._when_known = when_known

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every path that was written, renamed or removed, in that order."""
        return tuple(self._before)

    def make_folder(self, path: Path) -> None:
        """Make ``path`` and what is missing above it."""
        missing = [each for each in (path, *path.parents) if not each.exists()]
        self._made += reversed(missing)
        if missing:
            self._when_known(self)
        for one in reversed(missing):
            one.mkdir()

    def write(self, path: Path, data: bytes, *, mode: int | None = None) -> None:
        """Replace ``path`` as a whole; ``mode`` is what it may be used for, None for as it was."""
        before = self._remember(path)
        replace_file(str(path), data)
        if mode is None and before.kind == _FILE:
            mode = before.mode
        if mode is not None:
            path.chmod(mode)

    def rename(self, path: Path, to: Path) -> None:
        """Give ``path`` the name ``to``, over whatever stands there."""
        self._remember(path)
        self._remember(to)
        path.replace(to)

    def remove(self, path: Path) -> None:
        """Remove the file or link ``path``."""
        self._remember(path)
        path.unlink()

    def before(self, path: Path) -> State:
        """Return what stood at ``path``, one of ``paths``, before its first change."""
        return self._before[path]

    def take_back(self) -> None:
        """Put everything back as it was, the last first."""
        for path in reversed(self._before):
            self.restore(path)
        for folder in reversed(self._made):
            remove_empty(folder)

    def restore(self, path: Path) -> None:
        """Put back what stood at ``path`` before its first change."""
        before = self._before[path]
        if before.kind == _ABSENT:
            path.unlink(missing_ok=True)
        elif before.kind == _LINK:
            path.unlink(missing_ok=True)
            path.symlink_to(os.fsdecode(before.data))
        else:
            replace_file(str(path), before.data)
            path.chmod(before.mode)

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that were made, the uppermost first."""
        return tuple(self._made)

    def to_json(self) -> dict[str, Json]:
        """Return what is known as text; ``undo_from_json`` reads it."""
        files: dict[str, Json] = {str(path): one.to_json() for path, one in self._before.items()}
        return {"files": files, "folders": [str(folder) for folder in self._made]}

    def _remember(self, path: Path) -> State:
        if path not in self._before:
            self._before[path] = state_at(path)
            self._when_known(self)
        return self._before[path]

    def adopt(self, document: Mapping[str, Json]) -> None:
        """Take over what ``to_json`` gave."""
        for path, one in as_object(document.get("files")).items():
            self._before[Path(path)] = state_from_json(one)
        self._made += [Path(str(folder)) for folder in as_list(document.get("folders"))]


def remove_empty(folder: Path) -> bool:
    """Remove ``folder`` where nothing is in it; whether it is gone now."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


@contextmanager
def telling_why() -> Iterator[None]:
    """Turn a file that cannot be read or written into an error that names it.

    Raises:
        LedgerError: instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        message = f"cannot be written: {error.strerror or error}"
        hint = "mend that (rights, space, what is in the way), then run the command again"
        raise LedgerError(message, hint=hint, path=_place(error)) from error


def _place(error: OSError) -> str | None:
    """Return the file that was meant: a temporary one stands for what it was to become."""
    if not isinstance(error.filename, str):
        return None
    folder, name = os.path.split(error.filename)
    if name.startswith(".") and name.endswith(".tmp"):
        name = name[1:].rsplit(".", 2)[0]
    return os.path.join(folder, name)

"""What setting up did to one file."""

from __future__ import annotations

import os
from contextlib import contextmanager

from ledger.errors import LedgerError
from ledger.storage.files import replace_file
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@value
class Change:
    """One file that was written, or would have been had it not been right already."""

    path: str
    """As a user would name it: relative to the top of the repository where it lies in there."""
    action: str
    """created, updated, removed, restored."""
    what: str = ""
    """What it does, for a person; empty where the path says it."""

    def to_text(self) -> str:
        """Return one line."""
        return f"{self.action} {self.path}" + (f" ({self.what})" if self.what else "")


class Undo:
    """What was written so far, and how to take it back when the rest cannot be done."""

    def __init__(self) -> None:
        self._before: list[tuple[Path, bytes | None]] = []
        self._made: list[Path] = []

    def make_folder(self, path: Path) -> None:
        """Make ``path`` and what is missing above it."""
        for one in reversed([each for each in (path, *path.parents) if not each.exists()]):
            one.mkdir()
            self._made.append(one)

    def write(self, path: Path, data: bytes) -> None:
        """Replace ``path`` as a whole."""
        old = path.read_bytes() if path.exists() else None
        replace_file(str(path), data)
        self._before.append((path, old))

    def take_back(self) -> None:
        """Put everything back as it was, the last first."""
        for path, old in reversed(self._before):
            if old is None:
                path.unlink()
            else:
                replace_file(str(path), old)
        for folder in reversed(self._made):
            folder.rmdir()


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

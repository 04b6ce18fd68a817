"""git's own lock on the index, held while runs are committed; one that we died with is known."""

from __future__ import annotations

import json
import os

from ledger.capture.process import ProcessIdentity, is_gone, this_process
from ledger.errors import LedgerError
from ledger.storage.files import create_file
from ledger.value import as_dict


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.storage.git import Repository

_MARK = b"ledger commit "
_MAX_BYTES = 4096


class IndexLock:
    """``index.lock`` of a working tree: while it is there no git command changes the index.

    Args:
        repository: the one whose working tree is meant.
        head: where HEAD was before the first commit, kept in the lock for whoever finds it.
    """

    def __init__(self, repository: Repository, head: str) -> None:
        self.index = os.path.join(repository.git_dir, "index")
        self.path = self.index + ".lock"
        self._head = head

    def take(self) -> None:
        """Take the lock.

        Raises:
            LedgerError: somebody else holds it, or it cannot be written.
        """
        text = json.dumps({"head": self._head, "process": as_dict(this_process())})
        try:
            is_ours = create_file(self.path, _MARK + text.encode())
        except OSError as error:
            message = f"the index cannot be locked: {error.strerror or error}"
            hint = "free disk space or mend the permissions"
            raise LedgerError(message, hint=hint, path=self.path) from error
        if not is_ours:
            message = "another git command holds the index"
            hint = "wait for its end; when none runs, remove the file, then again"
            raise LedgerError(message, hint=hint, path=self.path)

    def put(self, index: str) -> None:
        """Make the file ``index`` the user's index; that ends the lock."""
        os.replace(index, self.path)
        os.replace(self.path, self.index)

    def leave(self) -> None:
        """End the lock, the index as it was."""
        os.unlink(self.path)


def left_behind(repository: Repository) -> str | None:
    """Return where HEAD was before a ``ledger commit`` that was killed; None without one."""
    try:
        with open(os.path.join(repository.git_dir, "index.lock"), "rb") as file:
            data = file.read(_MAX_BYTES)
    except OSError:
        return None
    if not data.startswith(_MARK):
        return None
    try:
        kept = json.loads(data.removeprefix(_MARK))
        process = ProcessIdentity(**kept["process"])
        head = str(kept["head"])
    except (ValueError, TypeError, KeyError):
        return None
    return head if is_gone(process) else None

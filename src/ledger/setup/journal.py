"""What ``ledger init --try`` did, kept in the git directory so that it can be taken back later."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ledger.contract.json_text import as_list, as_object, as_text
from ledger.errors import LedgerError
from ledger.setup.change import State, Undo, remove_empty, state_at, state_from_json
from ledger.storage.files import replace_file


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.json_text import Json
    from ledger.storage.git import Repository

NAME = "try.json"


class Journal:
    """The changes of one try; written before each of them, so that a crash leaves it right.

    Attributes:
        folder: the project that was tried.
        ledger_dir: where its runs are.
        undo: how the files were before.
        runs: ids of the runs that the try recorded; None while it records.
    """

    def __init__(self, repository: Repository, folder: Path) -> None:
        self.path = journal_path(repository)
        self.folder = folder
        self.ledger_dir = folder / "ledger"
        self.undo = Undo(lambda _: self.save())
        self.runs: list[str] | None = None
        self.private_before: list[str] | None = _files_below(self.path.parent)
        self.ledger_before: list[str] = []
        self.names_before = sorted(os.listdir(folder)) if folder.is_dir() else []
        self.after: dict[str, Json] = {}

    def note_ledger(self, ledger_dir: Path) -> None:
        """Remember what the ledger holds before the run is recorded."""
        self.ledger_dir = ledger_dir
        self.ledger_before = _files_below(ledger_dir) or []
        self.note_after()

    def note_after(self) -> None:
        """Remember how the changed files are now: what differs later was edited by somebody."""
        self.after = {str(path): state_at(path).to_json() for path in self.undo.paths}
        self.save()

    def save(self) -> None:
        """Write the journal."""
        document: dict[str, Json] = {
            "folder": str(self.folder),
            "ledger_dir": str(self.ledger_dir),
            "undo": self.undo.to_json(),
            "after": self.after,
            "runs": None if self.runs is None else [*self.runs],
            "private_before": None if self.private_before is None else [*self.private_before],
            "ledger_before": [*self.ledger_before],
            "names_before": [*self.names_before],
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(str(self.path), json.dumps(document).encode("ascii"))

    def is_edited(self, path: Path) -> bool:
        """Whether ``path`` is no longer what the try made of it."""
        return state_at(path).to_json() != self.after.get(str(path))

    def state_after(self, path: Path) -> State:
        """Return what the try made of ``path``."""
        return state_from_json(self.after.get(str(path)))

    def forget(self) -> None:
        """Keep what was tried: there is nothing to take back any more."""
        self.path.unlink(missing_ok=True)

    def clean_private(self) -> None:
        """Remove what appeared in our folder of the git directory, the journal included."""
        folder = self.path.parent
        for name in set(_files_below(folder) or ()) - set(self.private_before or ()):
            (folder / name).unlink(missing_ok=True)
        remove_empty_below(folder)
        if self.private_before is None:
            remove_empty(folder)


def journal_path(repository: Repository) -> Path:
    """Return where the journal of a try is kept."""
    return Path(repository.private_dir, NAME)


def open_journal(repository: Repository) -> Journal | None:
    """Return the journal of the try that nobody has decided on, None without one.

    Raises:
        LedgerError: it cannot be read.
    """
    path = journal_path(repository)
    try:
        document = as_object(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        message = f"cannot be read: {error}"
        hint = "remove it; then what was tried stays, and `ledger uninstall` takes the hooks out"
        raise LedgerError(message, hint=hint, path=path) from error
    journal = Journal(repository, Path(as_text(document.get("folder")) or ""))
    journal.ledger_dir = Path(as_text(document.get("ledger_dir")) or "")
    journal.undo.adopt(as_object(document.get("undo")))
    journal.after = as_object(document.get("after"))
    runs, before = document.get("runs"), document.get("private_before")
    journal.runs = None if runs is None else [str(run) for run in as_list(runs)]
    journal.private_before = None if before is None else [str(one) for one in as_list(before)]
    journal.ledger_before = [str(one) for one in as_list(document.get("ledger_before"))]
    journal.names_before = [str(one) for one in as_list(document.get("names_before"))]
    return journal


def remove_empty_below(folder: Path) -> None:
    """Remove the folders below ``folder`` that hold nothing."""
    for above, folders, _ in os.walk(folder, topdown=False):
        for name in folders:
            remove_empty(Path(above, name))


def _files_below(folder: Path) -> list[str] | None:
    """Return the files below ``folder``, relative to it; None where there is no such folder."""
    if not folder.is_dir():
        return None
    found = [
        os.path.relpath(os.path.join(above, name), folder)
        for above, _, names in os.walk(folder)
        for name in names
    ]
    return sorted(found)


def new_files(journal: Journal) -> list[Path]:
    """Return the files of the ledger that were not there before the run was recorded."""
    now = set(_files_below(journal.ledger_dir) or ())
    return [journal.ledger_dir / name for name in sorted(now - set(journal.ledger_before))]

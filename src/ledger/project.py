"""Finds the project a script or a folder belongs to: the nearest settings file upwards."""

from __future__ import annotations

from ledger.errors import NoLedgerError
from ledger.settings import OWN_FILE, SHARED_FILE, Settings, parse_settings
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@value
class Project:
    """A folder with settings, and the ledger that belongs to it."""

    root: Path
    """Folder of the settings file, absolute."""
    settings: Settings
    settings_path: Path

    @property
    def ledger_dir(self) -> Path:
        """Folder of the runs; it may not exist yet."""
        return self.root / self.settings.dir


def find_project(starts: Iterable[Path]) -> Project:
    """Return the project nearest upwards from the first of ``starts`` that has one.

    Raises:
        NoLedgerError: none of them has one.
        LedgerError: a settings file that does not parse.
    """
    tried = [start.absolute() for start in starts]
    for start in tried:
        for folder in (start, *start.parents):
            project = project_at(folder)
            if project is not None:
                return project
    where = tried[-1] if tried else None
    message = "no ledger here or in any folder above"
    raise NoLedgerError(message, hint="run `ledger init` in your project", path=where)


def project_at(folder: Path) -> Project | None:
    """Return the project whose settings file stands in ``folder``, None where there is none."""
    for name in (OWN_FILE, SHARED_FILE):
        path = folder / name
        try:
            data = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
        settings = parse_settings(data, str(path))
        if settings is not None:
            return Project(root=folder, settings=settings, settings_path=path)
    return None

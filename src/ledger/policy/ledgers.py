"""Where the ledgers of a tree are: one for each settings file, several in one repository."""

from __future__ import annotations

import posixpath

from ledger.contract.layout import SHARED_FOLDERS, is_month, is_temporary
from ledger.settings import OWN_FILE, SHARED_FILE
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ledger.settings import Settings
    from ledger.storage.tree import TreeEntry

_SETTINGS_FILES = (OWN_FILE, SHARED_FILE)
_MONTH_LENGTH = 7
_DEPTH = 3
"""Month, run, file: what stands below the folder of a ledger."""


@value
class Ledger:
    """A ledger of a tree; paths are relative to the top of the repository."""

    folder: str
    settings: Settings
    settings_path: str


@value
class RunFolder:
    """The files of one run in the judged tree."""

    ledger: Ledger
    month: str
    run_id: str
    """The name of the folder; the record must say the same."""
    files: Mapping[str, TreeEntry]
    """By name below the folder."""

    @property
    def path(self) -> str:
        """The folder, relative to the top of the repository."""
        return f"{self.ledger.folder}/{self.month}/{self.run_id}"

    def path_of(self, name: str) -> str:
        """Return the path of the run's file ``name``."""
        return f"{self.path}/{name}"


def settings_paths(paths: Iterable[str]) -> list[str]:
    """Return those of ``paths`` that may be settings files, a project's own before the shared."""
    found = [path for path in paths if path.rpartition("/")[2] in _SETTINGS_FILES]
    return sorted(found, key=lambda path: not path.endswith(OWN_FILE))


def settings_above(paths: Iterable[str]) -> list[str]:
    """Return every place where the settings of a project that holds one of ``paths`` may stand."""
    seen: set[str] = set()
    for path in paths:
        folder = posixpath.dirname(path)
        while folder not in seen:
            seen.add(folder)
            folder = posixpath.dirname(folder)
    return settings_paths(
        posixpath.join(folder, name) for folder in seen for name in _SETTINGS_FILES
    )


def find_ledgers(paths: Iterable[str], read: Callable[[str], Settings | None]) -> list[Ledger]:
    """Return the ledgers that the settings files ``paths`` declare, one for each project folder.

    Args:
        paths: settings files, a project's own before the shared.
        read: returns the settings in a file, None where it has none.
    """
    found: dict[str, Ledger] = {}
    for path in paths:
        project = posixpath.dirname(path)
        if project not in found:
            settings = read(path)
            if settings is not None:
                folder = posixpath.normpath(posixpath.join(project, settings.dir))
                found[project] = Ledger(folder=folder, settings=settings, settings_path=path)
    return list(found.values())


def candidate_folders(paths: Iterable[str]) -> set[str]:
    """Return every folder that has a month folder with something below it in ``paths``."""
    found: set[str] = set()
    for path in paths:
        parts = path.split("/")
        for place in range(1, len(parts) - 1):
            if len(parts[place]) == _MONTH_LENGTH and is_month(parts[place]):
                found.add("/".join(parts[:place]))
    return found


def folders_of_shared(paths: Iterable[str]) -> set[str]:
    """Return every folder that has a folder of shared files with one of ``paths`` in it."""
    found: set[str] = set()
    for path in paths:
        above, _, name = path.rpartition("/")
        ledger, _, place = above.rpartition("/")
        if ledger and place in SHARED_FOLDERS and name.endswith((".manifest", ".txt")):
            found.add(ledger)
    return found


def run_folders(ledger: Ledger, entries: Mapping[str, TreeEntry]) -> dict[str, RunFolder]:
    """Return the runs of ``ledger`` in a tree by path; temporary files are no files of a run."""
    prefix = ledger.folder + "/"
    skip = len(prefix)
    grouped: dict[tuple[str, str], dict[str, TreeEntry]] = {}
    for path, entry in entries.items():
        if path.startswith(prefix):
            parts = path[skip:].split("/", _DEPTH - 1)
            if len(parts) == _DEPTH and not is_temporary(parts[2].rpartition("/")[2]):
                grouped.setdefault((parts[0], parts[1]), {})[parts[2]] = entry
    runs = (
        RunFolder(ledger=ledger, month=month, run_id=run_id, files=files)
        for (month, run_id), files in sorted(grouped.items())
        if is_month(month)
    )
    return {run.path: run for run in runs}


def is_ledger_file(ledger: Ledger, path: str) -> bool:
    """Whether ``path`` stands where a run or what runs share does, or the ledger's attributes."""
    prefix = ledger.folder + "/"
    if not path.startswith(prefix):
        return False
    parts = path[len(prefix) :].split("/", _DEPTH - 1)
    if len(parts) == _DEPTH:
        return is_month(parts[0])
    is_shared = parts[0] in SHARED_FOLDERS and parts[-1].endswith((".manifest", ".txt"))
    return is_shared or parts == [".gitattributes"]


def touched(runs: Mapping[str, RunFolder], ledger: Ledger, paths: Iterable[str]) -> list[RunFolder]:
    """Return those of ``runs`` that have one of ``paths`` in their folder."""
    prefix = ledger.folder + "/"
    skip = len(prefix)
    folders: dict[str, None] = {}
    for path in paths:
        if path.startswith(prefix):
            parts = path[skip:].split("/", _DEPTH - 1)
            if len(parts) == _DEPTH:
                folders[f"{prefix}{parts[0]}/{parts[1]}"] = None
    return [runs[folder] for folder in folders if folder in runs]

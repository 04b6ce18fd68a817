"""Which ledgers a commit touches, and which git tracks at all."""

from __future__ import annotations

import os

from ledger.errors import GitError, LedgerError
from ledger.policy.ledgers import (
    candidate_folders,
    find_ledgers,
    folders_of_shared,
    settings_above,
    settings_paths,
)
from ledger.policy.reading import Blobs, SettingsReader
from ledger.settings import parse_settings
from ledger.storage.tree import EXECUTABLE, REGULAR, RevisionTree


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ledger.policy.ledgers import Ledger
    from ledger.settings import Settings
    from ledger.storage.git import Repository


_PLAIN = frozenset({REGULAR, EXECUTABLE})


def tracked_ledgers(repository: Repository, blobs: Blobs) -> list[Ledger]:
    """Return every ledger that the settings files of the tree declare."""
    return _ledgers(repository, blobs, settings_paths(blobs.entries()), ())


def readable_ledgers(repository: Repository, blobs: Blobs) -> list[Ledger]:
    """Return every ledger that those settings files of the tree declare which can be read.

    For a tree that is only compared with: what does not parse there may be what a change mends.
    """
    paths = settings_paths(blobs.entries())
    reader = SettingsReader(blobs, repository.private_dir)
    blobs.load(reader.unknown(paths))
    plain = {path for path in paths if blobs.entries()[path].mode in _PLAIN}

    def read(path: str) -> Settings | None:
        try:
            return reader.read(path)
        except LedgerError:
            if path in plain and blobs.get(path) is None:
                raise  # it may say anything: no reason to go by another policy
            return None

    return find_ledgers(paths, read)


def staged_ledgers(
    repository: Repository, blobs: Blobs, changes: Mapping[str, str], before: str = "HEAD"
) -> list[Ledger]:
    """Return the ledgers that ``changes`` of the index, or of a commit, may touch.

    Settings come from there. Where they change, those of ``before`` count too: moving the folder
    or dropping the settings is no way around a check. A run whose settings file git does not track
    yet is judged by the file on the disk.
    """
    entries = blobs.entries()
    if any(path.rpartition("/")[2] == ".gitattributes" for path in changes):
        paths = settings_paths(entries)  # it may apply to every ledger below it
    else:
        paths = [path for path in settings_above(changes) if path in entries]
    ledgers = _ledgers(repository, blobs, paths, changes)
    if any(changes[path] != "A" for path in settings_paths(changes)):
        ledgers += _former_ledgers(repository, changes, before)
    known = {ledger.folder for ledger in ledgers}
    strange = (candidate_folders(changes) | folders_of_shared(changes)) - known
    if strange:
        ledgers += _ledgers_on_disk(repository.top, strange)
    unique: dict[str, Ledger] = {}
    for ledger in ledgers:
        unique.setdefault(ledger.folder, ledger)
    return list(unique.values())


def _ledgers(
    repository: Repository, blobs: Blobs, paths: list[str], changes: Iterable[str]
) -> list[Ledger]:
    reader = SettingsReader(blobs, repository.private_dir)
    unknown = reader.unknown(paths)
    if unknown:
        # the same git process that reads the settings also reads what they are about to ask for
        blobs.load([*unknown, *_likely(blobs, changes)])
    return find_ledgers(paths, reader.read)


def _likely(blobs: Blobs, changes: Iterable[str]) -> list[str]:
    """Return the files of the folders that changed and are ledgers by the look of them."""
    folders = {path.rpartition("/")[0] for path in changes if candidate_folders((path,))}
    shared = [path for path in changes if path.endswith((".manifest", ".txt"))]
    entries = blobs.entries()
    below = [path for path in entries if path.rpartition("/")[0] in folders]
    return below + [path for path in shared if path in entries]


def _former_ledgers(
    repository: Repository, changes: Mapping[str, str], before: str
) -> list[Ledger]:
    blobs = Blobs(RevisionTree(repository, before))
    try:
        paths = [path for path in settings_paths(changes) if path in blobs.entries()]
        return _ledgers(repository, blobs, paths, ())
    except GitError:
        return []  # before the first commit
    except LedgerError:
        return []  # what it says does not parse; the commit mends it


def _ledgers_on_disk(top: str, folders: set[str]) -> list[Ledger]:
    def read(path: str) -> Settings | None:
        with open(os.path.join(top, path), "rb") as file:
            return parse_settings(file.read(), path)

    places = settings_above(f"{folder}/" for folder in folders)
    paths = [path for path in places if os.path.isfile(os.path.join(top, path))]
    return [ledger for ledger in find_ledgers(paths, read) if ledger.folder in folders]

"""The files of the ledger that a run's commit holds: its folder, what it shares, the ground."""

from __future__ import annotations

import os
import posixpath

from ledger.contract.json_text import as_object, as_text
from ledger.contract.layout import SHARED_FOLDERS, is_temporary
from ledger.contract.shared import shared_names
from ledger.errors import GitError
from ledger.setup.commits.index import PrivateIndex
from ledger.storage.tree import REGULAR, TreeEntry, WorkTree
from ledger.value import value
from ledger.writer.shared import stored_path


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ledger.contract.record import RunRecord
    from ledger.policy.ledgers import Ledger
    from ledger.storage.git import Repository

_IGNORE_NAME = ".gitignore"
_ATTRIBUTES_NAME = ".gitattributes"
_SPECIAL = "000000"
_SHARED = tuple(f"{folder}/" for folder in SHARED_FOLDERS)


def files_below(top: str, folder: str) -> list[str]:
    """Return the files below ``folder`` of the disk as paths from ``top``; temporary ones not.

    Raises:
        LedgerError: the folder cannot be read.
    """
    found = WorkTree(top, os.path.join(top, folder)).entries()
    return sorted(
        path
        for path, entry in found.items()
        if entry.mode != _SPECIAL and not is_temporary(posixpath.basename(path))
    )


def shared_paths(ledger: Ledger, record: RunRecord) -> list[str]:
    """Return where the files stand that ``record`` names and may share with other runs."""
    return [f"{ledger.folder}/{name}" for name in shared_names(dict(record.document))]


def tracking_paths(repository: Repository, ledger: Ledger, record: RunRecord) -> list[str]:
    """Return what tells DVC of a run's whole tables: their ``.dvc`` files and the ignore rules."""
    project = posixpath.dirname(ledger.settings_path)
    found: list[str] = []
    for entry in as_object(record.document.get("thinned")).values():
        path = posixpath.join(project, as_text(as_object(entry).get("path")) or "")
        if os.path.isfile(os.path.join(repository.top, f"{path}.dvc")):
            found += [f"{path}.dvc", posixpath.join(posixpath.dirname(path), _IGNORE_NAME)]
    return found


def ground_paths(
    repository: Repository, ledger: Ledger, head: Mapping[str, TreeEntry]
) -> list[str]:
    """Return what a ledger stands on and HEAD lacks: settings, attributes, ignore rules.

    An ignore file that HEAD holds counts when the ledger's own lines are all that was added to it.
    """
    project = posixpath.dirname(ledger.settings_path)
    ignore = posixpath.join(project, _IGNORE_NAME)
    wanted = [ledger.settings_path, f"{ledger.folder}/{_ATTRIBUTES_NAME}", ignore]
    found = [path for path in wanted if path not in head]
    known = head.get(ignore)
    if known is not None and _adds_only_ours(repository, ledger, ignore, known.oid or ""):
        found.append(ignore)
    return [path for path in found if os.path.isfile(os.path.join(repository.top, path))]


@value
class Gathered:
    """What git would store of files on the disk."""

    entries: Mapping[str, TreeEntry]
    unreadable: Mapping[str, str]
    """By path: why git could not take it in."""


def gather_stored(
    repository: Repository, ledger: Ledger, paths: Iterable[str]
) -> dict[str, TreeEntry]:
    """Return the entries of shared files that are not in the ledger, but in the store of git.

    They stay away from the ledger's folder while a stash or another branch holds their place.
    """
    found = {}
    for path in dict.fromkeys(paths):
        name = path.removeprefix(f"{ledger.folder}/")
        stored = stored_path(repository.private_dir, name)
        if name.startswith(_SHARED) and stored.is_file():
            said = repository.git("hash-object", "-w", "--no-filters", "--", str(stored))
            found[path] = TreeEntry(mode=REGULAR, oid=said.decode("ascii").strip())
    return found


def gather(repository: Repository, index: str, paths: Iterable[str]) -> Gathered:
    """Return the entries of those of ``paths`` that are there; their contents are in git then.

    Args:
        repository: whose working tree they are in.
        index: the user's, where git knows which files have not changed.
        paths: relative to the top.
    """
    wanted = [p for p in dict.fromkeys(paths) if os.path.lexists(os.path.join(repository.top, p))]
    scratch = PrivateIndex(repository, "files")
    unreadable: dict[str, str] = {}
    try:
        scratch.copy(index)
        try:
            scratch.add(wanted)
        except GitError:
            unreadable = _add_singly(scratch, wanted)
        entries = scratch.entries()
    finally:
        scratch.remove()
    held = {path: entries[path] for path in wanted if path in entries and path not in unreadable}
    return Gathered(entries=held, unreadable=unreadable)


def _add_singly(scratch: PrivateIndex, paths: Iterable[str]) -> dict[str, str]:
    """Add ``paths`` one by one, so that one that cannot be read keeps no other out."""
    failed: dict[str, str] = {}
    for path in paths:
        try:
            scratch.add((path,))
        except GitError as error:
            failed[path] = error.message.partition("failed: ")[2]
    return failed


def _adds_only_ours(repository: Repository, ledger: Ledger, path: str, oid: str) -> bool:
    try:
        with open(os.path.join(repository.top, path), "rb") as file:
            now = file.read().splitlines()
    except OSError:
        return False
    before = repository.git("cat-file", "blob", oid).splitlines()
    project = posixpath.dirname(ledger.settings_path)
    rules = b"/%s/" % os.fsencode(posixpath.relpath(ledger.folder, project or "."))

    def is_ours(line: bytes) -> bool:
        return line.removeprefix(b"!").startswith(rules) or line.startswith(b"# Runs are tracked")

    def others(lines: list[bytes]) -> list[bytes]:
        return [line for line in lines if line.strip() and not is_ours(line)]

    return now != before and others(now) == others(before)

"""The project as a commit holds it: its settings are read from the tree, not from the disk."""

from __future__ import annotations

import os
import posixpath

from ledger.errors import LedgerError, NoLedgerError
from ledger.settings import OWN_FILE, SHARED_FILE, parse_settings
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.reader.revision import Revision
    from ledger.settings import Settings
    from ledger.storage.git import Repository
    from ledger.storage.objects import ObjectReader


@value
class TreeProject:
    """A project of one commit; paths are relative to the top of the repository."""

    folder: str
    """"" is the top."""
    settings: Settings
    settings_path: str

    @property
    def ledger_path(self) -> str:
        """The folder of the runs."""
        return posixpath.join(self.folder, self.settings.dir)


def project_above(objects: ObjectReader, revision: Revision, folder: str) -> TreeProject:
    """Return the project nearest upwards from ``folder`` in a commit.

    Raises:
        NoLedgerError: none there.
        LedgerError: a settings file that does not parse.
    """
    for each in _upwards(folder):
        project = project_in(objects, revision, each)
        if project is not None:
            return project
    place = f"in {folder} or any folder above it" if folder else "at its top"
    message = f"{revision.label} has no ledger {place}"
    raise NoLedgerError(message, hint="ask a branch whose project is set up (`ledger init`)")


def only_project(objects: ObjectReader, revision: Revision) -> TreeProject:
    """Return the project of a commit that nobody stands in a folder of: at the top, or the only.

    Raises:
        NoLedgerError: none, or several and none at the top.
        LedgerError: a settings file that does not parse.
    """
    at_top = project_in(objects, revision, "")
    if at_top is not None:
        return at_top
    folders = _folders_with_settings(objects.repository, revision.commit)
    found = [each for folder in folders if (each := project_in(objects, revision, folder))]
    if len(found) == 1:
        return found[0]
    if not found:
        message = f"{revision.label} has no ledger"
        raise NoLedgerError(message, hint="ask a branch whose project is set up (`ledger init`)")
    named = ", ".join(project.folder for project in found)
    message = f"{revision.label} has several ledgers: {named}"
    raise NoLedgerError(message, hint=f"choose one with --at {revision.label}:{found[0].folder}")


def project_in(objects: ObjectReader, revision: Revision, folder: str) -> TreeProject | None:
    """Return the project whose settings stand in ``folder`` of a commit, None where none do.

    Raises:
        LedgerError: a settings file that does not parse.
    """
    for name in (OWN_FILE, SHARED_FILE):
        path = posixpath.join(folder, name)
        found = objects.ask(f"{revision.commit}:{path}")
        if found is not None and found.kind == "blob":
            settings = parse_settings(found.data, f"{revision.label}:{path}")
            if settings is not None:
                return TreeProject(folder=folder, settings=settings, settings_path=path)
    return None


def ledger_tree(objects: ObjectReader, revision: Revision, path: str) -> str | None:
    """Return the id of the tree at ``path``, the ledger's folder; None where there is nothing.

    Raises:
        LedgerError: something else stands there.
    """
    found = objects.ask(f"{revision.commit}:{path}")
    if found is not None and found.kind == "tree":
        return found.oid
    listed = objects.repository.git("ls-tree", "-z", revision.commit, "--", path)
    if not listed:
        return None
    kind = {b"120000": "a symbolic link", b"160000": "a submodule"}.get(listed[:6], "a file")
    message = f"the ledger cannot be read: it is {kind} there, not a folder"
    raise LedgerError(message, hint="ask another commit", path=f"{revision.label}:{path}")


def _upwards(folder: str) -> Iterator[str]:
    yield folder
    while folder:
        folder = posixpath.dirname(folder)
        yield folder


def _folders_with_settings(repository: Repository, commit: str) -> list[str]:
    listed = repository.git("ls-tree", "-r", "-z", "--name-only", commit)
    paths = (os.fsdecode(path) for path in listed.split(b"\0"))
    names = (OWN_FILE, SHARED_FILE)
    return sorted({posixpath.dirname(path) for path in paths if posixpath.basename(path) in names})

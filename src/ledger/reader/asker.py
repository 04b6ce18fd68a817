"""Where somebody stands who asks: the repository, the project of its files, the folder in it."""

from __future__ import annotations

import os
from pathlib import Path

from ledger.contract.layout import SHARED_STORE
from ledger.errors import LedgerError, NoLedgerError
from ledger.project import Project, find_project
from ledger.reader.ledger import Ledger
from ledger.reader.live import index_folder
from ledger.reader.tree_project import TreeProject, only_project, project_above
from ledger.storage.bare import find_bare, find_objects
from ledger.storage.git import clean_environment
from ledger.storage.objects import ObjectReader
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from ledger.reader.revision import Revision
    from ledger.reader.source import Source
    from ledger.storage.git import Repository

COMMITS, EVERYTHING = "commits", "everything"
"""The views that have an index of their own: what git stores, and the files beside it."""


@value
class Asker:
    """A folder that a question about commits is asked from."""

    folder: Path
    objects: ObjectReader
    project: Project | None
    """Of the working tree; None where it has none."""

    @property
    def repository(self) -> Repository:
        """The repository around the project, or else around the folder; it may be bare."""
        return self.objects.repository

    @property
    def store(self) -> str:
        """The folder that holds the files that runs share once more."""
        return os.path.join(self.repository.private_dir, SHARED_STORE)

    @property
    def place(self) -> str:
        """The folder, relative to the top of the repository, with ``/``; "" is the top."""
        below = self.below_top(self.folder)
        if below is None and self.project is not None:
            below = self.below_top(self.project.root)
        return below or ""

    def below_top(self, folder: Path) -> str | None:
        """Return ``folder`` relative to the top of the repository, None where it is outside."""
        top = os.path.realpath(self.repository.top)
        below = os.path.relpath(os.path.realpath(folder), top).replace(os.sep, "/")
        if below.partition("/")[0] == "..":
            return None
        return "" if below == "." else below

    def project_of(self, revision: Revision) -> TreeProject:
        """Return the project of a commit that is meant from here.

        Raises:
            NoLedgerError: none there.
            LedgerError: a settings file that does not parse.
        """
        if revision.folder is not None:
            return project_above(self.objects, revision, revision.folder)
        if self.repository.is_bare:
            return only_project(self.objects, revision)
        return project_above(self.objects, revision, self.place)

    def ledger(self, project: Project, source: Source, now: datetime, view: str) -> Ledger:
        """Return the ledger of ``project`` that ``source`` reads; ``view`` names its index."""
        folder = index_folder(project, self.repository.common_dir, view)
        return Ledger(project, source, now, folder)

    def as_project(self, found: TreeProject, revision: Revision) -> Project:
        """Return the project of a commit at the place where its files would be."""
        return Project(
            root=Path(self.repository.top, found.folder),
            settings=found.settings,
            settings_path=Path(f"{revision.label}:{found.settings_path}"),
        )


def asker_at(folder: Path, *, needs_files: bool) -> Asker:
    """Return who asks from ``folder``.

    Args:
        folder: any folder of a project, or a bare repository.
        needs_files: whether the files are asked too; if not, settings that do not parse are none.

    Raises:
        NoLedgerError: no repository.
        LedgerError: settings that do not parse.
    """
    project = None
    if find_bare(os.fspath(folder)) is None:
        try:
            project = find_project([folder])
        except NoLedgerError:
            pass  # a commit may have one
        except LedgerError:
            if needs_files:
                raise
    root = folder if project is None else project.root
    repository = find_objects(os.fspath(root), clean_environment(os.environ))
    return Asker(folder=folder, objects=ObjectReader(repository), project=project)

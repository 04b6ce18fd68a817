"""What ``ledger doctor`` and ``ledger gc`` look at: a repository and the projects in it."""

from __future__ import annotations

import os
from pathlib import Path

from ledger.errors import LedgerError, NoLedgerError
from ledger.policy.ledgers import settings_paths
from ledger.project import find_project, project_at
from ledger.setup.samples import below_top
from ledger.storage.git import find_repository, split_z
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.project import Project
    from ledger.storage.git import Repository


@value
class Place:
    """Where somebody stands, and what is there."""

    repository: Repository
    projects: tuple[Project, ...]
    """The nearest first; then those whose settings git tracks."""
    broken: tuple[LedgerError, ...]
    """Settings files that cannot be used; each error says which."""

    @property
    def ledgers(self) -> list[str]:
        """Return the folders of the ledgers, relative to the top."""
        return [below_top(self.repository, project.ledger_dir) for project in self.projects]


def find_place(folder: Path, environ: Mapping[str, str]) -> Place:
    """Return the repository and the projects around ``folder``.

    Args:
        folder: where the person stands.
        environ: what git is run with (``clean_environment``).

    Raises:
        NoLedgerError: no repository, or no project in it.
        GitError: git refuses the repository.
    """
    repository = find_repository(str(folder), environ)
    projects: dict[Path, Project] = {}
    broken: dict[str, LedgerError] = {}
    try:
        nearest = find_project([folder])
        projects[Path(os.path.realpath(nearest.root))] = nearest
    except NoLedgerError:
        pass
    except LedgerError as error:
        broken[str(error.path)] = error
    for path in settings_paths(split_z(repository.git("ls-files", "-z"))):
        root = Path(repository.top, path).parent
        if root not in projects:
            try:
                project = project_at(root)
            except LedgerError as error:
                broken[str(error.path)] = error
                continue
            if project is not None:
                projects[root] = project
    if not projects and not broken:
        message = "no ledger in this repository"
        raise NoLedgerError(message, hint="run `ledger init` in your project", path=folder)
    return Place(
        repository=repository, projects=tuple(projects.values()), broken=tuple(broken.values())
    )

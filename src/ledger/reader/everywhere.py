"""The ledger of many branches together, with or without the files of the working tree."""

from __future__ import annotations

import posixpath

from ledger.errors import LedgerError, NoLedgerError
from ledger.reader.asker import COMMITS, EVERYTHING
from ledger.reader.copies import collect_copies
from ledger.reader.ledger import disk_source
from ledger.reader.revision import every_revision
from ledger.reader.tree_project import TreeProject, ledger_tree, project_in
from ledger.reader.union_source import UnionSource
from ledger.storage.objects import object_ids


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ledger.project import Project
    from ledger.reader.asker import Asker
    from ledger.reader.ledger import Ledger
    from ledger.reader.revision import Revision


def ledger_of_branches(asker: Asker, revisions: Sequence[Revision], now: datetime) -> Ledger:
    """Return what ``revisions`` hold together; the settings are those of the first.

    Raises:
        NoLedgerError: one of them has no project.
        LedgerError: settings that do not parse, or a ledger that is no folder.
    """
    projects = [asker.project_of(revision) for revision in revisions]
    trees: dict[str, str] = {}
    for revision, project in zip(revisions, projects, strict=True):
        tree = ledger_tree(asker.objects, revision, project.ledger_path)
        if tree is not None:
            trees.setdefault(tree, revision.label)
    return _together(asker, asker.as_project(projects[0], revisions[0]), trees, now)


def ledger_of_everything(asker: Asker, now: datetime) -> Ledger:
    """Return what the working tree and every branch, remote-tracking branch and tag hold together.

    The settings are the working tree's, or else those of the first that has a project.

    Raises:
        NoLedgerError: no project anywhere.
    """
    revisions = every_revision(asker.objects)
    project, folder = asker.project, None
    if project is not None:
        folder = asker.below_top(project.root)
    else:
        found, revision = _first_project(asker, revisions)
        project, folder = asker.as_project(found, revision), found.folder
    trees = _trees(asker, revisions, folder or "", project.settings.dir)
    return _together(asker, project, trees, now, has_files=asker.project is not None)


def _together(
    asker: Asker,
    project: Project,
    trees: dict[str, str],
    now: datetime,
    *,
    has_files: bool = False,
) -> Ledger:
    ledger_dir = project.settings.dir
    source = UnionSource(
        asker.objects,
        collect_copies(asker.repository, trees, ledger_dir),
        ledger_dir,
        disk=disk_source(project) if has_files else None,
        store=asker.store,
    )
    return asker.ledger(project, source, now, EVERYTHING if has_files else COMMITS)


def _first_project(asker: Asker, revisions: Sequence[Revision]) -> tuple[TreeProject, Revision]:
    for revision in revisions:
        try:
            return asker.project_of(revision), revision
        except LedgerError:
            continue  # another branch may have one
    message = "no branch has a ledger"
    raise NoLedgerError(message, hint="run `ledger init` in your project", path=asker.folder)


def _trees(
    asker: Asker, revisions: Sequence[Revision], folder: str, ledger_dir: str
) -> dict[str, str]:
    """Return {tree of the ledger: name of the first that has it}; one git process for most.

    One whose project keeps its ledger elsewhere is asked where; one without a project has none.
    """
    path = posixpath.join(folder, ledger_dir)
    commits = list(dict.fromkeys(revision.commit for revision in revisions))
    found = object_ids(asker.repository, [f"{commit}:{path}" for commit in commits])
    by_commit = {
        commit: each[0]
        for commit, each in zip(commits, found, strict=True)
        if each is not None and each[1] == "tree"
    }
    trees: dict[str, str] = {}
    for revision in revisions:
        tree = by_commit.get(revision.commit) or _tree_elsewhere(asker, revision, folder)
        if tree is not None:
            trees.setdefault(tree, revision.label)
    return trees


def _tree_elsewhere(asker: Asker, revision: Revision, folder: str) -> str | None:
    try:
        project = project_in(asker.objects, revision, folder)
        if project is None:
            return None
        return ledger_tree(asker.objects, revision, project.ledger_path)
    except LedgerError:
        return None  # one branch's settings do not keep the others from answering

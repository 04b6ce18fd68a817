"""The ledgers of a change, opened where it comes from and where it goes to."""

from __future__ import annotations

import posixpath
from datetime import UTC, datetime
from pathlib import Path

from ledger.errors import LedgerError
from ledger.policy.history import History
from ledger.policy.locate import tracked_ledgers
from ledger.policy.reading import Blobs
from ledger.project import Project
from ledger.reader.copies import collect_copies
from ledger.reader.git_source import GitSource
from ledger.reader.ledger import Ledger
from ledger.reader.revision import Revision
from ledger.reader.tree_project import ledger_tree
from ledger.reader.union_source import UnionSource
from ledger.storage.objects import ObjectReader
from ledger.storage.tree import RevisionTree
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.policy.ledgers import Ledger as Place
    from ledger.storage.git import Repository

HEAD, BASE = "head", "base"
"""How the two commits are called in what is told of their records."""
_ANY_TIME = datetime(
    1970, 1, 1, tzinfo=UTC
)  # nothing is alive in a commit: no status asks the time


@value
class Sides:
    """One ledger of a change."""

    folder: str
    """Of the ledger in head, relative to the top of the repository."""
    project: str
    """Folder of its project, likewise; "" is the top."""
    head: Ledger
    base: tuple[Ledger, ...]
    """As the branch that the change goes to holds it; several where folders were moved."""
    known: frozenset[str]
    """Ids of the runs in the merge base."""
    objects: ObjectReader

    def together(self) -> Ledger:
        """Return what head and base hold: of a run that both hold, the base's copy if it is read.

        Raises:
            GitError: git lacks a tree.
        """
        trees: dict[str, str] = {}
        for ledger, label in (*((each, BASE) for each in self.base), (self.head, HEAD)):
            tree = getattr(ledger.source, "tree", None)
            if tree is not None:
                trees.setdefault(tree, label)
        name = self.head.settings.dir
        copies = collect_copies(self.objects.repository, trees, name)
        source = UnionSource(self.objects, copies, name)
        for _ in source.folders():  # so that each run's copy is chosen
            pass
        return Ledger(self.head.project, source, _ANY_TIME)


def open_sides(
    repository: Repository, base: str | None, head: str
) -> tuple[list[Sides], list[str]]:
    """Return the ledgers of ``head`` beside those of ``base``, and a line for each unreadable one.

    Raises:
        LedgerError: a commit is not here, or the two have no common history.
    """
    objects = ObjectReader(repository)
    problems: list[str] = []
    tip, merge_base = None, None
    if base is not None:
        history = History(repository, base, head)
        tip, merge_base, head = history.tip, history.base, history.head
    on_tip = _open_all(objects, tip, BASE, problems)
    is_ahead = merge_base != tip
    before = _open_all(objects, merge_base, "merge base", problems) if is_ahead else on_tip
    on_head = _open_all(objects, head, HEAD, problems)
    found: list[Sides] = []
    for project, ledger in on_head.items():
        known = {
            folder.name
            for each in _counterparts(project, ledger, on_head, before)
            for folder in each.source.folders()
        }
        found.append(
            Sides(
                folder=posixpath.normpath(posixpath.join(project, ledger.settings.dir)),
                project=project,
                head=ledger,
                base=tuple(_counterparts(project, ledger, on_head, on_tip)),
                known=frozenset(known),
                objects=objects,
            )
        )
    return found, list(dict.fromkeys(problems))


def _open_all(
    objects: ObjectReader, commit: str | None, label: str, problems: list[str]
) -> dict[str, Ledger]:
    """Return the ledgers of a commit by the folder of their project."""
    if commit is None:
        return {}
    repository = objects.repository
    try:
        places = tracked_ledgers(repository, Blobs(RevisionTree(repository, commit)))
    except LedgerError as error:
        problems.append(f"{label}: {error}")
        return {}
    found: dict[str, Ledger] = {}
    for place in places:
        try:
            found[posixpath.dirname(place.settings_path)] = _open(objects, commit, label, place)
        except LedgerError as error:
            problems.append(str(error))
    return found


def _open(objects: ObjectReader, commit: str, label: str, place: Place) -> Ledger:
    repository = objects.repository
    tree = ledger_tree(objects, Revision(commit=commit, label=label), place.folder)
    project = Project(
        root=Path(repository.top, posixpath.dirname(place.settings_path)),
        settings=place.settings,
        settings_path=Path(f"{label}:{place.settings_path}"),
    )
    source = GitSource(objects, tree, place.settings.dir, label=label)
    return Ledger(project, source, _ANY_TIME)


def _counterparts(
    project: str, ledger: Ledger, on_head: Mapping[str, Ledger], others: Mapping[str, Ledger]
) -> list[Ledger]:
    """Return what ``ledger`` is called in ``others``: by its project's folder, else what moved."""
    if project in others:
        return [others[project]]
    folder = ledger.project.ledger_dir
    same = [other for other in others.values() if other.project.ledger_dir == folder]
    return same or [other for place, other in others.items() if place not in on_head]

"""Which copies of each run the commits hold: branches, merges, squashed and rebased ones."""

from __future__ import annotations

from ledger.contract.layout import RECORD_NAME, SHARED_FOLDERS
from ledger.reader.git_source import runs_in
from ledger.storage.folders import changed_folders, list_folders
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.reader.source import RunFolder
    from ledger.storage.folders import Folders
    from ledger.storage.git import Repository


@value
class Copy:
    """A run as one commit, or several alike, hold it."""

    folder: RunFolder
    entries: Mapping[str, str]
    """{name: entry}, as git lists what lies in the folder."""
    label: str
    """The first branch that holds this copy."""

    @property
    def record(self) -> str | None:
        """The record as git lists it, None where the folder cannot hold a readable run."""
        is_broken = self.folder.problem is not None or not self.folder.is_in_month
        return None if is_broken else self.entries.get(RECORD_NAME)


@value
class Copies:
    """What some trees hold of a ledger together; every copy of a run once."""

    trees: tuple[str, ...]
    runs: Mapping[str, tuple[Copy, ...]]
    """By run id, in the order of the trees."""
    shared: Mapping[str, str]
    """The files that runs share, as git lists them, by path below the ledger's folder."""


def collect_copies(repository: Repository, trees: Mapping[str, str], ledger_dir: str) -> Copies:
    """Return the copies that ``trees`` hold; three git processes, however many trees.

    The first tree is listed, of the others only what they do not hold alike.

    Args:
        repository: holds the trees.
        trees: {id of a tree: name of the first branch that has it}, the most important first.
        ledger_dir: the ledger's folder, which the paths of the copies begin with.

    Raises:
        GitError: git does not have one of the trees.
    """
    runs: dict[str, list[Copy]] = {}
    shared: dict[str, str] = {}
    if trees:
        first, *others = trees
        base = list_folders(repository, first)
        _add(runs, shared, base, trees[first], ledger_dir)
        for tree, changed in changed_folders(repository, (first, base), others):
            _add(runs, shared, changed, trees[tree], ledger_dir)
    return Copies(
        trees=tuple(trees),
        runs={run_id: tuple(copies) for run_id, copies in runs.items()},
        shared=shared,
    )


def _add(
    runs: dict[str, list[Copy]],
    shared: dict[str, str],
    folders: Folders,
    label: str,
    ledger_dir: str,
) -> None:
    for entries, run in runs_in(folders, ledger_dir):
        known = runs.setdefault(run.name, [])
        if not any(copy.folder.path == run.path and copy.entries == entries for copy in known):
            known.append(Copy(folder=run, entries=entries, label=label))
    for folder in SHARED_FOLDERS:
        for name, facts in folders.get(folder, {}).items():
            shared.setdefault(f"{folder}/{name}", facts)

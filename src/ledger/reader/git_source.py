"""The run folders of a commit, read from git's objects: nothing is checked out."""

from __future__ import annotations

import errno
import os
from functools import cached_property

from ledger.contract.layout import RECORD_NAME, SHARED_FOLDERS, is_month
from ledger.reader.blobs import Blobs
from ledger.reader.source import RunFolder
from ledger.storage.folders import SUBFOLDER, list_folders, oid_of, why_no_file


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ledger.reader.source import Stamp
    from ledger.storage.folders import Folders
    from ledger.storage.objects import ObjectReader

_MONTH_LENGTH = 7


class GitSource:
    """Run folders below one tree of git.

    Args:
        objects: reads the repository.
        tree: id of the tree that is the ledger's folder; None where there is none.
        ledger_dir: the ledger's folder relative to the project, which every path begins with.
        label: how people name the commit: ``exp/b03``, ``main~3``.
        store: shared files once more, for those that the tree lacks.
    """

    def __init__(
        self,
        objects: ObjectReader,
        tree: str | None,
        ledger_dir: str,
        *,
        label: str,
        store: str | None = None,
    ) -> None:
        self.tree = tree
        self.label = label
        self._dir = ledger_dir
        self._store = store
        self._blobs = Blobs(objects, [tree] if tree else [])

    def exists(self) -> bool:
        """Whether the commit has a ledger."""
        return self.tree is not None

    def folders(self) -> Iterator[RunFolder]:
        """Yield every run folder, sorted by path.

        Raises:
            GitError: git does not have the tree.
        """
        yield from self._runs.values()

    def folder(self, path: str) -> RunFolder | None:
        """Return the run folder at ``path``, None where there is none."""
        return self._runs.get(path)

    def locate(self, run_id: str) -> str | None:
        """Return the path of the folder called ``run_id``, None where there is none."""
        return next((path for path, run in self._runs.items() if run.name == run_id), None)

    def stamps(self) -> dict[str, Stamp | None]:
        """Return what tells whether each run is another, by folder: ids of content."""
        return {path: stamp_of(run, self._entries(path)) for path, run in self._runs.items()}

    def file_stamp(self, path: str) -> Stamp | None:
        """Return the id of a file's content; None where there is no such file."""
        facts = self._facts(path)
        return (facts,) if facts else None

    def read(self, path: str) -> bytes:
        """Return the bytes of the file at ``path``.

        Raises:
            OSError: it cannot be read.
        """
        facts = self._facts(path)
        if facts is None:
            return read_stored(self._store, path.removeprefix(f"{self._dir}/"))
        return self._blobs.read(facts)

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield (path, bytes) of those of ``paths`` that can be read, in order; one git process."""
        found = ((path, self._facts(path)) for path in paths)
        return self._blobs.stream((path, facts) for path, facts in found if facts)

    def oids(self, path: str) -> dict[str, str]:
        """Return {name: id of its content} of the files in the run folder at ``path``."""
        return file_ids(self._entries(path))

    def modified(self, path: str) -> float | None:  # noqa: ARG002  # the protocol's
        """Return None: git does not keep when a file changed."""
        return None

    def is_live(self, path: str) -> bool:  # noqa: ARG002  # the protocol's
        """Return False: nobody writes into a commit."""
        return False

    def place(self, path: str) -> str:  # noqa: ARG002  # the protocol's
        """Return how people name the commit."""
        return self.label

    def fall_back(self, path: str) -> RunFolder | None:  # noqa: ARG002  # the protocol's
        """Return None: a commit holds one copy of a run."""
        return None

    @cached_property
    def _folders(self) -> Folders:
        return {} if self.tree is None else list_folders(self._blobs.objects.repository, self.tree)

    @cached_property
    def _runs(self) -> dict[str, RunFolder]:
        return {run.path: run for _, run in runs_in(self._folders, self._dir)}

    def _entries(self, path: str) -> Mapping[str, str]:
        return self._folders.get(path.removeprefix(f"{self._dir}/"), {})

    def _facts(self, path: str) -> str | None:
        folder, _, name = path.rpartition("/")
        return self._entries(folder).get(name) or None


def runs_in(folders: Folders, ledger_dir: str) -> Iterator[tuple[Mapping[str, str], RunFolder]]:
    """Yield (entries, run) of each run in ``folders``, sorted by path.

    What stands in the place of a run, or of a month, and is no folder is told as a problem.

    Args:
        folders: of the ledger.
        ledger_dir: the ledger's folder, which the paths of the runs begin with.
    """
    found: dict[str, tuple[Mapping[str, str], RunFolder]] = {}
    for path, entries in folders.items():
        above, _, name = path.rpartition("/")
        if not path or (not above and is_month(path)):
            found |= _no_folders(path, entries, ledger_dir)
        elif entries and not name.startswith(".") and _may_be_run(above, name, entries):
            at = f"{ledger_dir}/{path}"
            names = tuple(sorted(entries))
            found[at] = entries, RunFolder(path=at, names=names, is_in_month=above != "")
    for at in sorted(found, key=path_order):
        yield found[at]


def _no_folders(
    folder: str, entries: Mapping[str, str], ledger_dir: str
) -> Iterator[tuple[str, tuple[Mapping[str, str], RunFolder]]]:
    """Yield (path, (entries, run)) of what stands in ``folder`` where a run or a month should."""
    for name, facts in entries.items():
        kind = None if facts == SUBFOLDER else why_no_file(facts)
        if kind is not None and (folder or is_month(name)):
            path = "/".join(filter(None, (ledger_dir, folder, name)))
            problem = f"it is {kind}, not a folder"
            run = RunFolder(path=path, names=(), is_in_month=True, problem=problem)
            yield path, ({name: facts}, run)


def _may_be_run(above: str, name: str, entries: Mapping[str, str]) -> bool:
    if above:
        return len(above) == _MONTH_LENGTH and is_month(above)
    return name not in SHARED_FOLDERS and RECORD_NAME in entries


def path_order(path: str) -> str:
    """Return what sorts paths as folders are listed: ``2026-02/x`` before ``2026-02-01``."""
    return path.replace("/", "\0")


def stamp_of(run: RunFolder, entries: Mapping[str, str]) -> Stamp | None:
    """Return what tells whether ``run`` is another; None for what is no run.

    That is its record and which files it has; a note or a table is told apart by its own stamp.
    """
    record = entries.get(RECORD_NAME)
    is_run = record and run.problem is None and run.is_in_month
    return (record, "\0".join(run.names)) if record and is_run else None


def file_ids(entries: Mapping[str, str]) -> dict[str, str]:
    """Return {name: id of its content} of those of ``entries`` that are no folders."""
    return {name: oid_of(facts) for name, facts in entries.items() if facts != SUBFOLDER}


def read_stored(store: str | None, name: str) -> bytes:
    """Return the shared file ``name``, named by its content, from our part of the git directory.

    Raises:
        OSError: it is not there, or no shared file.
    """
    if store is None or name.partition("/")[0] not in SHARED_FOLDERS:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
    with open(f"{store}/{name}", "rb") as file:
        return file.read()

"""The runs of many branches at once: however many hold a run, it is one run."""

from __future__ import annotations

from ledger.contract.record import parse_record
from ledger.errors import MalformedError
from ledger.reader.blobs import Blobs
from ledger.reader.git_source import file_ids, path_order, read_stored, stamp_of


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from ledger.reader.copies import Copies, Copy
    from ledger.reader.source import DiskSource, RunFolder, Stamp
    from ledger.storage.objects import ObjectReader

_BROKEN, _OPEN, _SEALED = 2, 1, 0


class UnionSource:
    """Run folders of a working tree and of commits; of each run one copy answers.

    A copy on the disk goes first. Else a readable one goes before a broken one, then a sealed one
    before one that is not, then they go in the order of ``copies``. Where the copy that answers
    turns out to be broken, ``fall_back`` puts the next in its place.

    Args:
        objects: reads the repository.
        copies: what its commits hold.
        ledger_dir: the ledger's folder relative to the project, which every path begins with.
        disk: the working tree's run folders; None for commits alone.
        store: shared files once more, for those that neither holds.
    """

    def __init__(
        self,
        objects: ObjectReader,
        copies: Copies,
        ledger_dir: str,
        *,
        disk: DiskSource | None = None,
        store: str | None = None,
    ) -> None:
        self.disk = disk
        self._copies = copies
        self._dir = ledger_dir
        self._store = store
        self._blobs = Blobs(objects, copies.trees)
        self._chosen: dict[str, Copy] = {}
        """By path, the copies of commits that answer."""
        self._left: dict[str, list[Copy]] = {}
        """By run id, the copies that were not fallen back on yet, the next first."""

    def exists(self) -> bool:
        """Whether the working tree or a commit has a ledger."""
        return bool(self._copies.trees) or (self.disk is not None and self.disk.exists())

    def folders(self) -> Iterator[RunFolder]:
        """Yield the folder of the copy that answers of every run, sorted by path.

        Raises:
            LedgerError: the ledger's own folder cannot be listed.
        """
        found: dict[str, RunFolder] = {}
        for run in self.disk.folders() if self.disk is not None else ():
            found.setdefault(run.name, run)
        self._choose(found)
        found |= {copy.folder.name: copy.folder for copy in self._chosen.values()}
        yield from sorted(found.values(), key=lambda run: path_order(run.path))

    def folder(self, path: str) -> RunFolder | None:
        """Return the run folder at ``path``, None where there is none."""
        if path in self._chosen:
            return self._chosen[path].folder
        return None if self.disk is None else self.disk.folder(path)

    def locate(self, run_id: str) -> str | None:
        """Return the path of the folder called ``run_id``, None where there is none."""
        path = None if self.disk is None else self.disk.locate(run_id)
        if path is not None:
            return path
        for chosen, copy in self._chosen.items():
            if copy.folder.name == run_id:
                return chosen
        copy_of = self._next(run_id)
        return None if copy_of is None else copy_of.path

    def stamps(self) -> dict[str, Stamp | None]:
        """Return what tells whether each run changed, by folder: of the copy that answers."""
        found = {} if self.disk is None else self.disk.stamps()
        self._choose({path.rpartition("/")[2] for path in found})
        return found | {p: stamp_of(copy.folder, copy.entries) for p, copy in self._chosen.items()}

    def file_stamp(self, path: str) -> Stamp | None:
        """Return what tells whether the file ``path`` changed; None when it is gone."""
        facts = self._facts(path)
        if facts is not None:
            return (facts,)
        return self.disk.file_stamp(path) if self.disk is not None and self._is_here(path) else None

    def read(self, path: str) -> bytes:
        """Return the bytes of the file at ``path``.

        Raises:
            OSError: it cannot be read.
        """
        facts = self._facts(path)
        if facts is not None:
            return self._blobs.read(facts)
        below = path.removeprefix(f"{self._dir}/")
        if self.disk is None or not self._is_here(path):
            return read_stored(self._store, below)
        try:
            return self.disk.read(path)
        except FileNotFoundError:
            if below not in self._copies.shared:
                raise
            return self._blobs.read(self._copies.shared[below])

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield (path, bytes) of those of ``paths`` that can be read; those on the disk first."""
        stored: list[tuple[str, str]] = []
        others: list[str] = []
        for path in paths:
            facts = self._facts(path)
            if facts is None:
                others.append(path)
            else:
                stored.append((path, facts))
        if self.disk is not None:
            yield from self.disk.read_many(others)
        yield from self._blobs.stream(stored)

    def oids(self, path: str) -> dict[str, str] | None:
        """Return {name: id of its content} of a run that a commit answers for, else None."""
        return file_ids(self._chosen[path].entries) if path in self._chosen else None

    def modified(self, path: str) -> float | None:
        """Return the modification time of a file on the disk, None for others."""
        return self.disk.modified(path) if self.disk is not None and self._is_here(path) else None

    def is_live(self, path: str) -> bool:
        """Whether the run folder at ``path`` is on the disk."""
        return path not in self._chosen

    def place(self, path: str) -> str:
        """Return the branch whose copy of the run folder at ``path`` answers; "" for the disk."""
        return self._chosen[path].label if path in self._chosen else ""

    def fall_back(self, path: str) -> RunFolder | None:
        """Return the next copy of the run whose folder ``path`` cannot be read, or None."""
        folder = self._next(path.rpartition("/")[2])
        if folder is not None:
            self._chosen[path] = self._chosen[folder.path]  # it may be in another month there
        return folder

    def _choose(self, here: Collection[str]) -> None:
        """Choose the copy of each run that is not ``here``, on the disk."""
        self._chosen, self._left = {}, {}
        away = {run_id: each for run_id, each in self._copies.runs.items() if run_id not in here}
        ranks = self._ranks(copies for copies in away.values() if len(copies) > 1)
        for run_id, copies in away.items():
            first, *self._left[run_id] = sorted(copies, key=lambda copy: _rank(copy, ranks))
            self._chosen[first.folder.path] = first

    def _next(self, run_id: str) -> RunFolder | None:
        """Choose the best copy of a run that was not chosen yet."""
        if run_id not in self._left:
            copies = self._copies.runs.get(run_id, ())
            ranks = self._ranks([copies])
            self._left[run_id] = sorted(copies, key=lambda copy: _rank(copy, ranks))
        if not self._left[run_id]:
            return None
        copy = self._left[run_id].pop(0)
        self._chosen[copy.folder.path] = copy
        return copy.folder

    def _ranks(self, contended: Iterable[Sequence[Copy]]) -> dict[str, int]:
        """Return {entry of a record: how good it is} where copies differ in the record."""
        records = {
            copy.record: None
            for copies in contended
            if len({copy.record for copy in copies}) > 1
            for copy in copies
            if copy.record is not None
        }
        return {facts: _goodness(data) for facts, data in self._blobs.stream(_pairs(records))}

    def _facts(self, path: str) -> str | None:
        """Return the entry that answers for the file at ``path``, None where the disk does."""
        folder, _, name = path.rpartition("/")
        if folder in self._chosen:
            return self._chosen[folder].entries.get(name) or None
        below = path.removeprefix(f"{self._dir}/")
        return self._copies.shared.get(below) if self.disk is None else None

    def _is_here(self, path: str) -> bool:
        """Whether the file at ``path`` is looked for on the disk."""
        return path.rpartition("/")[0] not in self._chosen


def _pairs(records: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((facts, facts) for facts in records)


def _rank(copy: Copy, ranks: dict[str, int]) -> int:
    """Return how far behind others ``copy`` is; those that were not compared are alike."""
    if copy.record is None:
        return _BROKEN
    return ranks.get(copy.record, _BROKEN if ranks else _SEALED)


def _goodness(record: bytes) -> int:
    try:
        document = parse_record(record).document
    except MalformedError:
        return _BROKEN
    return _SEALED if "files" in document else _OPEN

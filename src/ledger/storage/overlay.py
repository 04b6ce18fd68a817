"""A tree with other files laid over it: a working tree is its commit and what differs from it."""

from __future__ import annotations

from ledger.storage.tree import EXECUTABLE, REGULAR, read_blobs, selected


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ledger.storage.git import Repository
    from ledger.storage.tree import TreeEntry


class OverlayTree:
    """The files of a commit with some replaced, added or taken away."""

    def __init__(
        self,
        repository: Repository,
        below: Mapping[str, TreeEntry],
        changed: Mapping[str, TreeEntry | None],
        unstored: Mapping[str, bytes],
    ) -> None:
        """Lay ``changed`` over ``below``.

        Args:
            repository: holds the contents.
            below: files of the commit; none before the first one.
            changed: what is different, None for a path that is gone.
            unstored: contents of changed paths that git was not given to keep.
        """
        self.repository = repository
        self._unstored = unstored
        kept = {path: entry for path, entry in below.items() if path not in changed}
        self._entries = kept | {p: entry for p, entry in changed.items() if entry is not None}

    def entries(self) -> Mapping[str, TreeEntry]:
        """Return every file of the tree."""
        return self._entries

    def select(
        self, is_wanted: Callable[[str, str], bool], among: Iterable[str] | None = None
    ) -> dict[str, TreeEntry]:
        """Return the files, all or ``among`` some, whose (path, mode) ``is_wanted``."""
        return selected(self._entries, is_wanted, among)

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes git stores for those of ``paths`` that are regular files.

        Of a content that was not stored, the bytes of the disk.
        """
        files = {
            path: entry.oid or ""
            for path in paths
            if (entry := self._entries.get(path)) and entry.mode in {REGULAR, EXECUTABLE}
        }
        wanted = [oid for path, oid in files.items() if path not in self._unstored]
        blobs = read_blobs(self.repository, wanted)
        found = {path: blobs[oid] for path, oid in files.items() if oid in blobs}
        return {path: self._unstored[path] for path in files if path in self._unstored} | found

    def why_unread(self, path: str) -> str | None:
        """Return why ``read`` left out ``path``, a file of the tree: its content is not there."""
        return f"git has no object {self._entries[path].oid}"

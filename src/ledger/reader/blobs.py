"""What git stores for the files of a ledger, read without a checkout; what is no file says so."""

from __future__ import annotations

import errno
from functools import cached_property

from ledger.errors import GitError
from ledger.storage.bare import is_partial
from ledger.storage.folders import oid_of, why_no_file


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ledger.storage.objects import GitObject, ObjectReader

_POINTER = b"version https://git-lfs.github.com/spec/"
_MAX_FAILURES = 100


class Blobs:
    """Contents of files in some trees of a repository.

    Args:
        objects: reads them.
        trees: the trees that list the files.
    """

    def __init__(self, objects: ObjectReader, trees: Sequence[str]) -> None:
        self.objects = objects
        self._trees = tuple(trees)

    def read(self, facts: str) -> bytes:
        """Return the content of an entry, as git lists it: ``100644 blob <id>``.

        Raises:
            OSError: it is no file, or its content is not in the repository.
        """
        kind, oid = why_no_file(facts), oid_of(facts)
        if kind is not None:
            raise OSError(errno.EIO, f"it is {kind}, not a file")
        if oid in self._absent:
            raise OSError(errno.EIO, "its content is not in this partial clone")
        try:
            found = self.objects.ask(oid)
        except GitError as error:
            raise OSError(errno.EIO, f"git cannot read its object {oid}") from error
        if found is None:
            raise OSError(errno.EIO, f"git has no object {oid}")
        if _is_pointer(found):
            raise OSError(errno.EIO, "it is a pointer of Git LFS; git does not have its content")
        return found.data

    def stream(self, wanted: Iterable[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
        """Yield (path, content) for each (path, entry) of ``wanted`` that can be read, in order.

        Raises:
            GitError: git cannot read very many of them.
        """
        asked = [(path, oid_of(facts)) for path, facts in wanted if self._is_readable(facts)]
        at = n_failures = 0
        while at < len(asked):
            try:
                for _, found in self.objects.stream(oid for _, oid in asked[at:]):
                    path = asked[at][0]
                    at += 1
                    if found is not None and not _is_pointer(found):
                        yield path, found.data
            except GitError:
                at += 1  # whoever asks for this one is told why
                n_failures += 1
                if n_failures > _MAX_FAILURES:
                    raise

    def _is_readable(self, facts: str) -> bool:
        return why_no_file(facts) is None and oid_of(facts) not in self._absent

    @cached_property
    def _absent(self) -> frozenset[str]:
        """Ids of what a partial clone lacks; git would end, or fetch them, if asked for one."""
        repository = self.objects.repository
        if not is_partial(repository):
            return frozenset()
        how = ("--objects", "--missing=print", "--no-object-names", "--stdin")
        trees = "".join(f"{tree}\n" for tree in self._trees).encode("ascii")
        listed = repository.git("rev-list", *how, stdin=trees).decode("ascii").split()
        return frozenset(oid[1:] for oid in listed if oid.startswith("?"))


def _is_pointer(found: GitObject) -> bool:
    return found.data.startswith(_POINTER)

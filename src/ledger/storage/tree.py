"""The same reads over a working tree, the index, or a commit: what is judged is one of these."""

from __future__ import annotations

import os
import stat

from ledger.errors import GitError, LedgerError
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Protocol

    from ledger.storage.git import Repository

    class Tree(Protocol):
        """Files by path, relative to the top, with ``/``."""

        def entries(self) -> Mapping[str, TreeEntry]:
            """Return every file of the tree."""
            ...

        def select(
            self, is_wanted: Callable[[str, str], bool], among: Iterable[str] | None = None
        ) -> Mapping[str, TreeEntry]:
            """Return the files, all or ``among`` some, whose (path, mode) ``is_wanted``."""
            ...

        def read(self, paths: Iterable[str]) -> dict[str, bytes]:
            """Return the bytes of those of ``paths`` that are regular files of the tree."""
            ...

        def why_unread(self, path: str) -> str | None:
            """Return why ``read`` left out ``path``, a file of the tree; None where it is gone."""
            ...


REGULAR, EXECUTABLE, SYMLINK, SUBMODULE = "100644", "100755", "120000", "160000"
_MAX_ARGUMENTS = 500
_MAX_ARGUMENT_CHARS = 30_000
_EMPTY_BLOBS = frozenset({
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
})  # fmt: skip
_EMPTY_TREES = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
"""Ids of the tree without files, which git knows without storing it, by their length."""


@value
class TreeEntry:
    """A file of a tree as git describes it."""

    mode: str
    oid: str | None
    """Id of the content; None in a working tree, where nobody has hashed it."""


class WorkTree:
    """Files on the disk below ``folder``; paths are relative to ``top``."""

    def __init__(self, top: str, folder: str) -> None:
        # git names the top by its real path; the folder may be reached through a link
        above, name = os.path.split(folder)
        self.top = os.path.realpath(top)
        self.folder = os.path.join(os.path.realpath(above), name)
        self._refused: dict[str, str] = {}

    def entries(self) -> Mapping[str, TreeEntry]:
        """Return every file below the folder; links are told, never followed.

        Raises:
            LedgerError: a folder cannot be read, so nobody can say what is in it.
        """
        if os.path.lexists(self.folder) and not os.path.isdir(self.folder):
            message = "is no folder, so it cannot be read as a ledger"
            raise LedgerError(message, hint="put the ledger's folder there", path=self.folder)
        found: dict[str, TreeEntry] = {}
        pending = [self.folder]
        while pending:
            folder = pending.pop()
            try:
                with os.scandir(folder) as listing:
                    for item in listing:
                        if item.is_dir(follow_symlinks=False):
                            pending.append(item.path)
                        elif (mode := _mode(item)) is not None:
                            path = os.path.relpath(item.path, self.top).replace(os.sep, "/")
                            found[path] = TreeEntry(mode=mode, oid=None)
            except (FileNotFoundError, NotADirectoryError):
                continue  # it vanished since it was listed
            except OSError as error:
                raise _unreadable(folder, error) from error
        return found

    def select(
        self, is_wanted: Callable[[str, str], bool], among: Iterable[str] | None = None
    ) -> dict[str, TreeEntry]:
        """Return the files, all or ``among`` some, whose (path, mode) ``is_wanted``."""
        return selected(self.entries(), is_wanted, among)

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes of those of ``paths`` that are regular files."""
        found: dict[str, bytes] = {}
        for path in paths:
            full = os.path.join(self.top, path)
            try:
                if stat.S_ISREG(os.lstat(full).st_mode):
                    with open(full, "rb") as file:
                        found[path] = file.read()
            except (FileNotFoundError, NotADirectoryError):
                continue  # gone: the same answer as not there
            except OSError as error:
                self._refused[path] = error.strerror or str(error)
        return found

    def why_unread(self, path: str) -> str | None:
        """Return why ``read`` could not read ``path``; None where it could, or nothing is there."""
        return self._refused.get(path)


class IndexTree:
    """What the next commit would hold; one git process for the list, one for all contents."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._entries: dict[str, TreeEntry] | None = None

    def entries(self) -> Mapping[str, TreeEntry]:
        """Return every file of the index; of an unmerged path its first stage."""
        if self._entries is None:
            listed = self.repository.git("ls-files", "--stage", "-z")
            self._entries = {}
            for line in listed.split(b"\0"):
                if line:
                    facts, _, path = line.partition(b"\t")
                    mode, oid, _stage = facts.decode("ascii").split(" ")
                    self._entries.setdefault(os.fsdecode(path), TreeEntry(mode=mode, oid=oid))
        return self._entries

    def select(
        self, is_wanted: Callable[[str, str], bool], among: Iterable[str] | None = None
    ) -> dict[str, TreeEntry]:
        """Return the files, all or ``among`` some, whose (path, mode) ``is_wanted``.

        One that is only meant to be added is none.
        """
        chosen = selected(self.entries(), is_wanted, among)
        for path in intended(self.repository, chosen):
            del chosen[path]
        return chosen

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the staged bytes of those of ``paths`` that are staged as files."""
        entries = self.entries()
        oids = {path: entries[path].oid for path in paths if path in entries}
        files = {
            path: oid
            for path, oid in oids.items()
            if oid and entries[path].mode in {REGULAR, EXECUTABLE}
        }
        blobs = read_blobs(self.repository, files.values())
        return {path: blobs[oid] for path, oid in files.items() if oid in blobs}

    def why_unread(self, path: str) -> str | None:
        """Return why ``read`` left out ``path``, a file of the tree: its content is not there."""
        return f"git has no object {self.entries()[path].oid}"


class RevisionTree:
    """The files of a commit below ``prefix``, or at ``paths``, without checking it out."""

    def __init__(
        self, repository: Repository, commit: str, prefix: str = "", paths: Sequence[str] = ()
    ) -> None:
        self.repository = repository
        self.commit = commit
        # a command line has an end: very many paths are looked up in the whole list
        self._limit = paths if paths and fits_command_line(paths) else (prefix,) if prefix else ()
        self._entries: dict[str, TreeEntry] | None = None

    def entries(self) -> Mapping[str, TreeEntry]:
        """Return every file of the commit below the prefix, or at least those at the paths."""
        if self._entries is None:
            limit = ("--", *self._limit) if self._limit else ()
            listed = self.repository.git("ls-tree", "-r", "-z", self.commit, *limit)
            self._entries = {}
            for line in listed.split(b"\0"):
                if line:
                    facts, _, path = line.partition(b"\t")
                    mode, _kind, oid = facts.decode("ascii").split(" ")
                    self._entries[os.fsdecode(path)] = TreeEntry(mode=mode, oid=oid)
        return self._entries

    def select(
        self, is_wanted: Callable[[str, str], bool], among: Iterable[str] | None = None
    ) -> dict[str, TreeEntry]:
        """Return the files, all or ``among`` some, whose (path, mode) ``is_wanted``."""
        return selected(self.entries(), is_wanted, among)

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes of those of ``paths`` that are files of the commit."""
        entries = self.entries()
        files = {
            path: entries[path].oid or ""
            for path in paths
            if path in entries and entries[path].mode in {REGULAR, EXECUTABLE}
        }
        blobs = read_blobs(self.repository, files.values())
        return {path: blobs[oid] for path, oid in files.items() if oid in blobs}

    def why_unread(self, path: str) -> str | None:
        """Return why ``read`` left out ``path``, a file of the tree: its content is not there."""
        return f"git has no object {self.entries()[path].oid}"


def fits_command_line(paths: Sequence[str]) -> bool:
    """Whether ``paths`` can be told on a command line; a record may name what no path can be."""
    is_bounded = len(paths) <= _MAX_ARGUMENTS and sum(map(len, paths)) <= _MAX_ARGUMENT_CHARS
    return is_bounded and not any("\0" in path for path in paths)


def selected(
    entries: Mapping[str, TreeEntry],
    is_wanted: Callable[[str, str], bool],
    among: Iterable[str] | None,
) -> dict[str, TreeEntry]:
    """Return those of ``entries``, all or ``among`` some, whose (path, mode) ``is_wanted``."""
    chosen = entries if among is None else {p: entries[p] for p in among if p in entries}
    return {path: entry for path, entry in chosen.items() if is_wanted(path, entry.mode)}


def intended(repository: Repository, entries: Mapping[str, TreeEntry]) -> set[str]:
    """Return those of ``entries`` of the index that ``git add --intent-to-add`` put there.

    Nothing of them will be committed. They stand as empty files, so git is asked only where there
    is one.
    """
    empty = [path for path, entry in entries.items() if entry.oid in _EMPTY_BLOBS]
    if not empty:
        return set()
    tree = _EMPTY_TREES[len(entries[empty[0]].oid or "")]
    how = ("--raw", "-z", "--no-renames", "--ita-invisible-in-index")
    listed = repository.git("diff-index", "--cached", *how, tree, "--").split(b"\0")
    return set(empty) - {os.fsdecode(path) for path in listed[1::2]}


def read_blobs(repository: Repository, oids: Iterable[str]) -> dict[str, bytes]:
    """Return the contents of ``oids`` by id, in one git process; an absent object is left out.

    Raises:
        GitError: git answered something else than objects.
    """
    wanted = list(dict.fromkeys(oids))
    if not wanted:
        return {}
    asked = "".join(f"{oid}\n" for oid in wanted).encode("ascii")
    answer = repository.git("cat-file", "--batch", "--buffer", stdin=asked)
    found: dict[str, bytes] = {}
    at = 0
    for oid in wanted:
        end = answer.find(b"\n", at)
        if end < 0:
            message = "git cat-file ended early"
            raise GitError(message, hint="run `git fsck`")
        facts = answer[at:end].split(b" ")
        at = end + 1
        if facts[-1] != b"missing":
            size = int(facts[2])
            found[oid] = answer[at : at + size]
            at += size + 1
    return found


def staged_changes(repository: Repository, against: str) -> dict[str, str]:
    """Return {path: status letter} of index paths that differ from the tree ``against``.

    A rename is a deletion and an addition; a path that is only meant to be added is no change.
    """
    how = ("--raw", "-z", "--no-renames", "--ignore-submodules=none", "--ita-invisible-in-index")
    # the "--" tells a revision from a file of the same name
    listed = repository.git("diff-index", "--cached", *how, against, "--").split(b"\0")
    pairs = zip(listed[0::2], listed[1::2], strict=False)
    return {os.fsdecode(path): facts.rsplit(b" ", 1)[-1].decode("ascii") for facts, path in pairs}


def _unreadable(folder: str, error: OSError) -> LedgerError:
    message = f"cannot be read: {error.strerror or error}"
    hint = "give yourself the right to read it (chmod u+rx), then again"
    return LedgerError(message, hint=hint, path=folder)


def _mode(item: os.DirEntry[str]) -> str | None:
    """Return git's mode of ``item``; None when it vanished since the folder was listed."""
    try:
        mode = item.stat(follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(mode):
        return SYMLINK
    if not stat.S_ISREG(mode):
        return "000000"
    return EXECUTABLE if mode & 0o100 else REGULAR

"""Objects of a repository, many through one git process that stays: never a process for each."""

from __future__ import annotations

import contextlib
import os

from ledger.errors import GitError
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ledger.storage.git import Repository

_COMMAND = ("cat-file", "--batch")
_AHEAD = 4096
"""Bytes of names that may wait for their answer: any pipe holds them, so that nobody gets stuck."""
_UNKNOWN = (b" missing", b" ambiguous", b" submodule")


@value
class GitObject:
    """One object of a repository."""

    oid: str
    kind: str
    """blob, tree, commit or tag."""
    data: bytes


class ObjectReader:
    """Reads objects of one repository by id, or by any name that git knows them by.

    A process is started when the first object is asked for, and kept for those that follow. What
    is asked while a stream is being read goes to a process of its own.
    """

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._idle: list[_Process] = []

    def ask(self, name: str) -> GitObject | None:
        """Return the object that ``name`` names, None where git knows none, or several.

        Raises:
            GitError: git cannot read it.
        """
        for _, found in self.stream([name]):
            return found
        return None

    def stream(self, names: Iterable[str]) -> Iterator[tuple[str, GitObject | None]]:
        """Yield (name, object) for each of ``names``, in their order; None as for ``ask``.

        One object at a time is held, however many are asked for.

        Raises:
            GitError: git cannot read the one that comes next; those before have come.
        """
        if not _has_spawn():
            yield from self._one_by_one(names)
            return
        process = self._free()
        try:
            yield from process.answers(names)
        finally:
            if process.is_idle:
                self._idle.append(process)
            else:
                process.close()

    def _free(self) -> _Process:
        """Return a process that waits for a question; a fork's are not those of its parent."""
        while self._idle:
            process = self._idle.pop()
            if process.is_ours:
                return process
            process.close()
        return _Process(self.repository)

    def close(self) -> None:
        """End the processes; the next question starts one again."""
        while self._idle:
            self._idle.pop().close()

    def __del__(self) -> None:
        self.close()

    def _one_by_one(self, names: Iterable[str]) -> Iterator[tuple[str, GitObject | None]]:
        for name in names:
            head, _, rest = self.repository.git(*_COMMAND, stdin=_line(name)).partition(b"\n")
            if head.endswith(_UNKNOWN):
                yield name, None
            else:
                oid, kind, size = _facts(name, head)
                yield name, GitObject(oid=oid, kind=kind, data=rest[:size])


class _Process:
    """A ``git cat-file --batch``: names go in, objects come out in the same order."""

    def __init__(self, repository: Repository) -> None:
        self._pid, self._names, self._out = _start(repository)
        self._owner = os.getpid()
        # a stream that owned its number would be finalised before us, with a warning, in a cycle
        self._objects = os.fdopen(self._out, "rb", closefd=False)
        self._asked: list[tuple[str, int]] = []
        self._n_ahead = 0

    @property
    def is_idle(self) -> bool:
        """Whether everything that was asked has been answered."""
        return not self._asked

    @property
    def is_ours(self) -> bool:
        """Whether this very process started it, rather than one that it was forked from."""
        return self._owner == os.getpid()

    def answers(self, names: Iterable[str]) -> Iterator[tuple[str, GitObject | None]]:
        for name in names:
            line = _line(name)
            while self._asked and self._n_ahead + len(line) > _AHEAD:
                yield self._answer()
            self._asked.append((name, len(line)))
            self._n_ahead += len(line)
            with contextlib.suppress(BrokenPipeError):  # told when the answer does not come
                os.write(self._names, line)
        while self._asked:
            yield self._answer()

    def close(self) -> None:
        os.close(self._names)
        os.close(self._out)
        if self.is_ours:
            with contextlib.suppress(ChildProcessError):  # the program ignores SIGCHLD
                os.waitpid(self._pid, 0)

    def _answer(self) -> tuple[str, GitObject | None]:
        name, length = self._asked[0]
        head = self._objects.readline()
        found = None
        if not head.endswith(_UNKNOWN, 0, -1):
            oid, kind, size = _facts(name, head)
            data = self._objects.read(size)
            if len(data) < size or self._objects.read(1) != b"\n":
                raise _unread(name)
            found = GitObject(oid=oid, kind=kind, data=data)
        del self._asked[0]
        self._n_ahead -= length
        return name, found


def object_ids(repository: Repository, names: Iterable[str]) -> list[tuple[str, str] | None]:
    """Return (id, kind) of the object that each of ``names`` names, None where git knows none.

    One git process for all, whose answers hold no contents.

    Raises:
        GitError: git cannot tell, for instance because a partial clone lacks a tree.
    """
    asked = b"".join(map(_line, names))
    if not asked:
        return []
    found: list[tuple[str, str] | None] = []
    for line in repository.git("cat-file", "--batch-check", stdin=asked).split(b"\n")[:-1]:
        words = line.split(b" ")
        is_known = not line.endswith(_UNKNOWN)
        found.append((words[0].decode("ascii"), words[1].decode("ascii")) if is_known else None)
    return found


def _has_spawn() -> bool:
    return hasattr(os, "posix_spawn")


def _start(repository: Repository) -> tuple[int, int, int]:
    """Start the command; return its pid, where it takes names and where its objects come."""
    in_read, in_write = os.pipe()
    out_read, out_write = os.pipe()
    argv = ["git", "-C", repository.top, *_COMMAND]
    actions = (
        (os.POSIX_SPAWN_DUP2, in_read, 0),
        (os.POSIX_SPAWN_DUP2, out_write, 1),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    )
    try:
        pid = os.posix_spawnp(argv[0], argv, repository.env, file_actions=actions)
    except OSError:
        os.close(in_write)
        os.close(out_read)
        raise
    finally:
        os.close(in_read)
        os.close(out_write)
    return pid, in_write, out_read


def _line(name: str) -> bytes:
    if "\n" in name:
        message = f"{name!r} holds a line break, so git cannot be asked for it"
        raise GitError(message, hint="rename it")
    return os.fsencode(name) + b"\n"


def _facts(name: str, head: bytes) -> tuple[str, str, int]:
    """Return (id, kind, size) that the line ``head`` tells before the content."""
    words = head.split()
    if len(words) != 3 or not words[2].isdigit():  # noqa: PLR2004  # id, kind, size
        raise _unread(name)
    return words[0].decode("ascii"), words[1].decode("ascii"), int(words[2])


def _unread(name: str) -> GitError:
    message = f"git cannot read {name}"
    return GitError(message, hint="run `git fsck`; a partial clone lacks contents")

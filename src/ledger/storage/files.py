"""Writing files so that a reader or a crash never sees half of one."""

from __future__ import annotations

import errno
import os


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import NoReturn

_CHUNK = 1 << 16
_LINES_AT_ONCE = 1 << 20


def replace_file(
    path: str, data: bytes, *, is_durable: bool = True, aside: str | None = None
) -> None:
    """Replace ``path`` with ``data`` as a whole: temporary file, flush, rename.

    Args:
        path: the file; its folder must exist.
        data: the new bytes.
        is_durable: whether the bytes must be on the disk before the rename.
        aside: a folder for the temporary file, so that none is left in a folder that is being
            removed; used where it lies on the same file system. None: beside ``path``.

    Raises:
        OSError: disk full, folder read-only or gone; ``path`` is then as it was.
    """
    folder, name = os.path.split(path)
    if aside is not None and os.stat(aside).st_dev == os.stat(folder).st_dev:
        folder = aside
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _NO_FOLLOW, 0o666)
        try:
            write_all(handle, data)
            if is_durable:
                os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(temporary, path)
    except OSError:
        _remove(temporary)
        raise


def link_file(source: str, path: str) -> None:
    """Make ``path`` a second name of the file ``source``; one that was there is replaced.

    Raises:
        OSError: the file system has no links, another one holds ``path``, or ``source`` is gone.
    """
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
    _remove(temporary)
    os.link(source, temporary)
    os.replace(temporary, path)
    _remove(temporary)  # renaming one name of a file over another one of it does nothing


def create_file(path: str, data: bytes) -> bool:
    """Write ``data`` to ``path`` unless something is there; whether it was written.

    Raises:
        OSError: disk full, folder read-only or gone; no half file is left.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return False
    try:
        write_all(handle, data)
    except OSError:
        _remove(path)
        raise
    finally:
        os.close(handle)
    return True


def write_all(handle: int, data: bytes) -> None:
    """Write all of ``data`` to the descriptor ``handle``.

    Raises:
        OSError: part of it could not be written.
    """
    unsent = memoryview(data)
    while unsent:
        unsent = unsent[os.write(handle, unsent) :]


def iter_lines(path: str) -> Iterator[bytes]:
    """Yield the whole lines of the file ``path``, many at a time; an unfinished last one is none.

    Raises:
        OSError: the file cannot be read.
    """
    rest = b""
    with open(path, "rb") as file:
        while data := file.read(_LINES_AT_ONCE):
            cut = data.rfind(b"\n") + 1
            if cut:
                yield rest + data[:cut]
                rest = data[cut:]
            else:
                rest += data


def last_line(path: str) -> bytes:
    """Return the last whole line of the file ``path``, empty where there is none.

    Raises:
        OSError: the file cannot be read.
    """
    with open(path, "rb") as file:
        size = end = file.seek(0, os.SEEK_END)
        tail = b""
        while end and tail.count(b"\n") < 2:  # noqa: PLR2004  # the ends of it and of the one before
            start = max(0, end - _CHUNK)
            file.seek(start)
            tail = file.read(size - start)
            end = start
    return tail[: tail.rfind(b"\n") + 1].rpartition(b"\n")[0].rpartition(b"\n")[2]


def write_new(path: str, pieces: Iterable[bytes]) -> int:
    """Write ``pieces`` to the new file ``path``, down to the disk; return its bytes.

    Raises:
        OSError: something is there, or the disk is full; no half file is left.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    is_whole = False
    try:
        for piece in pieces:
            write_all(handle, piece)
        os.fsync(handle)
        is_whole = True
        return os.fstat(handle).st_size
    finally:
        os.close(handle)
        if not is_whole:
            _remove(path)


def flush_folder(path: str) -> None:
    """Let the names in the folder ``path`` be on the disk, where the system can say so.

    Raises:
        OSError: the folder cannot be opened.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_table(path: str) -> int:
    """Return a descriptor that appends to the table ``path``; a torn last line is cut first.

    A number appended to the rest of a torn one would be a third, silently valid number.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | _CLOSE_ON_EXEC, 0o666)
    try:
        cut_torn_tail(handle)
    except OSError:
        os.close(handle)
        raise
    return handle


def append_line(handle: int, line: bytes) -> None:
    """Append ``line`` in one write; a write that was cut short leaves nothing behind.

    Raises:
        OSError: the disk is full, or the write failed otherwise; the table is as it was.
    """
    if os.write(handle, line) != len(line):
        take_back(handle)


def flush_and_close(handle: int) -> None:
    """Let what was written to ``handle`` be on the disk, and close it.

    Raises:
        OSError: it could not be flushed; it is closed.
    """
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def take_back(handle: int) -> NoReturn:
    """Cut back what a short write left of a line.

    Raises:
        OSError: always: the disk is full.
    """
    cut_torn_tail(handle)
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def cut_torn_tail(handle: int) -> None:
    """Cut the table ``handle`` behind its last newline."""
    size = end = os.fstat(handle).st_size
    while end:
        start = max(0, end - _CHUNK)
        newline = os.pread(handle, end - start, start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end != size:
        os.ftruncate(handle, end)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return  # it was never made, or the folder is gone; the first error is the one to tell


_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_CLOSE_ON_EXEC = getattr(os, "O_CLOEXEC", 0)

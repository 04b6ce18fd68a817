"""Writing files so that a reader or a crash never sees half of one."""

from __future__ import annotations

import errno
import os


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_CHUNK = 1 << 16


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

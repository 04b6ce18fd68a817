"""Reading files that may be anything: a pipe, a device, huge, or rewritten while we read."""

from __future__ import annotations

import hashlib
import os
import stat


TYPE_CHECKING = False
if TYPE_CHECKING:
    from io import FileIO

AT_ONCE_BYTES = 1 << 20
"""Files up to this size are read in one piece: ``file_digest`` allocates 256 KiB for each file."""


def read_whole(path: str, *, limit_bytes: int) -> bytes:
    """Return the bytes of the regular file ``path``.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not a regular file, or larger than ``limit_bytes``.
    """
    with _open_regular(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > limit_bytes:
            message = f"{path} has {size} bytes, more than the {limit_bytes} we read"
            raise ValueError(message)
        return stream.readall()


def md5_of(path: str) -> tuple[str, int]:
    """Return the md5 of the file's raw bytes as 32 hex digits, and its size in bytes.

    Links are followed. The digest of an empty file is that of no bytes.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not a regular file, or it changed while it was read, so that no digest
            would describe a state it ever had.
    """
    with _open_regular(path) as stream:
        before = os.fstat(stream.fileno())
        if before.st_size <= AT_ONCE_BYTES:
            digest = _md5(stream.readall())
        else:
            digest = hashlib.file_digest(stream, _md5)
        after = os.fstat(stream.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        message = f"{path} changed while it was read"
        raise ValueError(message)
    return digest.hexdigest(), after.st_size


def text_md5(text: str) -> str:
    """Return the md5 of ``text`` in UTF-8, 32 hex digits."""
    return _md5(text.encode()).hexdigest()


def _md5(data: bytes = b"") -> hashlib._Hash:
    # A name for content, not a protection; builds restricted to approved digests allow it so.
    return hashlib.md5(data, usedforsecurity=False)


def _open_regular(path: str) -> FileIO:
    stream = open(path, "rb", buffering=0, opener=_open_without_waiting)  # noqa: SIM115  # handed out
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        message = f"{path} is not a regular file"
        raise ValueError(message)
    return stream


def _open_without_waiting(path: str, flags: int) -> int:
    # A pipe that nobody writes to would block an ordinary open for ever.
    return os.open(path, flags | os.O_NONBLOCK)

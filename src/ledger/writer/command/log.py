"""The file with what a command printed: its beginning and its end, whatever lies between.

The whole file is on the disk at any time, so a recorder that is killed takes no line with it.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from ledger.storage.files import create_file, replace_file, write_all


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

LOG_NAME = "console.log"
HEAD_BYTES: Final = 2 * 1024 * 1024
TAIL_BYTES: Final = 2 * 1024 * 1024
_IGNORED = f"/{LOG_NAME}\n/.gitignore\n".encode()


class ConsoleLog:
    """The open log; made with its folder, which git is told to leave the log out of.

    Args:
        folder: where it stands; other outputs of the run may stand there too.
        head: bytes of the beginning that are kept.
        tail: bytes of the end that are kept, at least; up to twice as many while it is open.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, folder: Path, head: int = HEAD_BYTES, tail: int = TAIL_BYTES) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / LOG_NAME
        create_file(str(folder / ".gitignore"), _IGNORED)
        self._head = head
        self._tail = tail
        self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o666)
        self._size = 0
        self._head_end = 0
        """Where the beginning that is kept ends, once there is more than that; else 0."""
        self._left_out = 0
        self._notice = b""

    def write(self, data: bytes) -> None:
        """Append ``data``, whole lines.

        Raises:
            OSError: the disk is full, or the file cannot be written to otherwise.
        """
        write_all(self._handle, data)
        self._size += len(data)
        if self._size > self._head + len(self._notice) + 2 * self._tail:
            self._shorten()

    def close(self) -> None:
        """Cut the file to its size, and put it back where somebody removed it meanwhile.

        Raises:
            OSError: the disk is full, or the folder is gone and cannot be made.
        """
        try:
            if self._size > self._head + len(self._notice) + self._tail:
                self._shorten()
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.stat(self.path), os.fstat(self._handle)):
                    return
            self.path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(str(self.path), os.pread(self._handle, self._size, 0), is_durable=False)
        finally:
            os.close(self._handle)

    def _shorten(self) -> None:
        """Leave out the lines between the beginning and the end."""
        head = os.pread(self._handle, self._head_end or self._head, 0)
        if not self._head_end:
            head = head[: head.rfind(b"\n") + 1] or head
            self._head_end = len(head)
        tail = os.pread(self._handle, self._tail, self._size - self._tail)
        tail = tail[tail.find(b"\n") + 1 :] if b"\n" in tail[:-1] else tail
        self._left_out += self._size - len(head) - len(self._notice) - len(tail)
        self._notice = f"[ledger: {self._left_out} bytes are left out here]\n".encode()
        whole = head + self._notice + tail
        self.path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(str(self.path), whole, is_durable=False)
        handle = os.open(self.path, os.O_RDWR | os.O_APPEND)
        os.close(self._handle)
        self._handle, self._size = handle, len(whole)

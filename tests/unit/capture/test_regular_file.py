from __future__ import annotations

import hashlib
import os
import threading
from typing import TYPE_CHECKING

import pytest

from ledger.capture.regular_file import AT_ONCE_BYTES, md5_of, read_whole


if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("size", [0, 1, AT_ONCE_BYTES, AT_ONCE_BYTES + 1, 3 * AT_ONCE_BYTES])
def test_md5_is_that_of_the_raw_bytes(tmp_path: Path, size: int) -> None:
    data = (b"\r\n\0" * size)[:size]
    (tmp_path / "f").write_bytes(data)
    expected = (hashlib.md5(data, usedforsecurity=False).hexdigest(), size)
    assert expected == md5_of(str(tmp_path / "f"))


def test_file_that_changes_while_it_is_read_has_no_md5(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.touch()
    os.truncate(path, 64 << 20)
    is_done = threading.Event()

    def keep_changing() -> None:
        tick = 0
        while not is_done.is_set():
            tick += 1
            os.utime(path, ns=(tick, tick))

    thread = threading.Thread(target=keep_changing)
    thread.start()
    try:
        with pytest.raises(ValueError, match="changed while it was read"):
            md5_of(str(path))
    finally:
        is_done.set()
        thread.join()


def test_reading_stops_at_the_limit(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    assert b"abc" == read_whole(str(tmp_path / "f"), limit_bytes=3)
    with pytest.raises(ValueError, match="3 bytes, more than the 2"):
        read_whole(str(tmp_path / "f"), limit_bytes=2)


def test_pipe_and_device_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (str(tmp_path / "pipe"), os.devnull):
        with pytest.raises(ValueError, match="not a regular file"):
            md5_of(path)

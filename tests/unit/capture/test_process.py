"""Who runs, and whether it still does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from ledger.capture.process import (
    ProcessIdentity,
    boot_id,
    is_gone,
    process_start,
    seconds_since_start,
    this_process,
)
from unit.writer.recording import wait_until


def identity(pid: int, **changes: str | None) -> ProcessIdentity:
    facts = {
        "pid_start": process_start(pid),
        "boot_id": boot_id(),
        "hostname": socket.gethostname(),
    }
    return ProcessIdentity(pid=pid, **{**facts, **changes})  # type: ignore[arg-type]  # hostname is text


def test_this_process_runs() -> None:
    me = this_process()
    assert (os.getpid(), False) == (me.pid, is_gone(me))
    assert 0 <= (seconds_since_start(me.pid) or 0) < 3600 * 24


def test_a_process_that_ended_is_gone_before_and_after_it_is_reaped() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.DEVNULL)
    seen = identity(child.pid)
    wait_until(lambda: is_gone(seen) is True)
    child.wait()
    assert is_gone(seen) is True


def test_a_pid_that_was_given_to_another_process_is_gone() -> None:
    assert is_gone(identity(os.getpid(), pid_start="1")) is True


def test_a_process_of_an_earlier_boot_is_gone() -> None:
    assert is_gone(identity(os.getpid(), boot_id="earlier")) is True


def test_of_another_host_nobody_can_tell() -> None:
    assert is_gone(identity(os.getpid(), hostname="elsewhere.example")) is None


def test_without_start_times_a_pid_decides() -> None:
    assert is_gone(identity(os.getpid(), pid_start=None, boot_id=None)) is False
    for pid in (-1, 0, 2**22 + 1, 10**30):
        assert is_gone(identity(pid, pid_start=None, boot_id=None)) is True


def test_a_name_with_parentheses_is_no_trouble() -> None:
    script = (
        "import ctypes, sys; ctypes.CDLL(None).prctl(15, b') Z (', 0, 0, 0);"
        "print(1, flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.readline()
    assert (process_start(child.pid) or "").isdigit()
    assert is_gone(identity(child.pid)) is False
    child.communicate()

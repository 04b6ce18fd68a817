"""``ledger run`` on a terminal: the command sees one, and keys reach it once."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import shlex
import struct
import termios
import time
from typing import TYPE_CHECKING

import pytest

from e2e.run_command import PYTHON, RUN, console_of, problems, run
from make_repo import write_files
from unit.writer.recording import (
    LIMIT_SECONDS,
    make_project,
    only_run,
    read_record,
    run_dirs,
)


if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


class Terminal:
    """A command on a terminal of its own, as a person would have started it."""

    def __init__(self, project: Path, argv: Sequence[str]) -> None:
        self.screen = b""
        self.pid, self.handle = pty.fork()
        if not self.pid:
            os.chdir(project)
            os.execvp(argv[0], [*argv])

    def read_until(self, text: bytes) -> None:
        deadline = time.monotonic() + LIMIT_SECONDS
        while text not in self.screen:
            assert time.monotonic() < deadline, self.screen
            if select.select([self.handle], [], [], 0.1)[0]:
                try:
                    self.screen += os.read(self.handle, 1 << 16)
                except OSError:
                    assert text in self.screen, self.screen

    def press(self, keys: bytes) -> None:
        os.write(self.handle, keys)

    def end(self) -> int:
        """Wait for the end; return the status as ``waitpid`` tells it."""
        while True:
            try:
                data = os.read(self.handle, 1 << 16)
            except OSError:
                data = b""
            if not data:
                break
            self.screen += data
        os.close(self.handle)
        return os.waitpid(self.pid, 0)[1]


def test_the_command_sees_a_terminal_where_we_have_one(project: Path) -> None:
    script = "import os, sys; print([os.isatty(n) for n in (0, 1, 2)], os.get_terminal_size())"
    terminal = Terminal(project, [*RUN, "--", PYTHON, "-c", script])
    assert 0 == terminal.end()
    assert b"[True, True, True]" in terminal.screen
    assert b"[True, True, True]" in console_of(project)


def test_the_command_sees_none_where_we_have_none(project: Path) -> None:
    done = run(project, "--", PYTHON, "-c", "import os; print([os.isatty(n) for n in (1, 2)])")
    assert "[False, False]\n" == done.stdout


def test_ctrl_c_reaches_the_command_once_and_the_run_is_interrupted(project: Path) -> None:
    script = """
import sys, time
try:
    print("ready", flush=True)
    while True: time.sleep(0.01)
except KeyboardInterrupt:
    try:
        time.sleep(0.5)  # a second one would come by now
        print("once")
    except KeyboardInterrupt:
        print("twice")
    sys.exit(9)
"""
    terminal = Terminal(project, [*RUN, "--", PYTHON, "-c", script])
    terminal.read_until(b"ready")
    terminal.press(b"\x03")
    assert 9 == os.waitstatus_to_exitcode(terminal.end())
    assert b"once" in terminal.screen
    record = read_record(only_run(project))
    assert ("interrupted", None) == (record["status"], record["error"])
    assert [] == problems(project)


def test_a_second_ctrl_c_is_the_commands_too(project: Path) -> None:
    script = """
import signal, time
count = 0
def stop(number, frame):
    global count
    count += 1
    print("got", count, flush=True)
    if count == 2: raise SystemExit(4)
signal.signal(signal.SIGINT, stop)
print("ready", flush=True)
while True: time.sleep(0.01)
"""
    terminal = Terminal(project, [*RUN, "--", PYTHON, "-c", script])
    terminal.read_until(b"ready")
    terminal.press(b"\x03")
    terminal.read_until(b"got 1")
    terminal.press(b"\x03")
    assert 4 == os.waitstatus_to_exitcode(terminal.end())
    assert "interrupted" == read_record(only_run(project))["status"]


def test_ctrl_c_ends_a_loop_of_runs(project: Path) -> None:
    """A shell goes on with its loop when a command only says 130: we end by the signal itself."""
    loop = 'for n in 1 2 3; do "$@"; done; echo loop ended by itself'
    command = [*RUN, "--", "sh", "-c", "echo ready; exec sleep 60"]
    terminal = Terminal(project, ["bash", "-c", loop, "bash", *command])
    terminal.read_until(b"ready")
    terminal.press(b"\x03")
    terminal.end()
    assert b"by itself" not in terminal.screen
    assert 1 == len(run_dirs(project))


def test_ctrl_z_stops_both_and_fg_goes_on(project: Path) -> None:
    script = """
import os, time
print("ready", flush=True)
while not os.path.exists("go"): time.sleep(0.01)
print("went on")
"""
    write_files(project, {"wait.py": script})
    terminal = Terminal(project, ["bash", "--norc", "-i"])
    terminal.press(shlex.join([*RUN, "--", PYTHON, "wait.py"]).encode() + b"\n")
    terminal.read_until(b"ready\r\n")
    terminal.press(b"\x1a")
    terminal.read_until(b"Stopped")
    (project / "go").touch()
    terminal.press(b"fg\n")
    terminal.read_until(b"went on")
    terminal.press(b"exit\n")
    terminal.end()
    assert "finished" == read_record(only_run(project))["status"]


def test_the_command_gets_the_new_size_of_the_terminal(project: Path) -> None:
    script = """
import os, signal, time
print("ready", flush=True)
seen = []
signal.signal(signal.SIGWINCH, lambda n, f: seen.append(tuple(os.get_terminal_size())))
while (101, 33) not in seen: time.sleep(0.01)
print("resized", flush=True)
"""
    terminal = Terminal(project, [*RUN, "--", PYTHON, "-c", script])
    terminal.read_until(b"ready")
    deadline = time.monotonic() + LIMIT_SECONDS
    rows = 20
    while b"resized" not in terminal.screen:
        assert time.monotonic() < deadline
        rows = 33 if rows != 33 else 32  # again until its handler stands
        fcntl.ioctl(terminal.handle, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 101, 0, 0))
        if select.select([terminal.handle], [], [], 0.1)[0]:
            terminal.screen += os.read(terminal.handle, 1 << 16)
    assert 0 == terminal.end()

"""``ledger triage`` at a real terminal: one key a note."""

from __future__ import annotations

import os
import pty
import select
import sys
import termios
import time
from typing import TYPE_CHECKING

import pytest

import ledger
from ledger.contract.note import parse_note
from unit.writer.recording import LIMIT_SECONDS, ledger_command, make_project, wait_until


if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = make_project(tmp_path)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("LEDGER_QUIET", "1")
    return folder


def record(name: str) -> ledger.Run:
    with ledger.start(name, config={"lr": 1}) as run:
        run.log(epoch=0, acc=0.5)
    return run


class Terminal:
    """The command line under a terminal of its own."""

    def __init__(self, folder: Path, *arguments: str, editor: str = "true") -> None:
        argv = [sys.executable, "-c", "from ledger.cli.main import run; run()", *arguments]
        self.pid, self.master = pty.fork()
        if not self.pid:
            os.chdir(folder)
            os.execvpe(
                argv[0], argv, {**os.environ, "TERM": "dumb", "EDITOR": editor, "VISUAL": editor}
            )  # the command under test
        self.shown = ""

    def wait_for(self, text: str, times: int = 1) -> None:
        deadline = time.monotonic() + LIMIT_SECONDS
        while self.shown.count(text) < times:
            assert time.monotonic() < deadline, self.shown
            if select.select([self.master], [], [], 1.0)[0]:
                self.shown += os.read(self.master, 65536).decode()

    def press(self, key: str) -> None:
        """Press a key once the program listens for keys; before that it would be lost."""
        wait_until(lambda: not termios.tcgetattr(self.master)[3] & termios.ICANON)
        os.write(self.master, key.encode())

    def end(self) -> int:
        while True:
            try:
                heard = os.read(self.master, 65536)
            except OSError:  # how Linux tells that the other side has closed
                break
            if not heard:
                break
            self.shown += heard.decode()
        os.close(self.master)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def triage(folder: Path, keys: Sequence[str], editor: str = "true") -> tuple[int, str]:
    """Press ``keys``, one for each note; return (exit code, what was shown)."""
    terminal = Terminal(folder, "triage", editor=editor)
    for number, key in enumerate(keys, 1):
        terminal.wait_for("[q]uit", number)
        terminal.press(key)
    return terminal.end(), terminal.shown


def sections(run: ledger.Run) -> dict[str, str]:
    note = parse_note((run.dir / "run.md").read_bytes())
    return {name: section.text for name, section in note.sections.items()}


def test_accept_takes_the_automatic_lines(project: Path) -> None:
    run = record("a")
    code, shown = triage(project, "a")
    assert 0 == code
    assert "1/1" in shown
    assert "config lr=1" == sections(run)["Change"]
    assert "still to be written: Hypothesis, Next, Risk/Anomaly" in shown


@pytest.mark.parametrize(("key", "word"), [("n", "none"), ("f", "forgotten")])
def test_a_word_for_the_rest_completes_the_note(project: Path, key: str, word: str) -> None:
    run = record("a")
    code, shown = triage(project, key)
    assert 0 == code
    assert (word, word) == (sections(run)["Hypothesis"], sections(run)["Next"])
    assert parse_note((run.dir / "run.md").read_bytes()).is_complete
    assert "complete" in shown
    assert "" == ledger_command(project, "note", "--missing").stdout


def test_skip_and_quit_touch_nothing(project: Path) -> None:
    runs = [record("a"), record("b"), record("c")]
    before = [(run.dir / "run.md").read_bytes() for run in runs]
    code, shown = triage(project, "sq")
    assert 0 == code
    assert before == [(run.dir / "run.md").read_bytes() for run in runs]
    assert "2/3" in shown
    assert "3/3" not in shown


def test_the_editor_gets_the_note(project: Path) -> None:
    run = record("a")
    editor = project / ".git" / "editor.sh"
    editor.write_text("#!/bin/sh\nprintf '## Hypothesis\\nby hand\\n' > \"$1\"\n")
    editor.chmod(0o755)
    code, shown = triage(project, "e", str(editor))
    assert 0 == code
    assert "by hand" == sections(run)["Hypothesis"]
    assert "still to be written: Change, Result, Next, Risk/Anomaly" in shown


def test_each_note_has_its_own_key(project: Path) -> None:
    first, second = record("a"), record("b")
    assert 0 == triage(project, "fn")[0]
    assert ("forgotten", "none") == (sections(first)["Next"], sections(second)["Next"])


def test_ctrl_c_ends_with_its_code(project: Path) -> None:
    run = record("a")
    before = (run.dir / "run.md").read_bytes()
    code, shown = triage(project, "\x03")
    assert 130 == code
    assert "Traceback" not in shown
    assert before == (run.dir / "run.md").read_bytes()


def test_the_end_of_input_is_no_bug(project: Path) -> None:
    record("a")
    code, shown = triage(project, "\x04")
    assert code in {0, 130}
    assert "Traceback" not in shown
    assert "a bug of ours" not in shown


def test_nothing_waits(project: Path) -> None:
    done = ledger_command(project, "triage")
    assert (0, "") == (done.returncode, done.stdout)
    assert "no note waits" in done.stderr


def test_without_a_terminal_it_says_what_to_do(project: Path) -> None:
    record("a")
    done = ledger_command(project, "triage")
    assert 2 == done.returncode
    assert "ledger note --missing" in done.stderr


def test_the_note_command_opens_the_editor_at_a_terminal(project: Path) -> None:
    run = record("a")
    editor = project / ".git" / "editor.sh"
    editor.write_text("#!/bin/sh\nprintf '## Hypothesis\\nby hand\\n' > \"$1\"\n")
    editor.chmod(0o755)
    terminal = Terminal(project, "note", run.id, editor=str(editor))
    assert 0 == terminal.end()
    assert "by hand" == sections(run)["Hypothesis"]
    assert "still to be written" in terminal.shown


def test_an_unknown_key_is_said_and_asked_for_again(project: Path) -> None:
    run = record("a")
    code, shown = triage(project, "xn")
    assert 0 == code
    assert "'x' is none of the keys" in shown
    assert parse_note((run.dir / "run.md").read_bytes()).is_complete

"""Completion: what real bash is told, and what zsh and fish are told by click."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.shell_completion import FishComplete, ZshComplete
from click.testing import CliRunner

from ledger.cli.completion_shell import BashCompletion
from ledger.cli.main import VERBS, main
from unit.reader.builders import add_run, make_project, small_ledger


if TYPE_CHECKING:
    from collections.abc import Iterator

BASH = shutil.which("bash")
COMPLETE = """
eval "$(ledger completion bash)"
compopt() { :; }  # it works only while a line is edited
COMP_LINE=$1 COMP_POINT=${#1}
_ledger_completion ledger
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder with a project, and beside it the command ``ledger``."""
    project = tmp_path / "project"
    project.mkdir()
    small_ledger(project)
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "ledger"
    code = "from ledger.cli.main import run; run()"
    command.write_text(f"#!{sys.executable}\nimport sys\nsys.argv[0] = 'ledger'\n{code}\n")
    command.chmod(0o755)
    return tmp_path


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def in_bash(home: Path, line: str, *, folder: str = "project") -> list[str]:
    """Return what bash would put in at the end of ``line``."""
    assert BASH is not None
    done = subprocess.run(
        [BASH, "--norc", "-c", COMPLETE, "bash", line],
        cwd=home / folder,
        env=environment(home),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else []


@pytest.mark.skipif(BASH is None, reason="no bash here")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ledger que", ["query"]),
        ("ledger show 2026-02-01_17", ["2026-02-01_1730_small_lr-7572ice4"]),
        ("ledger show small", ["small_lr-7572ice4"]),
        ("ledger sync mlflow small", ["small_lr-7572ice4"]),
        ("ledger compare small_lr 75", ["7572ice4"]),
        ("ledger show @", ["latest", "best:"]),
        ("ledger show @best:va", ["val_acc"]),
        ("ledger query be", ["best"]),
        ("ledger query best val_acc wh", ["where"]),
        ('ledger query "best val_acc wh', ["best val_acc where"]),
        ('ledger query "best val_acc where optimizer.n', ["best val_acc where optimizer.name"]),
        ("ledger query runs where optimizer.name = ", ["adam", "sgd"]),
        ("ledger query runs where status in '(' cr", []),
        ("ledger query runs tag ", ["baseline"]),
        ("ledger query runs on data dig", ["digits"]),
        ("ledger query best val_acc per tri", ["trial"]),
        ("ledger query mean of te", ["test_acc"]),
        ("ledger query compare small_lr base", ["baseline-ibai4j6a"]),
        ("ledger query --form", ["--format"]),
        ("ledger query zzz ", []),
        ("ledger completion z", ["zsh"]),
    ],
)
def test_bash_completes(home: Path, line: str, expected: list[str]) -> None:
    assert in_bash(home, line) == expected


@pytest.mark.skipif(BASH is None, reason="no bash here")
def test_bash_is_told_nothing_and_shown_nothing_where_there_is_no_ledger(home: Path) -> None:
    assert in_bash(home, "ledger show x", folder="bin") == []


@pytest.mark.skipif(BASH is None, reason="no bash here")
def test_a_tab_in_an_interactive_bash_writes_the_word(home: Path) -> None:
    """Through a real terminal: readline, its word breaks and all."""
    assert BASH is not None
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(home / "project")
        os.execve(BASH, ["bash", "--norc", "--noprofile", "-i"], environment(home) | {"PS1": "$ "})
    try:
        os.write(terminal, b'eval "$(ledger completion bash)"; echo rea""dy\n')
        _read_until(terminal, b"ready")
        os.write(terminal, b"ledger show @best:val\t")
        _read_until(terminal, b"show @best:val_acc")
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)


def _read_until(terminal: int, wanted: bytes, seconds: float = 60) -> None:
    seen, end = b"", time.monotonic() + seconds
    while wanted not in seen:
        assert time.monotonic() < end, seen
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 4096)


@pytest.mark.parametrize(
    ("words", "written", "expected"),
    [
        ([], "ls", ["ls"]),
        (["query", "best"], "val", ["val_acc"]),
        (["query"], "best va", ["best val_acc"]),
        (["show"], "@best:v", ["@best:val_acc"]),
        (["review"], "@best:v", ["@best:val_acc"]),
        (["select", "x", "--over"], "best va", ["best val_acc"]),
        (["query", "runs", "since"], "yes", ["yesterday"]),
    ],
)
@pytest.mark.parametrize("kind", [BashCompletion, ZshComplete, FishComplete])
def test_every_shell_is_told_the_same(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    kind: type[ZshComplete],
    words: list[str],
    written: str,
    expected: list[str],
) -> None:
    small_ledger(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("_LEDGER_COMPLETE", "zsh_complete")

    found = kind(main, {}, "ledger", "_LEDGER_COMPLETE").get_completions(words, written)

    assert [item.value for item in found] == expected


def test_verbs_are_told_with_what_they_are_for() -> None:
    shell = FishComplete(main, {}, "ledger", "_LEDGER_COMPLETE")

    assert {item.value: item.help for item in shell.get_completions([], "")} == dict(VERBS)


def test_a_metric_that_needs_quotes_is_not_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_project(tmp_path)
    add_run(tmp_path, "r", metrics={"a b": 1.0, "x\x1b[31m": 1.0, "fine": 1.0, "where": 1.0})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("_LEDGER_COMPLETE", "bash_complete")

    shell = BashCompletion(main, {}, "ledger", "_LEDGER_COMPLETE")

    assert [item.value for item in shell.get_completions(["query", "best"], "")] == ["fine"]


@pytest.mark.parametrize(
    ("shell", "piece"),
    [
        ("bash", "complete -o default -F _ledger_completion ledger"),
        ("zsh", "#compdef ledger"),
        ("fish", "complete --no-files --command ledger"),
    ],
)
def test_the_script_of_a_shell_is_printed(shell: str, piece: str) -> None:
    done = CliRunner().invoke(main, ["completion", shell])

    assert done.exit_code == 0
    assert piece in done.stdout
    assert "_LEDGER_COMPLETE=" in done.stdout

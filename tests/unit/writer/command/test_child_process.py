"""Finding a program as a shell does, and the status that the end of a command means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.writer.command.child_process import (
    Ended,
    NotExecutableError,
    UnknownCommandError,
    find_program,
)
from ledger.writer.command.record import Command, default_name
from ledger.writer.command.repeat import plan_repeats
from make_repo import write_files


if TYPE_CHECKING:
    from pathlib import Path


def ended(code: int, *received: str, signal: str | None = None) -> Ended:
    return Ended(code=code, signal=signal, received=received, is_cut_off=False, lost=None)


@pytest.mark.parametrize(
    ("how", "status"),
    [
        (ended(0), "finished"),
        (ended(1), "failed"),
        (ended(137, signal="SIGKILL"), "failed"),
        (ended(139, signal="SIGSEGV"), "failed"),
        (ended(130, "SIGINT", signal="SIGINT"), "interrupted"),
        (ended(143, signal="SIGTERM"), "interrupted"),  # sent to the command itself
        (ended(143), "interrupted"),  # told by a shell that was told
        (ended(1, "SIGINT"), "interrupted"),
        (ended(0, "SIGTERM"), "interrupted"),
        (ended(137, "SIGTERM", signal="SIGKILL"), "interrupted"),
    ],
)
def test_the_status_is_how_it_ended(how: Ended, status: str) -> None:
    assert status == how.status


def test_a_program_is_found_on_the_path(tmp_path: Path) -> None:
    write_files(tmp_path, {"a/tool": "", "b/tool": ""})
    (tmp_path / "b/tool").chmod(0o755)
    environ = {"PATH": f"{tmp_path}/a:{tmp_path}/b"}
    assert f"{tmp_path}/b/tool" == find_program("tool", environ)


def test_a_program_with_a_slash_is_a_path(tmp_path: Path) -> None:
    write_files(tmp_path, {"tool": ""})
    (tmp_path / "tool").chmod(0o755)
    assert f"{tmp_path}/tool" == find_program(f"{tmp_path}/tool", {"PATH": ""})


def test_what_is_not_there_and_what_may_not_run_are_two_things(tmp_path: Path) -> None:
    write_files(tmp_path, {"tool": ""})
    with pytest.raises(UnknownCommandError):
        find_program("tool", {"PATH": f"{tmp_path}/none"})
    with pytest.raises(UnknownCommandError):  # a folder is no program
        find_program(str(tmp_path), {"PATH": ""})
    with pytest.raises(NotExecutableError):
        find_program("tool", {"PATH": str(tmp_path)})


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (("python", "train.py", "--lr", "1"), "train"),
        (("python", "-u", "sub/fit.py"), "fit"),
        (("bash", "loop.sh"), "loop"),
        (("python", "-m", "package.train", "x"), "package.train"),
        (("./build/solver", "input.txt"), "solver"),
        (("sh", "-c", "gone.py"), "sh"),
    ],
)
def test_a_run_is_called_after_its_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], name: str
) -> None:
    write_files(tmp_path, {"train.py": "", "sub/fit.py": "", "loop.sh": ""})
    monkeypatch.chdir(tmp_path)
    assert name == default_name(argv)


def test_one_command_is_one_run() -> None:
    command = Command(argv=("a", "{seed}"))
    assert [command] == plan_repeats(command, None, [], None)


def test_repeats_share_a_tag_and_are_told_their_seeds() -> None:
    planned = plan_repeats(Command(argv=("a",), tags=("t",)), 2, [], "--seed")
    assert [("a", "--seed", "0"), ("a", "--seed", "1")] == [each.argv for each in planned]
    assert [0, 1] == [each.seed for each in planned]
    assert planned[0].tags == planned[1].tags
    assert "t" == planned[0].tags[0]

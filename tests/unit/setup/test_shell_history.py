"""The last training in a shell's history: found in every format, and nothing else ever chosen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ledger.setup.shell_history import (
    commands_in,
    history_files,
    last_training,
    training_words,
)


if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with scripts."""
    for name in ("train.py", "src/fit_model.py", "run.sh", "manage.py", "setup.py", "prune.py"):
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return tmp_path / "project"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("python train.py --lr 0.1", ["python", "train.py", "--lr", "0.1"]),
        ("python3.12 -u train.py", ["python3.12", "-u", "train.py"]),
        ("time uv run python train.py", ["uv", "run", "python", "train.py"]),
        ("CUDA_X=0 python train.py", ["env", "CUDA_X=0", "python", "train.py"]),
        ("python -m src.fit_model 'a b'", ["python", "-m", "src.fit_model", "a b"]),
        ("torchrun --nproc 2 train.py", ["torchrun", "--nproc", "2", "train.py"]),
        ("accelerate launch train.py", ["accelerate", "launch", "train.py"]),
        ("bash run.sh", ["bash", "run.sh"]),
        ("./run.sh", ["./run.sh"]),
        ("nohup python train.py", ["python", "train.py"]),
    ],
)
def test_training_is_known(folder: Path, line: str, words: list[str]) -> None:
    assert training_words(line, folder) == words


@pytest.mark.parametrize(
    "line",
    [
        "rm -rf train.py",
        "git add train.py",
        "vim train.py",
        "python -c 'import train'",
        "python -m pip install train",
        "python manage.py migrate",
        "python setup.py install",
        "python prune.py",
        "python other_train.py",
        "python train.py && rm -rf outputs",
        "python train.py > log",
        "cat data | python train.py",
        "python train.py $(cat args)",
        "for i in 1 2; do python train.py; done",
        "sudo python train.py",
        "ledger run -- python train.py",
        "python 'train.py",
        "time",
        "A=1",
        "",
    ],
)
def test_what_is_no_plain_training_is_never_chosen(folder: Path, line: str) -> None:
    assert training_words(line, folder) is None


def test_bash_with_times() -> None:
    data = b"#1700000000\npython train.py\n#1700000001\nls\n"
    assert [*commands_in(data, ".bash_history")] == ["python train.py", "ls"]


def test_zsh_extended_with_newlines_and_special_bytes() -> None:
    text = ": 1700000000:3;python train.py --name caf\u00e9\n: 1700000001:0;for i in 1\\\ndo\nls\n"
    data = b"".join(
        bytes([0x83, byte ^ 0x20]) if 0x83 <= byte <= 0xA2 else bytes([byte])
        for byte in text.encode()
    )
    assert [*commands_in(data, ".zsh_history")] == [
        "python train.py --name caf\u00e9",
        "for i in 1\ndo",
        "ls",
    ]


def test_fish() -> None:
    data = b"- cmd: python train.py --re a\\\\d\n  when: 1700000000\n- cmd: a\\nb\n  when: 2\n"
    assert [*commands_in(data, "fish_history")] == ["python train.py --re a\\d", "a\nb"]


def test_newest_file_and_newest_training_win(tmp_path: Path, folder: Path) -> None:
    home = tmp_path / "home"
    fish = home / ".local/share/fish/fish_history"
    fish.parent.mkdir(parents=True)
    fish.write_text("- cmd: python train.py --from fish\n")
    bash = home / ".bash_history"
    bash.write_text("python train.py --from bash1\npython train.py --from bash2\nls\n")
    os.utime(fish, (1, 1))
    files = history_files({"HOME": str(home)})
    assert files == [bash, fish]
    assert last_training(files, folder) == ["python", "train.py", "--from", "bash2"]
    named = tmp_path / "hist"
    named.write_text("python train.py --from named\n")
    files = history_files({"HOME": str(home), "HISTFILE": str(named)})
    assert last_training(files, folder) == ["python", "train.py", "--from", "named"]


def test_no_history_is_no_command(tmp_path: Path, folder: Path) -> None:
    assert last_training(history_files({"HOME": str(tmp_path)}), folder) is None

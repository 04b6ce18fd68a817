"""Where the native hooks go, and what is refused."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from ledger.errors import LedgerError
from ledger.setup.hooks.gate import STAGES, template
from ledger.setup.hooks.install import install_hooks, uninstall_hooks
from ledger.storage.git import clean_environment, find_repository
from policy.builders import Repo, environment


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.storage.git import Repository


def repository(repo: Repo, **env: str) -> Repository:
    return find_repository(str(repo.top), clean_environment(environment() | env))


def test_hooks_path_of_the_repository_is_respected(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.git("config", "core.hooksPath", "my hooks")
    install_hooks(repository(repo), sys.executable)
    assert (repo.top / "my hooks" / "pre-commit").exists()
    assert not (repo.top / ".git/hooks/pre-commit").exists()


def test_hooks_path_of_the_user_is_refused(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    config = tmp_path / "gitconfig"
    config.write_text("[core]\n\thooksPath = /shared/hooks\n")
    with pytest.raises(LedgerError, match=r"core\.hooksPath"):
        install_hooks(repository(repo, GIT_CONFIG_GLOBAL=str(config)), sys.executable)


def test_worktree_shares_the_hooks(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit()
    repo.git("worktree", "add", "-q", str(tmp_path / "tree"))
    tree = find_repository(str(tmp_path / "tree"), clean_environment(environment()))
    install_hooks(tree, sys.executable)
    assert (repo.top / ".git/hooks/pre-commit").exists()
    assert install_hooks(repository(repo), sys.executable) == []


def test_another_interpreter_replaces_the_gate_without_chaining(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    install_hooks(repository(repo), "/old/python")
    changes = install_hooks(repository(repo), sys.executable)
    assert {change.action for change in changes} == {"updated"}
    assert len(changes) == len(STAGES)
    assert not (repo.top / ".git/hooks/pre-commit.before-ledger").exists()


def test_a_hook_that_replaced_ours_is_not_lost(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    hook = repo.top / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("first")
    install_hooks(repository(repo), sys.executable)
    hook.write_text("second")
    with pytest.raises(LedgerError, match="merge the two"):
        install_hooks(repository(repo), sys.executable)
    assert hook.read_text() == "second"
    assert hook.with_name("pre-commit.before-ledger").read_text() == "first"


def test_uninstall_leaves_a_foreign_hook_alone(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    hook = repo.top / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("theirs")
    assert uninstall_hooks(repository(repo)) == []
    assert hook.read_text() == "theirs"


def test_a_link_is_put_back_as_a_link(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    hook = repo.top / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.symlink_to("../../tools/check")
    install_hooks(repository(repo), sys.executable)
    uninstall_hooks(repository(repo))
    assert hook.is_symlink()


def test_gate_is_posix_sh_with_one_placeholder() -> None:
    assert template().startswith(b"#!/bin/sh\n")
    assert template().count(b"@PYTHON@") == 1


FOREIGN = {
    "shell": b"#!/bin/sh\nset -eu\n# \xc3\xa9\nexit 0\n",
    "python, no final newline": b"#!/usr/bin/env python3\nprint(1)",
    "a program": b"\x7fELF\0\1\2",
}


@pytest.mark.parametrize("data", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("place", [".git/hooks", ".githooks", "somewhere else/hooks"])
def test_hooks_of_every_stage_come_back_byte_for_byte(
    tmp_path: Path, place: str, data: bytes
) -> None:
    repo = Repo(tmp_path)
    folder = repo.top / place
    folder.mkdir(parents=True, exist_ok=True)
    if place != ".git/hooks":
        repo.git("config", "core.hooksPath", place)
    for number, stage in enumerate(STAGES):
        (folder / stage).write_bytes(data)
        (folder / stage).chmod((0o755, 0o700, 0o644)[number % 3])
    before = files_of(folder)
    install_hooks(repository(repo), "/first/python")
    installed = files_of(folder)
    assert all(installed[stage] != before[stage] for stage in STAGES)
    install_hooks(repository(repo), sys.executable)
    assert install_hooks(repository(repo), sys.executable) == []
    uninstall_hooks(repository(repo))
    assert before == files_of(folder)
    assert not (repo.top / ".git/ledger/commit-hook").exists()


def files_of(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mode) for path in folder.iterdir()}

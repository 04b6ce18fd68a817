"""What was sent is remembered in the git directory, and by nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.project import Project
from ledger.settings import Settings
from ledger.sync.sent_file import Remembered, SentFile, private_folder
from make_repo import git, make_repo


if TYPE_CHECKING:
    from pathlib import Path

ENTRY = Remembered(id="there", digest="d" * 64, where="/files", models=("model md5:1",))


def test_what_is_kept_is_found_again_by_its_target(tmp_path: Path) -> None:
    SentFile(str(tmp_path), "wandb:/a").put("run", ENTRY)

    assert ENTRY == SentFile(str(tmp_path), "wandb:/a").get("run")
    assert SentFile(str(tmp_path), "wandb:/b").get("run") is None
    assert SentFile(str(tmp_path), "wandb:/a").get("other") is None


def test_targets_do_not_lose_each_other(tmp_path: Path) -> None:
    for target in ("a", "b"):
        SentFile(str(tmp_path), target).put("run", ENTRY)

    assert ENTRY == SentFile(str(tmp_path), "a").get("run")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 7}', '{"a": {"run": {"id": 7}}}', "\0"])
def test_a_file_that_says_nothing_is_no_error(tmp_path: Path, text: str) -> None:
    (tmp_path / ".synced.json").write_text(text)

    assert SentFile(str(tmp_path), "a").get("run") is None


def test_without_git_nothing_is_kept() -> None:
    file = SentFile(None, "a")
    file.put("run", ENTRY)

    assert file.get("run") is None


def test_the_folder_is_private_to_git(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.txt": "a"})
    project = Project(root=repo, settings=Settings(), settings_path=repo / "ledger.toml")

    folder = private_folder(project)

    assert folder is not None
    SentFile(folder, "a").put("run", ENTRY)
    assert str(repo / ".git" / "ledger") == folder
    assert "" == git(repo, "status", "--porcelain")

"""A check that cannot judge never passes: folders and files that are closed to the user."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ledger.errors import LedgerError
from ledger.policy.judge import judge_tree
from ledger.policy.ledgers import Ledger
from ledger.settings import Settings
from ledger.storage.git import clean_environment, find_repository
from plain_user import plain_user_prefix
from policy.builders import RUN_ID, Repo, environment, write_run


if TYPE_CHECKING:
    from pathlib import Path

_CHECK = (sys.executable, "-I", "-c", "from ledger.cli.main import run; run()", "check")


def as_plain_user(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``ledger check`` in ``folder`` without root's right to read everything."""
    argv = [*plain_user_prefix(), *_CHECK, *arguments]
    return subprocess.run(
        argv, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "repo")
    write_run(repo.ledger)
    repo.commit()
    return repo


@pytest.mark.parametrize("name", ["ledger", "ledger/2026-02", f"ledger/2026-02/{RUN_ID}"])
@pytest.mark.parametrize("mode", [0o000, 0o400])
def test_closed_folder_cannot_be_judged(repo: Repo, name: str, mode: int) -> None:
    folder = repo.top / name
    folder.chmod(mode)
    try:
        done = as_plain_user(repo.top)
    finally:
        folder.chmod(0o755)
    assert done.returncode == 2, done.stderr
    assert "cannot be read: Permission denied" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("name", ["run.json", "metrics.csv", "run.md"])
def test_closed_file_is_the_one_that_is_blamed(repo: Repo, name: str) -> None:
    path = repo.ledger / "2026-02" / RUN_ID / name
    path.chmod(0)
    try:
        done = as_plain_user(repo.top)
    finally:
        path.chmod(0o644)
    shown = path.relative_to(repo.top)
    assert done.returncode == 1, done.stderr
    assert done.stdout == (
        f"LED111 {shown}: cannot be read: Permission denied\n    fix: chmod u+r -- {shown}\n"
    )


def test_closed_shared_file_is_told(repo: Repo) -> None:
    path = repo.ledger / "code" / f"{'0' * 64}.manifest"
    path.parent.mkdir()
    path.write_bytes(b"x")
    path.chmod(0)
    try:
        done = as_plain_user(repo.top)
    finally:
        path.chmod(0o644)
    assert done.returncode == 1
    assert f"LED111 {path.relative_to(repo.top)}: cannot be read" in done.stdout


def test_file_in_place_of_the_ledger_cannot_be_judged(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("")
    ledger = Ledger(folder="ledger", settings=Settings(), settings_path="ledger.toml")
    with pytest.raises(LedgerError, match="is no folder"):
        judge_tree(str(tmp_path), [ledger], None)


def test_object_that_git_lost_is_told(repo: Repo) -> None:
    from ledger.policy.judge import judge_index

    path = f"ledger/2026-02/{RUN_ID}/run.json"
    oid = repo.git("rev-parse", f"HEAD:{path}").strip()
    (repo.top / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    verdict = judge_index(find_repository(str(repo.top), clean_environment(environment())))
    assert [(one.code, one.path, one.fix) for one in verdict.findings] == [
        ("LED111", path, "git fsck")
    ]

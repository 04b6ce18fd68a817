"""What the system refuses is one clear line and exit code 2, and never called a bug of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from plain_user import plain_user_prefix
from policy.builders import Repo, environment, write_run


_LEDGER = (sys.executable, "-I", "-c", "from ledger.cli.main import run; run()")


def ledger(folder: Path, *arguments: str, stdout: str | None = None) -> tuple[int, str]:
    """Run ``ledger`` in ``folder`` as a user who is not root; return (exit code, stderr)."""
    argv = [*plain_user_prefix(), *_LEDGER, *arguments]
    with Path(stdout or os.devnull).open("w") as out:
        done = subprocess.run(
            argv,
            cwd=folder,
            env=environment(),
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    return done.returncode, done.stderr


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "repo")
    write_run(repo.ledger)
    repo.commit()
    return repo


def test_init_in_a_read_only_folder(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo", ledger=False)
    repo.top.chmod(0o555)
    try:
        code, said = ledger(repo.top, "init", "--no-hooks")
    finally:
        repo.top.chmod(0o755)
    assert code == 2
    assert f"ledger: {repo.top / 'ledger.toml'}: cannot be written: Permission denied" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("verb", ["install", "uninstall"])
def test_hooks_in_a_read_only_folder(repo: Repo, verb: str) -> None:
    if verb == "uninstall":
        assert ledger(repo.top, "install")[0] == 0
    hooks = repo.top / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    hooks.chmod(0o555)
    try:
        code, said = ledger(repo.top, verb)
    finally:
        hooks.chmod(0o755)
    assert code == 2
    assert "pre-commit: cannot be written: Permission denied" in said
    assert len(said.splitlines()) == 1


def test_config_of_pre_commit_in_a_read_only_folder(repo: Repo) -> None:
    repo.top.chmod(0o555)
    try:
        code, said = ledger(repo.top, "install", "--pre-commit")
    finally:
        repo.top.chmod(0o755)
    assert code == 2
    assert ".pre-commit-config.yaml: cannot be written: Permission denied" in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(
    "arguments", [["ls"], ["--help"], ["--version"], ["check", "--format=json"]]
)
def test_standard_output_that_is_full(repo: Repo, arguments: list[str]) -> None:
    code, said = ledger(repo.top, *arguments, stdout="/dev/full")
    assert code == 2
    assert "No space left on device" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("verb", ["ls", "check", "init"])
def test_working_folder_that_is_gone(tmp_path: Path, verb: str) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    line = 'rmdir "$PWD"; exec "$@"'
    done = subprocess.run(
        ["sh", "-c", line, "sh", *_LEDGER, verb],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "the working folder is gone" in done.stderr
    assert len([each for each in done.stderr.splitlines() if each.startswith("ledger:")]) == 1


def test_uninstall_takes_out_what_install_wrote(repo: Repo) -> None:
    config = repo.top / ".pre-commit-config.yaml"
    before = b"repos:\r\n- repo: meta\r\n  hooks:\r\n  - id: identity\r\n"
    config.write_bytes(before)
    assert ledger(repo.top, "install", "--pre-commit")[0] == 0
    assert config.read_bytes() != before
    code, said = ledger(repo.top, "uninstall")
    assert (code, config.read_bytes()) == (0, before)
    assert "updated .pre-commit-config.yaml (without the ledger hooks" in said

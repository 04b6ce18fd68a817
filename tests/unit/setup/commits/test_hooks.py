"""``ledger commit`` and the user's own hooks, identity, and other programs at work."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledger.errors import LedgerError
from ledger.setup.hooks.install import install_hooks
from ledger.setup.hooks.precommit import write_config
from ledger.storage.git import clean_environment, find_repository
from make_repo import git
from unit.setup.commits.committing import commit, edit, held, record, status, traces
from unit.writer.recording import LIMIT_SECONDS, ledger_command, wait_until


if TYPE_CHECKING:
    from collections.abc import Iterator

PRE_COMMIT = Path(sys.executable).parent / "pre-commit"


def hook(project: Path, name: str, script: str) -> None:
    path = project / ".git" / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_our_own_hook_lets_honest_runs_pass(project: Path) -> None:
    repository = find_repository(str(project), clean_environment(os.environ))
    install_hooks(repository, sys.executable)
    for number in range(2):
        edit(project, f"print({number})\n")
        record(f"run{number}")
    said = commit(project)
    assert (2, 0) == said.counts, said.text


def test_hooks_see_what_is_committed(project: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    hook(project, "pre-commit", f"git show :train.py >>{seen}")
    hook(project, "commit-msg", f'grep "^Ledger-Run" "$1" >>{seen}')
    hook(project, "post-commit", f"git rev-parse --abbrev-ref HEAD >>{seen}")
    edit(project, "print('ran')\n")
    run = record("a")
    edit(project, "print('later')\n")
    commit(project)
    assert ["print('ran')", f"Ledger-Run: {run.id}", "main"] == seen.read_text().splitlines()


def test_patterns_of_a_hook_are_patterns(project: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    hook(project, "pre-commit", f"git diff --cached --name-only -- '*.py' >{seen}")
    edit(project, "print('ran')\n")
    record("a")
    commit(project)
    assert "train.py\n" == seen.read_text()


def test_a_run_that_a_hook_refuses_stays_and_the_others_go_on(project: Path) -> None:
    hook(
        project,
        "pre-commit",
        "if git show :train.py | grep -q bad; then echo no bad >&2; exit 1; fi",
    )
    edit(project, "print('bad')\n")
    bad = record("bad")
    edit(project, "print('good')\n")
    good = record("good")
    said = commit(project)
    assert (1, 1) == said.counts
    assert [good.id] == said.runs
    assert "no bad" in said.text
    assert bad.id in said.text
    assert None is held(project, "HEAD", f"ledger/{bad.dir.parent.name}/{bad.id}/run.json")
    assert [] == traces(project)
    assert bad.id == commit(project, bad, skips_hooks=True).runs[0]


def test_a_commit_that_a_hook_changed_is_taken_back(project: Path) -> None:
    hook(project, "pre-commit", "echo 'print(3)' >train.py; git add train.py")
    edit(project, "print('ran')\n")
    record("a")
    head = git(project, "rev-parse", "HEAD")
    said = commit(project)
    assert (0, 1) == said.counts
    assert "a commit hook changed the files" in said.text
    assert head == git(project, "rev-parse", "HEAD")


def test_a_first_commit_that_a_hook_changed_is_taken_back(project: Path) -> None:
    git(project, "update-ref", "-d", "HEAD")
    hook(project, "pre-commit", "echo 'print(3)' >train.py; git add train.py")
    record("a")
    assert (0, 1) == commit(project).counts
    assert "" == git(project, "for-each-ref", "refs/heads")


def test_without_an_identity_git_says_what_to_do(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(project, "config", "--remove-section", "user")
    git(project, "config", "user.useConfigOnly", "true")
    for name in ("NAME", "EMAIL"):
        monkeypatch.delenv(f"GIT_AUTHOR_{name}", raising=False)
    record("a")
    said = commit(project)
    assert (0, 1) == said.counts
    assert "user.email" in said.text


def test_a_commit_made_meanwhile_is_kept(project: Path) -> None:
    """A hook stands for the colleague: git's own lock on the index does not stop update-ref."""
    edit(project, "print('ran')\n")
    record("a")
    other = git(project, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "other").strip()
    hook(project, "pre-commit", "true")
    hook(project, "prepare-commit-msg", "true")
    # git commit itself refuses when HEAD moves while it runs
    hook(project, "pre-commit", f"git update-ref HEAD {other}")
    said = commit(project)
    assert (0, 1) == said.counts
    assert other == git(project, "rev-parse", "HEAD").strip()
    assert [] == traces(project)


def test_a_commit_made_between_two_runs_is_kept(project: Path) -> None:
    for number in range(2):
        edit(project, f"print({number})\n")
        record(f"run{number}")
    hook(
        project,
        "post-commit",
        "test -e .git/moved && exit 0; touch .git/moved\n"
        'git update-ref HEAD "$(git commit-tree HEAD^{tree} -p HEAD -m colleague)"',
    )
    with pytest.raises(LedgerError, match="HEAD moved"):
        commit(project)
    assert "colleague" == git(project, "log", "-1", "--format=%s").strip()
    assert [] == traces(project)
    assert [" M train.py"] == [line for line in status(project) if not line.startswith("??")]


def test_commits_are_signed_where_the_user_signs(project: Path, tmp_path: Path) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("there is no ssh-keygen")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    for name, item in {"gpg.format": "ssh", "user.signingKey": f"{key}.pub"}.items():
        git(project, "config", name, item)
    git(project, "config", "commit.gpgSign", "true")
    edit(project, "print('ran')\n")
    record("a")
    assert (1, 0) == commit(project).counts
    assert "BEGIN SSH SIGNATURE" in git(project, "cat-file", "commit", "HEAD")


# ---- interruptions


@pytest.fixture
def waiting(project: Path) -> Iterator[subprocess.Popen[str]]:
    """``ledger commit`` in the hook of its second commit, which waits for a file."""
    for number in range(2):
        edit(project, f"print({number})\n")
        record(f"run{number}")
    go, there = project / ".git" / "go", project / ".git" / "there"
    hook(
        project,
        "pre-commit",
        f"git show :train.py | grep -q 1 || exit 0; touch {there}\n"
        f"for i in $(seq 6000); do test -e {go} && exit 0; sleep 0.01; done; exit 1",
    )
    process = subprocess.Popen(
        [sys.executable, "-c", "from ledger.cli.main import run; run()", "commit"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(there.exists)
    yield process
    go.touch()
    process.communicate(timeout=LIMIT_SECONDS)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_interruption_leaves_all_in_order(
    project: Path, waiting: subprocess.Popen[str], number: signal.Signals
) -> None:
    assert (project / ".git" / "index.lock").exists()
    waiting.send_signal(number)
    waiting.send_signal(signal.SIGTERM)  # an impatient one: it changes nothing
    (project / ".git" / "go").touch()
    _, told = waiting.communicate(timeout=LIMIT_SECONDS)
    assert 130 == waiting.returncode, told
    assert "Traceback" not in told
    assert [] == traces(project)
    # what was committed is no change, what was not is still there
    assert [] == [line for line in status(project) if not line.startswith(("??", " M"))]
    assert commit(project).counts in {(1, 0), (0, 0)}
    assert [] == status(project)


def test_nobody_changes_the_index_meanwhile(project: Path, waiting: subprocess.Popen[str]) -> None:
    assert waiting.poll() is None
    with pytest.raises(subprocess.CalledProcessError) as caught:
        git(project, "add", "train.py")
    assert "index.lock" in caught.value.stderr
    done = ledger_command(project, "commit")
    assert 2 == done.returncode
    assert "another git command holds the index" in done.stderr


def test_what_a_kill_leaves_is_mended_by_the_next(
    project: Path, waiting: subprocess.Popen[str]
) -> None:
    edit(project, "staged\n", "other.txt")
    waiting.kill()
    (project / ".git" / "go").touch()
    waiting.wait(timeout=LIMIT_SECONDS)
    # the git that it had started ends by itself
    wait_until(lambda: git(project, "rev-list", "--count", "HEAD") == "3\n")
    assert any(line[0] == "D" for line in status(project))
    said = commit(project)
    assert "was killed" in said.text
    assert not (project / ".git" / "index.lock").exists()
    assert ["?? other.txt"] == status(project)


# ---- the pre-commit framework

CONFIG = """\
repos:
  - repo: local
    hooks:
      - id: look
        name: look
        entry: python look.py
        language: system
        pass_filenames: false
        always_run: true
"""
LOOK = """\
import os, pathlib
pathlib.Path(os.environ["SEEN"]).open("a").write(pathlib.Path("train.py").read_text())
"""


@pytest.fixture
def framework(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose commit hook is the framework's; what its hook reads goes to the file."""
    if not PRE_COMMIT.exists():
        pytest.skip("the extra `hooks` is not installed")
    monkeypatch.setenv("PATH", f"{PRE_COMMIT.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    edit(project, CONFIG, ".pre-commit-config.yaml")
    edit(project, LOOK, "look.py")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "-m", "framework")
    subprocess.run([str(PRE_COMMIT), "install"], cwd=project, check=True, capture_output=True)
    return tmp_path / "seen"


def test_the_framework_judges_the_code_of_the_run(project: Path, framework: Path) -> None:
    for number in range(2):
        edit(project, f"print({number})\n")
        record(f"run{number}")
    edit(project, "print('later')\n")
    stamp = (project / "train.py").stat()
    said = commit(project)
    assert (2, 0) == said.counts, said.text
    assert "print(0)\nprint(1)\n" == framework.read_text()
    # nothing was held back and written again
    assert stamp.st_mtime_ns == (project / "train.py").stat().st_mtime_ns
    assert stamp.st_ino == (project / "train.py").stat().st_ino
    assert [" M train.py"] == status(project)
    assert [] == traces(project)
    assert "main" == git(project, "rev-parse", "--abbrev-ref", "HEAD").strip()


def test_a_training_that_writes_meanwhile_loses_no_row(project: Path, framework: Path) -> None:
    """The framework alone would check the table out as it was, under the writer's feet."""
    edit(project, "first\n", "log.csv")
    git(project, "add", "log.csv")
    git(project, "commit", "--quiet", "-m", "log", "--no-verify")
    edit(project, "print('ran')\n")
    record("a")
    with (project / "log.csv").open("a") as table:
        table.write("before\n")
        table.flush()
        assert (1, 0) == commit(project).counts
        table.write("after\n")
    assert "first\nbefore\nafter\n" == (project / "log.csv").read_text()
    assert framework.exists()


def test_the_framework_on_a_detached_head(project: Path, framework: Path) -> None:
    git(project, "switch", "--quiet", "--detach")
    for number in range(2):
        edit(project, f"print({number})\n")
        record(f"run{number}")
    said = commit(project)
    assert (2, 0) == said.counts, said.text
    assert said.commits[-1].commit == git(project, "rev-parse", "HEAD").strip()
    assert "print(0)\nprint(1)\n" == framework.read_text()
    assert [] == status(project)


def test_the_framework_before_the_first_commit(project: Path, framework: Path) -> None:
    git(project, "update-ref", "-d", "HEAD")
    record("a")
    said = commit(project)
    assert (1, 0) == said.counts, said.text
    assert "1" == git(project, "rev-list", "--count", "HEAD").strip()
    assert framework.exists()
    assert [] == traces(project)


def test_a_config_git_does_not_track_is_lent(project: Path, framework: Path) -> None:
    git(project, "rm", "--quiet", "--cached", ".pre-commit-config.yaml")
    git(project, "commit", "--quiet", "--no-verify", "-m", "untracked config")
    edit(project, "print('ran')\n")
    record("a")
    said = commit(project)
    assert (1, 0) == said.counts, said.text
    assert framework.exists()


def test_our_check_in_the_framework_judges_each_run(project: Path, framework: Path) -> None:
    write_config(project)
    git(project, "commit", "--quiet", "--no-verify", "-am", "our check")
    edit(project, "print(0)\n")
    good = record("good")
    edit(project, "print(1)\n")
    record("bad", is_noted=False)
    said = commit(project)
    assert (1, 1) == said.counts, said.text
    assert [good.id] == said.runs
    assert "LED102" in said.text
    assert framework.exists()


def test_hooks_in_a_folder_of_the_project_are_found(project: Path, framework: Path) -> None:
    git(project, "config", "core.hooksPath", "githooks")
    shutil.move(project / ".git" / "hooks" / "pre-commit", project / "pre-commit")
    (project / "githooks").mkdir()
    shutil.move(project / "pre-commit", project / "githooks" / "pre-commit")
    edit(project, "print('ran')\n")
    record("a")
    edit(project, "print('later')\n")
    assert (1, 0) == commit(project).counts
    assert "print('ran')\n" == framework.read_text()


def test_the_framework_refuses_a_run(project: Path, framework: Path) -> None:
    edit(project, LOOK + "raise SystemExit('never')\n", "look.py")
    record("a")
    said = commit(project)
    assert (0, 1) == said.counts
    assert "never" in said.text
    assert [] == traces(project)
    assert framework.exists()

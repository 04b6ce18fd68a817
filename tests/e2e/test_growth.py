"""A run that outgrows git, with real DVC: the whole table is tracked, and comes back."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from e2e.shell import Shell
from ledger.errors import LedgerError
from ledger.policy.judge_range import judge_range
from ledger.storage.git import clean_environment, find_repository
from ledger.writer.dvc_add import add_to_dvc
from make_repo import git, make_repo
from unit.writer.recording import LIMIT_SECONDS, only_run, read_record


pytestmark = pytest.mark.slow

SCRIPT = """
import sys
import ledger
with ledger.start("long", objective=("loss", "min")) as run:
    for step in range(1500):
        run.log(step=step, loss=1 / (step + 1), acc=(step * 7919 % 1000) / 1000)
    if "wait" in sys.argv:
        print("logged", flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Return a shell in a repository with settings, a script, DVC and a remote for it."""
    files = {
        "ledger.toml": "max_table_mb = 0.01\n",
        "train.py": SCRIPT,
        ".gitignore": "__pycache__/\n",
        # as `dvc init` and `dvc remote add` leave it; each command of DVC costs seconds
        ".dvc/config": "[core]\n    remote = store\n"
        f"['remote \"store\"']\n    url = {tmp_path / 'store'}\n",
        ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
        ".dvcignore": "",
    }
    project = make_repo(tmp_path, files, name="project").resolve()
    return Shell(project, tmp_path / "private")


def whole_of(shell: Shell) -> tuple[Path, dict[str, Any]]:
    """Return where the whole table of the only run is, and the run's record."""
    record = read_record(only_run(shell.folder))
    return shell.folder / record["thinned"]["metrics.csv"]["path"], record


def test_the_whole_table_is_tracked_and_comes_back(shell: Shell, tmp_path: Path) -> None:
    said = shell.run("python train.py").stderr
    path, record = whole_of(shell)
    assert f"commit {path.relative_to(shell.folder)}.dvc with the run" in said
    whole = path.read_bytes()
    tracked = path.with_name("metrics.csv.dvc").read_text()
    md5 = record["artifacts"]["metrics_full"]["hash"].removeprefix("md5:")
    assert f"md5: {md5}" in tracked
    assert f"size: {len(whole)}" in tracked
    listed = git(shell.folder, "status", "--porcelain", "--untracked-files=all", "outputs")
    folder = path.parent.relative_to(shell.folder).as_posix()
    assert [f"?? {folder}/.gitignore", f"?? {folder}/metrics.csv.dvc"] == listed.splitlines()

    texts = " ".join(f"--{name} none" for name in ("hypothesis", "change", "next", "risk"))
    shell.run(f"ledger commit --accept {texts} && dvc push -q")
    assert "" == git(shell.folder, "status", "--porcelain", "--untracked-files=all", "outputs")
    repository = find_repository(str(shell.folder), clean_environment(os.environ))
    assert () == judge_range(repository, "HEAD~1").findings
    clone = Shell(tmp_path / "clone", tmp_path / "private2")
    shell.run(f"git clone -q . {clone.folder}")
    clone.run("dvc pull -q")
    back = clone.folder / path.relative_to(shell.folder)
    assert record["thinned"]["metrics.csv"]["sha256"] == digest(back)
    assert "" == git(clone.folder, "status", "--porcelain")
    assert "0 to mend" in clone.run("ledger check").stderr


def test_a_crashed_run_is_thinned_and_tracked_by_its_seal(shell: Shell) -> None:
    process = subprocess.Popen(
        [sys.executable, "train.py", "wait"],
        cwd=shell.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "logged\n" == process.stdout.readline()
    process.kill()
    process.communicate(timeout=LIMIT_SECONDS)
    run_dir = only_run(shell.folder)
    shell.run(f"ledger seal {run_dir.name}")
    path, record = whole_of(shell)
    assert "crashed" == record["status"]
    assert path.with_name("metrics.csv.dvc").exists()
    assert 1500 == record["summary"]["loss"]["n"]


def test_an_interrupted_run_does_not_wait_for_dvc(shell: Shell) -> None:
    process = subprocess.Popen(
        [sys.executable, "train.py", "wait"],
        cwd=shell.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "logged\n" == process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=LIMIT_SECONDS)
    path, record = whole_of(shell)
    assert "interrupted" == record["status"]
    assert 1501 == path.read_bytes().count(b"\n")
    assert not path.with_name("metrics.csv.dvc").exists()


@pytest.mark.parametrize("reason", ["ignored by git", "an output of a stage"])
def test_a_folder_that_dvc_would_refuse_or_empty_is_avoided(shell: Shell, reason: str) -> None:
    if reason == "ignored by git":
        shell.run("echo outputs/ >> .gitignore && git commit -q -a -m ignore")
    else:
        lines = "stages:\n  train:\n    cmd: python train.py\n    deps: [train.py]\n"
        (shell.folder / "dvc.yaml").write_text(f"{lines}    outs: [outputs]\n")
        shell.run("git add dvc.yaml && git commit -q -m stage")
    shell.run("python train.py")
    path, record = whole_of(shell)
    assert record["thinned"]["metrics.csv"]["path"].startswith("ledger-tables/")
    assert path.with_name("metrics.csv.dvc").exists()
    assert not (shell.folder / "outputs").exists()


def test_a_refusal_of_dvc_is_told_and_costs_nothing(shell: Shell) -> None:
    """Its lock is held by another process, for longer than DVC waits."""
    holder = (
        "import sys, fcntl, os\n"
        "os.makedirs('.dvc/tmp', exist_ok=True)\n"
        "lock = open('.dvc/tmp/lock', 'w')\n"
        "fcntl.flock(lock, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", holder],
        cwd=shell.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert "held\n" == process.stdout.readline()
        said = shell.run("python train.py").stderr
    finally:
        process.communicate(timeout=LIMIT_SECONDS)
    path, record = whole_of(shell)
    assert "is not tracked by DVC: " in said
    assert "run `dvc add metrics.csv` there" in said
    assert "finished" == record["status"]
    assert record["thinned"]["metrics.csv"]["sha256"] == digest(path)


def test_a_dvc_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".dvc").mkdir()
    path = tmp_path / "x.csv"
    path.write_text("1\n")
    program = tmp_path / "hangs" / "dvc"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setattr("ledger.writer.dvc_add.sys.executable", str(program.with_name("python")))
    begun = time.monotonic()
    with pytest.raises(LedgerError, match=r"took longer than 0 s.*dvc add x\.csv"):
        add_to_dvc(path, os.environ, seconds=0.2)
    assert time.monotonic() - begun < LIMIT_SECONDS


def test_without_dvc_nothing_is_tracked_and_nothing_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.csv"
    path.write_text("1\n")
    assert add_to_dvc(path, os.environ) is None
    (tmp_path / ".dvc").mkdir()
    monkeypatch.setattr("ledger.writer.dvc_add.sys.executable", str(tmp_path / "python"))
    assert add_to_dvc(path, {**os.environ, "PATH": str(tmp_path)}) is None


def digest(path: Path) -> str:
    """Return the SHA-256 of the file ``path``."""
    return hashlib.sha256(path.read_bytes()).hexdigest()

"""A day of twenty edits and twenty runs, committed in the evening by two commands."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from e2e.shell import Shell
from make_repo import commit_files, git, make_repo
from unit.writer.recording import wait_until


if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
N_RUNS = 20
TRAIN = """\
import sys
import ledger
from model import WIDTH

VERSION = {version}
with ledger.start(f"run_{{VERSION}}", config={{"version": VERSION, "width": WIDTH}},
                  objective=("loss", "min")) as run:
    if "--wait" in sys.argv:
        print("training", flush=True)
        sys.stdin.readline()
    for epoch in range(3):
        run.log(epoch=epoch, loss=1 / (VERSION + epoch + 1))
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    repo = make_repo(tmp_path, {"README.md": "a project\n", ".gitignore": "__pycache__/\n"})
    shell = Shell(repo, tmp_path / "private")
    shell.run("ledger init")
    commit_files(repo, {"train.py": TRAIN.format(version=-1), "model.py": "WIDTH = 0\n"})
    return shell


def write_code(project: Path, version: int) -> None:
    (project / "train.py").write_text(TRAIN.format(version=version))
    (project / "model.py").write_text(f"WIDTH = {version}\n")


def begin(shell: Shell) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "train.py", "--wait"],
        cwd=shell.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def show(repo: Path, revision: str, path: str) -> str:
    return git(repo, "show", f"{revision}:{path}")


def test_twenty_runs_edited_while_they_trained_are_committed_by_two_commands(shell: Shell) -> None:
    repo = shell.folder
    for version in range(N_RUNS):
        write_code(repo, version)
        training = begin(shell)
        assert training.stdout is not None
        assert "training\n" == training.stdout.readline()
        # while it trains, the next idea is written down
        (repo / "train.py").write_text("half an edit (\n")
        _, told = training.communicate("\n", timeout=60)
        assert 0 == training.returncode, told
    write_code(repo, 1000)
    (repo / "model.py").write_text("WIDTH = 7\n")
    git(repo, "add", "model.py")

    # triage needs a terminal; its second key, "none" for the rest, is this
    shell.run(
        "for run in $(ledger note --missing | cut -d' ' -f1); do"
        " ledger note $run --accept --hypothesis none --next none --risk none; done"
    )
    done = shell.run("ledger commit")

    lines = [line.split("  ") for line in done.stdout.splitlines()]
    assert N_RUNS == len(lines)
    assert N_RUNS + 2 == int(git(repo, "rev-list", "--count", "HEAD"))
    for version, (commit, run_id, _) in enumerate(lines):
        assert TRAIN.format(version=version) == show(repo, commit, "train.py")
        assert f"WIDTH = {version}\n" == show(repo, commit, "model.py")
        (path,) = [
            path
            for path in git(repo, "ls-tree", "-r", "--name-only", commit).splitlines()
            if path.endswith(f"{run_id}/run.json")
        ]
        record = json.loads(show(repo, commit, path))
        assert version == record["config"]["resolved"]["version"]
    assert ["M  model.py", " M train.py"] == sorted(
        git(repo, "status", "--porcelain").splitlines(), reverse=True
    )
    assert "WIDTH = 7\n" == (repo / "model.py").read_text()
    assert TRAIN.format(version=1000) == (repo / "train.py").read_text()
    shell.run("ledger check")
    assert "nothing to commit" in shell.run("ledger commit", code=1).stderr


def test_a_first_run_is_committed_by_three_commands(tmp_path: Path) -> None:
    repo = make_repo(
        tmp_path,
        {
            "train.py": TRAIN.format(version=1),
            "model.py": "WIDTH = 1\n",
            ".gitignore": "__pycache__/\n",
        },
    )
    shell = Shell(repo, tmp_path / "private")
    shell.run("ledger init")
    shell.run("python train.py")
    shell.run("ledger commit --accept --hypothesis 'it runs' --next none --risk none")
    assert "" == git(repo, "status", "--porcelain")
    assert "run_1: best loss 0.25 at 2" == git(repo, "log", "-1", "--format=%s").strip()


def test_a_refused_run_is_said_with_what_mends_it(shell: Shell) -> None:
    write_code(shell.folder, 1)
    shell.run("python train.py")
    done = shell.run("ledger commit", code=1)
    assert "" == done.stdout
    assert "LED102" in done.stderr
    assert "ledger note" in done.stderr
    assert "1 run could not be committed" in done.stderr
    assert done.stderr.count("Traceback") == 0


def test_a_run_that_is_still_training_is_left_out(shell: Shell) -> None:
    write_code(shell.folder, 1)
    shell.run("python train.py")
    write_code(shell.folder, 2)
    training = begin(shell)
    assert training.stdout is not None
    assert "training\n" == training.stdout.readline()
    texts = "--accept --hypothesis none --next none --risk none"
    done = shell.run(f"ledger commit {texts}")
    assert 1 == len(done.stdout.splitlines())
    assert "is still running" in done.stderr
    training.communicate("\n", timeout=60)
    assert 0 == training.returncode
    assert 1 == len(shell.run(f"ledger commit {texts}").stdout.splitlines())
    assert "" == git(shell.folder, "status", "--porcelain")


def test_a_run_that_was_killed_is_sealed_and_committed(shell: Shell) -> None:
    write_code(shell.folder, 1)
    training = begin(shell)
    assert training.stdout is not None
    assert "training\n" == training.stdout.readline()
    (record,) = (shell.folder / "ledger").glob("*/*/run.json")
    wait_until(lambda: "pip_freeze_hash" in record.read_text())  # all of it has been captured
    training.kill()
    training.communicate(timeout=60)
    texts = "--accept --hypothesis none --change none --result none --next none --risk none"
    done = shell.run(f"ledger commit {texts}")
    assert "sealed as crashed" in done.stderr
    assert "run_1: crashed" == git(shell.folder, "log", "-1", "--format=%s").strip()


def test_dry_run_and_bad_usage(shell: Shell) -> None:
    write_code(shell.folder, 1)
    shell.run("python train.py")
    shell.run("ledger note @latest --accept --hypothesis none --next none --risk none")
    done = shell.run("ledger commit --dry-run @latest")
    first, *paths = done.stdout.splitlines()
    assert first.startswith("-  ")
    assert "  M train.py" in paths
    assert "-m" in shell.run("ledger commit --help").stdout
    assert "leave out --accept" in shell.run("ledger commit --dry-run --accept", code=2).stderr
    assert "message is empty" in shell.run("ledger commit -m ' '", code=2).stderr
    assert "no run is called" in shell.run("ledger commit nothing_like_it", code=1).stderr
    shell.run("ledger commit -m 'my words' @latest")
    assert "my words" == git(shell.folder, "log", "-1", "--format=%s").strip()
    assert "committed already" in shell.run("ledger commit @latest", code=1).stderr

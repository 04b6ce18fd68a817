"""``ledger commit`` when the disk, git or the ledger itself cannot do as it should."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ledger.errors import LedgerError
from make_repo import git
from unit.setup.commits.committing import commit, edit, held, record, status, traces
from unit.writer.recording import LIMIT_SECONDS


if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "from ledger.cli.main import run; run()"


@pytest.mark.parametrize("blocks", [0, 1, 2])
def test_a_full_disk_is_told_and_leaves_all_in_order(project: Path, blocks: int) -> None:
    """No file may grow beyond so many kilobytes: the lock, the index or an object fails."""
    for number in range(30):
        edit(project, f"{number}\n", f"data/{number}.txt")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "-m", "files")
    edit(project, "print('ran')\n")
    run = record("a")
    before = status(project), git(project, "rev-parse", "HEAD")
    done = subprocess.run(
        ["bash", "-c", f'ulimit -f {blocks}; "$0" -c "$1" commit', sys.executable, COMMIT],
        cwd=project,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode in {1, 2}, done.stderr
    assert "" == done.stdout
    assert "Traceback" not in done.stderr
    assert "a bug of ours" not in done.stderr
    assert before == (status(project), git(project, "rev-parse", "HEAD"))
    assert [] == traces(project)
    assert [run.id] == commit(project).runs


def test_an_index_that_cannot_follow_is_told_with_what_mends_it(project: Path) -> None:
    hook = project / ".git" / "hooks" / "post-commit"
    hook.parent.mkdir(exist_ok=True)
    # the file stands in the way of the index that is to become the user's
    hook.write_text(f"#!/bin/sh\ntouch .git/ledger/commit-user-{os.getpid()}.index.lock\n")
    hook.chmod(0o755)
    edit(project, "print('ran')\n")
    record("a")
    edit(project, "staged\n", "other.txt")
    git(project, "add", "other.txt")
    with pytest.raises(LedgerError, match="the index could not follow") as caught:
        commit(project)
    assert [] == traces(project)
    command = caught.value.hint.split("`")[1]
    subprocess.run(["bash", "-c", command], cwd=project, check=True)
    assert ["A  other.txt"] == status(project)
    assert "print('ran')\n" == held(project, "HEAD", "train.py")


def test_a_manifest_that_is_only_in_the_store_is_taken_from_there(project: Path) -> None:
    edit(project, "print('ran')\n")
    run = record("a")
    shutil.rmtree(project / "ledger" / "code")
    shutil.rmtree(project / "ledger" / "environments")
    said = commit(project)
    assert [run.id] == said.runs, said.text
    brought = [path.split("/")[1] for _, path in said.commits[0].changes if "ledger/" in path]
    assert {"code", "environments"} <= set(brought)


def test_a_run_that_git_took_away_comes_back_and_is_committed(project: Path) -> None:
    script = """
import subprocess, sys
import ledger
with ledger.start("a") as run:
    run.log(epoch=0, loss=0.5)
    run.wait_for_capture(60)
    subprocess.run(["git", "stash", "--quiet", "--include-untracked"], check=True)
    run.log(epoch=1, loss=0.4)
subprocess.run(["git", "stash", "drop", "--quiet"], check=True)
"""
    edit(project, script)
    git(project, "commit", "--quiet", "-am", "script")
    edit(project, "draft\n", "notes.txt")
    subprocess.run([sys.executable, "train.py"], cwd=project, check=True, timeout=LIMIT_SECONDS)
    texts = dict.fromkeys(("Hypothesis", "Change", "Result", "Next", "Risk/Anomaly"), "x")
    said = commit(project, texts=texts, accepts=True)
    assert (1, 0) == said.counts, said.text
    assert "is back in" in said.text
    tables = [path for _, path in said.commits[0].changes if path.endswith("metrics.csv")]
    assert 3 == len((held(project, "HEAD", tables[0]) or "").splitlines())


def test_a_named_run_that_is_nowhere_in_the_folder_is_said(project: Path) -> None:
    run = record("a")
    shutil.move(run.dir, project.parent / "elsewhere")
    said = commit(project, run)
    assert (0, 1) == said.counts
    assert f"{run.id} is not in the folder of the ledger now" in said.text


def test_a_lock_that_is_not_ours_is_not_broken(project: Path) -> None:
    record("a")
    lock = project / ".git" / "index.lock"
    for content in (b"", b"DIRC", b"ledger commit {", b"ledger commit {}"):
        lock.write_bytes(content)
        with pytest.raises(LedgerError, match="another git command holds the index"):
            commit(project)
        assert content == lock.read_bytes()

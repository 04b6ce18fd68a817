"""A code manifest that a run names no more leaves the ledger, unless somebody else may need it."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from ledger.storage.git import clean_environment, find_repository
from ledger.writer.shared import drop_superseded, share, stored_path
from make_repo import git
from unit.writer.recording import ledger_command, make_project, only_run, read_record, train


if TYPE_CHECKING:
    from pathlib import Path

LATE = """
import ledger

with ledger.start("late") as run:
    run.wait_for_capture()
    import extra
    run.log(loss=extra.LOSS)
"""
NAME = "code/" + 64 * "a" + ".manifest"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def test_manifest_of_before_a_late_import_is_taken_back(project: Path) -> None:
    (project / "extra.py").write_text("LOSS = 0.5\n")

    assert train(project, LATE).returncode == 0

    code = read_record(only_run(project))["git"]["code"]
    assert [f"{code.removeprefix('sha256:')}.manifest"] == os.listdir(project / "ledger/code")


def test_command_leaves_the_manifest_of_the_process_that_knew_better(project: Path) -> None:
    """Of a command every untracked file counts, until a process of it tells what it loaded."""
    (project / "scratch.py").write_text("print()\n")
    (project / "train.py").write_text(LATE.replace("import extra", "").replace("extra.LOSS", "1"))
    git(project, "commit", "-qam", "train")

    done = ledger_command(project, "run", "--", sys.executable, "train.py")

    assert done.returncode == 0, done.stderr
    code = read_record(only_run(project))["git"]["code"]
    assert [f"{code.removeprefix('sha256:')}.manifest"] == os.listdir(project / "ledger/code")


@pytest.mark.parametrize("reason", ["named by a later run", "staged"])
def test_superseded_file_stays_where_it_may_be_needed(project: Path, reason: str) -> None:
    repository = find_repository(str(project), clean_environment(os.environ))
    ledger_dir, begun = project / "ledger", time.time() - 1
    assert share(ledger_dir, repository, NAME, b"x")
    if reason == "staged":
        git(project, "add", "ledger")
    else:
        other = ledger_dir / "2026-02/other"
        other.mkdir(parents=True)
        (other / "run.json").write_text(f'{{"git": {{"code": "sha256:{64 * "a"}"}}}}')

    drop_superseded(ledger_dir, repository, NAME, begun, ledger_dir / "2026-02/own")

    assert (ledger_dir / NAME).exists()


def test_superseded_file_that_nobody_needs_stays_in_the_store_only(project: Path) -> None:
    repository = find_repository(str(project), clean_environment(os.environ))
    ledger_dir = project / "ledger"
    share(ledger_dir, repository, NAME, b"x")

    drop_superseded(ledger_dir, repository, NAME, time.time() - 1, ledger_dir / "2026-02/own")

    assert not (ledger_dir / NAME).exists()
    assert stored_path(repository.private_dir, NAME).read_bytes() == b"x"

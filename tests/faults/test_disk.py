"""No space, no permission, no folder: training goes on, nothing is torn, one line says it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from unit.writer.recording import make_project, only_run, read_record, read_rows, run_dirs, train


FULL_AT = 600
"""Bytes a file may have while the disk is "full"; the record is longer, so it cannot grow."""

LIMIT = f"""
import resource
HARD = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
def fill_disk(size={FULL_AT}):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, HARD))
def free_disk():
    resource.setrlimit(resource.RLIMIT_FSIZE, (HARD, HARD))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def test_a_full_disk_loses_rows_but_not_the_training(project: Path) -> None:
    script = (
        LIMIT
        + """
import ledger
with ledger.start("run") as run:
    run._capture.wait(60)
    fill_disk()
    for epoch in range(100):
        run.log(epoch=epoch, loss=1.0)
    free_disk()
    for epoch in range(100, 110):
        run.log(epoch=epoch, loss=0.5)
print("trained")
"""
    )
    done = train(project, script, env={"LEDGER_QUIET": "1"})
    record, rows = read_record(only_run(project)), read_rows(only_run(project))
    assert (0, "trained\n") == (done.returncode, done.stdout), done.stderr
    assert 1 == done.stderr.count("of metrics could not be written"), done.stderr
    assert all("training goes on" in line for line in done.stderr.splitlines())
    epochs = [int(row["epoch"]) for row in rows]
    kept = [epoch for epoch in epochs if epoch < 100]
    assert list(range(len(kept))) == kept
    assert 0 < len(kept) < 100
    assert list(range(100, 110)) == epochs[len(kept) :]
    assert f"{100 - len(kept)} rows" in record["incomplete"]
    assert ("finished", len(epochs)) == (record["status"], record["files"]["metrics.csv"]["rows"])


def test_a_disk_that_is_full_from_the_first_row_recovers(project: Path) -> None:
    script = (
        LIMIT
        + """
import ledger
with ledger.start("run") as run:
    run._capture.wait(60)
    fill_disk(0)
    run.log(epoch=0, loss=1.0)
    run.log(epoch=1, loss=1.0)
    free_disk()
    run.log(epoch=2, loss=0.5)
"""
    )
    done = train(project, script)
    assert 0 == done.returncode, done.stderr
    assert [{"epoch": "2", "loss": "0.5"}] == read_rows(only_run(project))
    assert "2 rows" in read_record(only_run(project))["incomplete"]


@pytest.mark.parametrize("n_columns", [1, 2])
def test_a_disk_that_is_full_at_a_new_column_recovers(project: Path, n_columns: int) -> None:
    """One new column rewrites the table, the second within ten seconds opens another."""
    script = (
        LIMIT
        + f"""
import ledger
with ledger.start("run") as run:
    run._capture.wait(60)
    run.log(epoch=0, loss=1.0)
    new = {{}}
    for n in range({n_columns}):
        if n == {n_columns - 1}:
            fill_disk(0)
        new[f"new{{n}}"] = 5.0
        run.log(epoch=1, loss=1.0, **new)
    run.log(epoch=2, loss=1.0)
    free_disk()
    run.log(epoch=3, loss=0.5)
    run.log(epoch=4, loss=0.5, **new)
"""
    )
    done = train(project, script)
    assert 0 == done.returncode, done.stderr
    rows = read_rows(only_run(project))
    expected = ["0", *["1"] * (n_columns - 1), "3", "4"]
    assert expected == [row["epoch"] for row in rows]
    assert "5.0" == rows[-1][f"new{n_columns - 1}"]
    assert "finished" == read_record(only_run(project))["status"]


def test_a_disk_that_is_full_at_the_seal_leaves_a_run_that_can_be_sealed(project: Path) -> None:
    script = (
        LIMIT
        + """
import ledger
with ledger.start("run") as run:
    run._capture.wait(60)
    run.log(epoch=0, loss=1.0)
    fill_disk(0)
print("trained")
"""
    )
    done = train(project, script, env={"LEDGER_QUIET": "1"})
    assert (0, "trained\n") == (done.returncode, done.stdout), done.stderr
    assert "training goes on" in done.stderr
    assert "could not be sealed in the ledger" in done.stderr
    assert "running" == read_record(only_run(project))["status"]
    assert [{"epoch": "0", "loss": "1.0"}] == read_rows(only_run(project))
    assert not [path for path in only_run(project).iterdir() if path.name.endswith(".tmp")]


def test_a_disk_that_is_full_while_the_code_is_captured_harms_nothing(project: Path) -> None:
    script = (
        LIMIT
        + """
import ledger, ledger.writer.start
begin = ledger.Run.begin
def begin_on_a_full_disk(run):
    fill_disk(100)
    begin(run)
ledger.Run.begin = begin_on_a_full_disk
with ledger.start("run") as run:
    run._capture.wait(60)
    free_disk()
    run.log(epoch=0, loss=1.0)
"""
    )
    done = train(project, script)
    record = read_record(only_run(project))
    assert (0, "finished") == (done.returncode, record["status"]), done.stderr
    assert "File too large" in record["incomplete"] + " ".join(record.get("warnings", []))


def test_a_full_disk_at_the_start_is_one_clear_error(project: Path) -> None:
    script = (
        LIMIT
        + """
import ledger
fill_disk(0)
try:
    ledger.start("run")
except ledger.LedgerError as error:
    print(error)
"""
    )
    done = train(project, script)
    assert (0, "") == (done.returncode, done.stderr)
    assert "cannot be written" in done.stdout
    assert "free disk space" in done.stdout
    assert [] == run_dirs(project)


NO_ROOT = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


@pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root needs setpriv"
)
@pytest.mark.parametrize("own_id", [None, "mine"])
def test_a_ledger_that_cannot_be_written_is_one_clear_error(
    project: Path, own_id: str | None
) -> None:
    script = f"""
import ledger
try:
    ledger.start("run", run_id={own_id!r})
except ledger.LedgerError as error:
    print(error)
"""
    (project / "ledger").mkdir()
    for folder in (project, *project.parents):
        if folder == Path("/tmp"):  # where pytest makes its folders
            break
        folder.chmod(0o755)
    (project / "ledger").chmod(0o555)
    env = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": str(project),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    prefix = NO_ROOT if os.geteuid() == 0 else ()
    done = train(project, script, prefix=prefix, env=env)
    (project / "ledger").chmod(0o755)
    assert (0, "") == (done.returncode, done.stderr)
    assert 1 == done.stdout.count("\n")
    assert "Permission denied" in done.stdout
    assert "mend the permissions" in done.stdout
    assert [] == run_dirs(project)
    assert not list((project / ".git" / "ledger").glob("ids/*"))


def test_a_run_folder_that_is_deleted_harms_no_training(project: Path) -> None:
    script = """
import ledger, shutil
with ledger.start("run") as run:
    run.log(epoch=0, loss=1.0)
    run._capture.wait(60)
    shutil.rmtree(run.dir)
    run.log(epoch=1, loss=1.0)
    run.log(epoch=2, other=1.0)
    run.log(epoch=3, third=1.0)
    run.final(acc=0.5)
    run.artifact("script", "train.py")
print("trained")
"""
    done = train(project, script, env={"LEDGER_QUIET": "1"})
    assert (0, "trained\n") == (done.returncode, done.stdout), done.stderr
    assert "its folder was taken away while it ran" in done.stderr
    assert [] == run_dirs(project)
    (kept,) = (project / ".git" / "ledger" / "live").iterdir()
    record = read_record(kept)
    assert ("finished", kept.name, None) == tuple(
        record.get(key) for key in ("status", "run_id", "incomplete")
    )
    assert ["0", "1", "2", "3"] == [row["epoch"] for row in read_rows(kept)]


def test_a_run_folder_that_is_deleted_before_the_first_row_harms_no_training(
    project: Path,
) -> None:
    script = """
import ledger, shutil
with ledger.start("run") as run:
    shutil.rmtree(run.dir)
    run.log(epoch=0, loss=1.0)
print("trained")
"""
    done = train(project, script)
    assert (0, "trained\n") == (done.returncode, done.stdout), done.stderr
    assert "Traceback" not in done.stderr


def test_a_working_folder_that_is_gone_is_one_clear_error(project: Path) -> None:
    script = """
import os, tempfile
folder = tempfile.mkdtemp()
os.chdir(folder)
os.rmdir(folder)
import ledger
try:
    with ledger.start("run") as run:
        run.log(epoch=0, loss=1.0)
except ledger.LedgerError as error:
    print(error)
"""
    done = train(project, script)
    assert 0 == done.returncode, done.stderr


def test_git_that_is_missing_costs_the_code_and_not_the_run(project: Path) -> None:
    script = "import ledger\nwith ledger.start('run') as run:\n    run.log(epoch=0, loss=1.0)\n"
    done = train(project, script, env={"PATH": "/nonexistent"})
    record = read_record(only_run(project))
    assert (0, "finished") == (done.returncode, record["status"]), done.stderr
    assert (None, None) == (record["git"]["commit"], record["git"]["dirty"])
    assert "git is not installed" in done.stderr

"""Many processes at once in one ledger: no row lost, no id twice, no record torn."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import ledger
from unit.writer.recording import (
    ledger_command,
    make_project,
    only_run,
    read_record,
    read_rows,
    run_dirs,
)


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUN = """
import sys, ledger
ledger.start  # loaded before the signal
print("ready", flush=True)
sys.stdin.readline()
me, n_rows = int(sys.argv[1]), int(sys.argv[2])
with ledger.start("same name", config={"me": me}, objective=("loss", "min")) as run:
    print(run.id, flush=True)
    for step in range(n_rows):
        run.log(step=step, loss=1 / (step + 1), who=me)
        if step == 20 and sys.argv[3:]:
            run.wait_for_capture()
            print("killed here", flush=True)
            sys.stdin.readline()
"""

OWNER = """
import sys, ledger
with ledger.start("sweep", objective=("loss", "min")) as run:
    run.sweep.describe(tuner="random", space={"lr": {}}, objective=("loss", "min"))
    print(run.id, flush=True)
    sys.stdin.readline()
"""

WORKER = """
import sys, ledger
from ledger.writer.current import join_running
print("ready", flush=True)
sys.stdin.readline()
me, n_trials = int(sys.argv[1]), int(sys.argv[2])
part = join_running(sys.argv[3], "tuner")
for trial in range(n_trials):
    attempt = part.sweep.begin(f"{me}-{trial}", {"lr": trial})
    for epoch in range(5):
        attempt.log({"loss": me + trial / 10 + 1 / (epoch + 1)}, params={"lr": trial}, epoch=epoch)
        if epoch == 3 and sys.argv[4:]:
            print("killed here", flush=True)
            sys.stdin.readline()
    attempt.end(score=float(trial), params={"lr": trial})
part.finish()
"""

N_ROWS = 50
Child = subprocess.Popen[str]


@contextlib.contextmanager
def children(project: Path, script: str, arguments: list[list[str]]) -> Iterator[list[Child]]:
    """Start a process for each of ``arguments``; all are ready, and begin at the same moment."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    started = [
        subprocess.Popen([sys.executable, "-c", script, *each], cwd=project, text=True, **pipes)
        for each in arguments
    ]
    try:
        for child in started:
            assert "ready\n" == child.stdout.readline(), child.stderr.read()
        for child in started:
            child.stdin.write("\n")
            child.stdin.flush()
        yield started
    finally:
        for child in started:
            child.kill()
            child.communicate()


def ends(started: list[Child]) -> list[list[str]]:
    """Wait for all; return what each has said."""
    ended = [child.communicate(timeout=200) for child in started]
    failed = [said for child, (_, said) in zip(started, ended, strict=True) if child.returncode]
    assert [] == failed
    return [out.splitlines() for out, _ in ended]


def kill_half_way(child: Child) -> str:
    """Kill ``child`` when it says that it is half way; return what it had said before."""
    before = ""
    while (line := child.stdout.readline()) != "killed here\n":
        assert line, child.stderr.read()
        before += line
    child.kill()
    return before.strip()


def codes(project: Path) -> set[str]:
    """Return the codes of what ``ledger check --all`` finds, but that notes are not written."""
    told = json.loads(ledger_command(project, "check", "--all", "--format", "json").stdout)
    return {finding["code"] for finding in told["findings"]} - {"LED102"}


@pytest.mark.parametrize(
    "n_processes", [8, pytest.param(64, marks=[pytest.mark.slow, pytest.mark.timeout(300)])]
)
def test_runs_that_start_at_once_are_all_there(tmp_path: Path, n_processes: int) -> None:
    project = make_project(tmp_path)
    arguments = [[str(me), str(N_ROWS)] for me in range(n_processes)]
    with children(project, RUN, arguments) as started:
        ids = [said[0] for said in ends(started)]

    folders = {folder.name: folder for folder in run_dirs(project)}
    assert sorted(ids) == sorted(folders)
    assert n_processes == len({run_id.casefold() for run_id in ids})
    for me, run_id in enumerate(ids):
        record = read_record(folders[run_id])
        assert ("finished", None) == (record["status"], record.get("incomplete"))
        assert {"me": me} == record["config"]["resolved"]
        expected = [
            {"step": str(step), "loss": repr(1 / (step + 1)), "who": str(me)}
            for step in range(N_ROWS)
        ]
        assert expected == read_rows(folders[run_id])
    assert set() == codes(project)
    assert n_processes == len(ledger.query(f"best loss limit {n_processes}", path=project))


@pytest.mark.parametrize(
    ("n_processes", "n_killed"),
    [(8, 3), pytest.param(64, 16, marks=[pytest.mark.slow, pytest.mark.timeout(300)])],
)
def test_the_others_go_on_when_some_are_killed(
    tmp_path: Path, n_processes: int, n_killed: int
) -> None:
    project = make_project(tmp_path)
    arguments = [
        [str(me), str(N_ROWS), *(["dies"] if me < n_killed else [])] for me in range(n_processes)
    ]
    with children(project, RUN, arguments) as started:
        killed = {kill_half_way(child) for child in started[:n_killed]}
        finished = {said[0] for said in ends(started[n_killed:])}
    # the list seals those whose process is gone
    assert 0 == ledger_command(project, "ls").returncode

    found = {folder.name: read_record(folder) for folder in run_dirs(project)}
    assert killed == {each for each, record in found.items() if record["status"] == "crashed"}
    assert finished == {each for each, record in found.items() if record["status"] == "finished"}
    for folder in run_dirs(project):
        steps = [int(row["step"]) for row in read_rows(folder)]
        assert list(range(21 if folder.name in killed else N_ROWS)) == steps
    assert set() == codes(project)


@pytest.mark.parametrize(
    ("n_workers", "n_killed"),
    [(4, 1), pytest.param(16, 4, marks=[pytest.mark.slow, pytest.mark.timeout(300)])],
)
def test_workers_of_one_run_write_every_row_once(
    tmp_path: Path, n_workers: int, n_killed: int
) -> None:
    """All of them ask for the same name; some are killed in the middle of their first trial."""
    project, n_trials = make_project(tmp_path), 3
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER],
        cwd=project,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    run_id = owner.stdout.readline().strip()
    arguments = [
        [str(me), str(n_trials), run_id, *(["dies"] if me < n_killed else [])]
        for me in range(n_workers)
    ]
    with children(project, WORKER, arguments) as started:
        for child in started[:n_killed]:
            kill_half_way(child)
        ends(started[n_killed:])
    _, said = owner.communicate("\n", timeout=100)
    assert 0 == owner.returncode, said

    whole = {
        (f"{me}-{trial}", e)
        for me in range(n_killed, n_workers)
        for trial in range(n_trials)
        for e in range(5)
    }
    expected = whole | {(f"{me}-0", epoch) for me in range(n_killed) for epoch in range(4)}
    rows = read_rows(only_run(project))
    assert sorted(expected) == sorted((row["trial_id"], int(row["epoch"])) for row in rows)
    wanted = "SELECT trial_id, epoch, value FROM metrics WHERE metric = 'loss'"
    asked = json.loads(
        ledger_command(project, "query", "--sql", wanted, "--format", "json").stdout
    )["rows"]
    assert sorted(expected) == sorted((row[0], row[1]) for row in asked)
    trials = ledger.query("trials limit 100", path=project)
    statuses = {row["trial_id"]: row["status"] for row in trials}
    assert len(trials) == len(statuses) == (n_workers - n_killed) * n_trials + n_killed
    dead = {trial_id for trial_id, status in statuses.items() if status == "crashed"}
    assert {f"{me}-0" for me in range(n_killed)} == dead
    assert set() == codes(project)

"""SIGKILL at a random moment: every row that ``log`` returned from is in the file."""

from __future__ import annotations

import random
import signal
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ledger.contract.note import parse_note
from unit.writer.recording import (
    begin_training,
    ledger_command,
    make_project,
    only_run,
    read_record,
    read_tables,
    run_dirs,
    wait_until,
    write_json,
)


if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

N_KILLS = 20

LOGGING = """
import ledger, os, sys
widens = sys.argv[1:] == ["widens"]
run = ledger.start("run", objective=("loss", "min"))
os.write(1, b"go\\n")
step = 0
while True:
    row = {"step": step, "loss": 1 / (step + 1), "acc": step / 7}
    if widens and step % 50 == 49:
        row[f"extra_{step}"] = step
    run.log(row)
    os.write(1, b"%d\\n" % step)
    step += 1
"""

IDLE = """
import ledger, sys
run = ledger.start("run", hypothesis="it learns", objective=("loss", "min"))
for epoch in range(3):
    run.log(epoch=epoch, loss=1 / (epoch + 1))
print("ready", flush=True)
sys.stdin.readline()
"""


def kill_at(process: subprocess.Popen[str], n_lines: int) -> int:
    """Kill ``process`` after it reported at least ``n_lines`` rows; return the last it reported."""
    assert process.stdout is not None
    heard = "".join(process.stdout.readline() for _ in range(n_lines + 1))
    process.kill()
    heard += process.stdout.read()
    process.communicate()
    assert -signal.SIGKILL == process.returncode
    whole = heard[: heard.rfind("\n") + 1].split()
    return int(whole[-1]) if len(whole) > 1 else -1


def killed(project: Path) -> Path:
    """Leave the folder of a run whose process was killed after three rows."""
    process = begin_training(project, IDLE)
    assert process.stdout is not None
    assert "ready\n" == process.stdout.readline()
    process.kill()
    process.communicate()
    return only_run(project)


def forge(project: Path, record: object) -> None:
    """Write ``record`` as that of the only run, in both of its homes."""
    run_dir = only_run(project)
    for folder in (run_dir, project / ".git" / "ledger" / "live" / run_dir.name):
        write_json(folder / "run.json", record)


@pytest.mark.parametrize("mode", ["plain", "widens"])
def test_no_row_that_log_returned_from_is_lost(tmp_path: Path, mode: str) -> None:
    chance = random.Random(mode)  # moments, not secrets
    project = make_project(tmp_path)
    for _ in range(N_KILLS // 2):
        before = set(run_dirs(project))
        process = begin_training(project, LOGGING, mode)
        last = kill_at(process, chance.randrange(300))
        (run_dir,) = set(run_dirs(project)) - before
        tables = read_tables(run_dir)
        steps = [int(r[t.header.index("step")]) for t in tables for r in t.rows]
        assert list(range(len(steps))) == steps
        assert last < len(steps)
        assert "running" == read_record(run_dir)["status"]
        declared = set(read_record(run_dir)["columns"])
        assert all(set(table.header) <= declared for table in tables)


def test_a_killed_run_is_sealed_as_crashed_at_its_last_row(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    run_dir = killed(project)
    done = ledger_command(project, "seal", run_dir.name)
    record = read_record(run_dir)
    assert (0, "crashed") == (done.returncode, record["status"])
    assert f"{run_dir.name} sealed as crashed" in done.stdout
    (table,) = read_tables(run_dir)
    last = timedelta(seconds=float(table.rows[-1][1]))
    start, end = (datetime.fromisoformat(record["timestamp"][k]) for k in ("start", "end"))
    assert abs(end - start - last) <= timedelta(milliseconds=2)
    assert 3 == record["files"]["metrics.csv"]["rows"]
    assert 1 / 3 == record["metrics"]["loss"]
    note = parse_note((run_dir / "run.md").read_bytes())
    assert "it learns" == note.sections["Hypothesis"].text
    result = "[auto] crashed before its end: loss best 0.333333 at 2, last 0.333333"
    assert result == note.sections["Result"].text


def test_a_killed_run_reads_as_crashed_before_it_is_sealed(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    run_dir = killed(project)
    done = ledger_command(project, "show", run_dir.name)
    assert "crashed" in done.stdout
    assert "running" == read_record(run_dir)["status"]


def test_a_killed_run_is_sealed_by_the_next_look_at_the_list(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    run_dir = killed(project)
    done = ledger_command(project, "ls")
    assert "crashed" in done.stdout
    assert f"{run_dir.name} lost its process and is sealed as crashed" in done.stderr
    assert "crashed" == read_record(run_dir)["status"]
    assert "" == ledger_command(project, "ls").stderr


def test_the_seal_is_refused_while_the_writer_lives(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    process = begin_training(project, IDLE)
    assert process.stdout is not None
    assert "ready\n" == process.stdout.readline()
    before = (only_run(project) / "run.json").read_bytes()
    done = ledger_command(project, "seal", only_run(project).name)
    after = (only_run(project) / "run.json").read_bytes()
    process.communicate("go on\n")
    assert (2, "") == (done.returncode, done.stdout)
    assert f"still running as process {process.pid}" in done.stderr
    assert "crashed" not in after.decode()
    assert before.count(b'"status": "running"') == after.count(b'"status": "running"')


def test_a_writer_that_died_and_waits_for_its_parent_is_gone(tmp_path: Path) -> None:
    """In a container nobody may ever reap it."""
    project = make_project(tmp_path)
    process = begin_training(project, IDLE)
    assert process.stdout is not None
    assert "ready\n" == process.stdout.readline()
    process.kill()
    stat = f"/proc/{process.pid}/stat"

    def is_zombie() -> bool:
        with open(stat, encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"

    wait_until(is_zombie)
    done = ledger_command(project, "seal", only_run(project).name)
    process.communicate()
    assert 0 == done.returncode, done.stderr


def test_a_sealed_run_is_not_sealed_again(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    run_dir = killed(project)
    ledger_command(project, "seal", run_dir.name)
    before = {path.name: path.read_bytes() for path in run_dir.iterdir()}
    done = ledger_command(project, "seal", run_dir.name)
    assert 2 == done.returncode
    assert "sealed already" in done.stderr
    assert before == {path.name: path.read_bytes() for path in run_dir.iterdir()}


def test_a_run_of_another_host_is_not_sealed_here(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    run_dir = killed(project)
    record = read_record(run_dir)
    record["sessions"][0]["hostname"] = "elsewhere.example"
    forge(project, record)
    done = ledger_command(project, "seal", run_dir.name)
    assert 2 == done.returncode
    assert "elsewhere.example" in done.stderr


def test_a_run_of_another_host_is_left_alone_by_the_list(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    run_dir = killed(project)
    record = read_record(run_dir)
    record["sessions"][0]["hostname"] = "elsewhere.example"
    forge(project, record)
    assert 0 == ledger_command(project, "ls").returncode
    assert "running" == read_record(run_dir)["status"]


@pytest.mark.parametrize("session", [{"hostname": "elsewhere"}, {"pid_namespace": "pid:[1]"}])
def test_a_silent_run_of_elsewhere_can_be_sealed_by_hand(
    tmp_path: Path, session: dict[str, str]
) -> None:
    """A container that is gone never comes back to seal its run."""
    project = make_project(tmp_path)
    run_dir = killed(project)
    record = read_record(run_dir)
    long_ago = "2026-02-01T16:30:00.000+00:00"
    record["sessions"][0] |= {"heartbeat": long_ago, "start": long_ago, **session}
    record["timestamp"]["start"] = long_ago
    forge(project, record)
    assert "running" == read_record(run_dir)["status"]
    done = ledger_command(project, "seal", run_dir.name)
    assert (0, "crashed") == (done.returncode, read_record(run_dir)["status"]), done.stderr


def test_a_run_of_another_container_with_this_hostname_is_not_sealed(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    run_dir = killed(project)
    record = read_record(run_dir)
    record["sessions"][0]["pid_namespace"] = "pid:[1]"
    forge(project, record)
    done = ledger_command(project, "seal", run_dir.name)
    assert 2 == done.returncode
    assert "another container" in done.stderr


def test_a_pid_that_another_process_has_by_now_is_gone(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    run_dir = killed(project)
    record = read_record(run_dir)
    record["sessions"][0] |= {"pid": 1, "pid_start": "999999999999"}
    forge(project, record)
    ledger_command(project, "ls")
    assert "crashed" == read_record(run_dir)["status"]


def test_a_run_of_before_the_last_boot_is_gone(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    run_dir = killed(project)
    record = read_record(run_dir)
    record["sessions"][0] |= {"boot_id": "another", "pid": 1, "pid_start": None}
    forge(project, record)
    assert 0 == ledger_command(project, "seal", run_dir.name).returncode


def test_a_pid_no_system_has_is_gone(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    run_dir = killed(project)
    record = read_record(run_dir)
    record["sessions"][0]["pid"] = 10**30
    forge(project, record)
    done = ledger_command(project, "seal", run_dir.name)
    assert 0 == done.returncode, done.stderr


def test_a_torn_row_is_no_row_of_the_sealed_run(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    run_dir = killed(project)
    with (run_dir / "metrics.csv").open("ab") as file:
        file.write(b"3,0.5,0.000")
    assert 0 == ledger_command(project, "seal", run_dir.name).returncode
    record = read_record(run_dir)
    assert (3, 1 / 3) == (record["files"]["metrics.csv"]["rows"], record["summary"]["loss"]["min"])


def test_a_table_that_does_not_parse_is_named_and_the_run_is_sealed(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    run_dir = killed(project)
    with (run_dir / "metrics.csv").open("ab") as file:
        file.write(b"3,0.5,broken\n")
    done = ledger_command(project, "seal", run_dir.name)
    record = read_record(run_dir)
    assert (0, "crashed") == (done.returncode, record["status"])
    assert "broken" in record["incomplete"]


def test_a_note_that_a_person_wrote_outlives_the_seal(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    run_dir = killed(project)
    (run_dir / "run.md").write_bytes(b"my own words")
    assert 0 == ledger_command(project, "seal", run_dir.name).returncode
    assert b"my own words" == (run_dir / "run.md").read_bytes()

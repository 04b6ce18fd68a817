"""``ledger seal`` on the command line; what the seal itself does is in tests/faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unit.writer.recording import (
    begin_training,
    ledger_command,
    make_project,
    only_run,
    read_record,
)


if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """
import ledger, signal
run = ledger.start("run")
run.log(epoch=0, loss=1.0)
print("ready", flush=True)
signal.pause()
"""


def test_latest_can_be_sealed(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    process = begin_training(project, SCRIPT)
    assert process.stdout is not None
    assert "ready\n" == process.stdout.readline()
    process.kill()
    process.communicate()
    done = ledger_command(project, "seal", "@latest")
    assert (0, f"{only_run(project).name} sealed as crashed\n") == (done.returncode, done.stdout)
    assert "crashed" == read_record(only_run(project))["status"]


def test_the_seal_cuts_a_torn_last_row(tmp_path: Path) -> None:
    """Other programs would read half a number as a whole one, often the best."""
    project = make_project(tmp_path)
    process = begin_training(project, SCRIPT)
    assert process.stdout is not None
    assert "ready\n" == process.stdout.readline()
    process.kill()
    process.communicate()
    table = only_run(project) / "metrics.csv"
    whole = table.read_bytes()
    table.write_bytes(whole + b"1,0.5,0.00001")
    assert 0 == ledger_command(project, "seal", "@latest").returncode
    assert whole == table.read_bytes()


def test_an_unknown_run_is_exit_code_one(tmp_path: Path) -> None:
    done = ledger_command(make_project(tmp_path), "seal", "nobody")
    assert (1, "") == (done.returncode, done.stdout)
    assert "Traceback" not in done.stderr


def test_without_a_ledger_it_says_what_to_do(tmp_path: Path) -> None:
    done = ledger_command(tmp_path, "seal", "x")
    assert 2 == done.returncode
    assert "ledger init" in done.stderr


def test_a_run_is_asked_for(tmp_path: Path) -> None:
    assert 2 == ledger_command(make_project(tmp_path), "seal").returncode

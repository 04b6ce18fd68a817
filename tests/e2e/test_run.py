"""``ledger run -- CMD`` with real commands: what is recorded, how it ends, odd outputs."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from e2e.run_command import (
    PYTHON,
    RUN,
    begin,
    console_of,
    end_of,
    problems,
    run,
    shell,
    until_ready,
)
from make_repo import git, write_files
from unit.writer.recording import (
    LIMIT_SECONDS,
    make_project,
    only_run,
    read_record,
    read_rows,
    run_dirs,
)


if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


# -- what is recorded of any command


def test_a_command_becomes_a_sealed_run(project: Path) -> None:
    lines = "for n in 0 1 2; do echo epoch=$n loss=0.$((5 - n)) val_acc: 0.$n; done"
    done = shell(project, lines, "--name", "loop", "-m", "it learns", "--tag", "a", "--tag", "b")

    record = read_record(only_run(project))
    assert (0, 3) == (done.returncode, len(done.stdout.splitlines()))
    assert ("finished", "loop", ["a", "b"]) == (record["status"], record["name"], record["tags"])
    assert {"argv": ["sh", "-c", lines], "cwd": ".", "exit": 0} == record["command"]
    assert [
        {"epoch": "0", "loss": "0.5", "val_acc": "0.0"},
        {"epoch": "1", "loss": "0.4", "val_acc": "0.1"},
        {"epoch": "2", "loss": "0.3", "val_acc": "0.2"},
    ] == read_rows(only_run(project))
    assert {"metrics.console.csv"} == set(record["files"])
    assert "it learns" in (only_run(project) / "run.md").read_text(encoding="utf-8")
    assert record["metrics"]["training_time_hours"] >= 0
    assert [] == problems(project)


def test_what_it_prints_is_passed_on_and_kept(project: Path) -> None:
    done = shell(project, "echo out; echo err >&2; printf 'no end'")

    record = read_record(only_run(project))
    assert "out\nno end" == done.stdout
    assert "err\n" in done.stderr
    log = console_of(project)
    assert {b"out", b"err", b"no end"} == set(log.splitlines())
    content = record["artifacts"]["console"]
    assert "md5:" + hashlib.md5(log).hexdigest() == content["hash"]  # noqa: S324  # what it is
    assert len(log) == content["bytes"]
    assert "outputs" not in git(project, "status", "--porcelain", "--untracked-files=all")


def test_both_outputs_in_one_keep_their_order(project: Path) -> None:
    lines = "for n in 1 2 3 4 5; do echo out$n; echo err$n >&2; done"
    done = subprocess.run(
        [*RUN, "--", "sh", "-c", lines],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "LEDGER_QUIET": "1"},
        timeout=LIMIT_SECONDS,
        check=True,
    )
    expected = "".join(f"out{n}\nerr{n}\n" for n in range(1, 6))
    assert expected.encode() == done.stdout
    assert expected.encode() == console_of(project)


def test_the_name_is_that_of_the_script(project: Path) -> None:
    run(project, "--", PYTHON, "train.py", "--fast")
    record = read_record(only_run(project))
    assert "train" == record["name"]
    assert "_train-" in record["run_id"]


def test_options_end_with_the_command_also_without_dashes(project: Path) -> None:
    done = run(project, "--name", "x", "sh", "-c", "echo $1", "sh", "--name")
    assert (0, "--name\n") == (done.returncode, done.stdout)
    assert "x" == read_record(only_run(project))["name"]


def test_config_data_objective_and_parent_are_recorded(project: Path) -> None:
    write_files(project, {"data.csv": "1\n2\n", "small.json": '{"lr": 0.1, "api_key": "abcdef"}'})
    shell(project, "true")
    first = only_run(project).name
    options = ("--data", "data.csv", "--config", "small.json", "--objective", "loss:min")

    shell(project, "echo loss: 0.5", *options, "--parent", "@latest")

    second = next(read_record(each) for each in run_dirs(project) if each.name != first)
    assert first == second["parent"]
    assert {"lr": 0.1, "api_key": "<redacted>"} == second["config"]["resolved"]
    assert "small.json" == second["config"]["path"]
    assert ("data.csv", 4) == (second["data"]["path"], second["data"]["bytes"])
    assert second["data"]["hash"].startswith("md5:")
    assert {"metric": "loss", "goal": "min"} == second["objective"]


def test_stdin_goes_to_the_command(project: Path) -> None:
    done = run(project, "--", "sh", "-c", "read line; echo got $line", stdin="hello\n")
    assert "got hello\n" == done.stdout


def test_the_command_line_and_the_console_hold_no_credential(project: Path) -> None:
    token = "hf_" + "a" * 34
    done = run(
        project, "--", "sh", "-c", f"echo api_key=abcdefgh {token}; exit 3", "x", f"--token={token}"
    )

    text = (only_run(project) / "run.json").read_text(encoding="utf-8")
    assert token in done.stdout
    assert token not in text
    assert token.encode() not in console_of(project)
    assert b"api_key=<redacted> <redacted>\n" == console_of(project)
    assert ["api_key=<redacted> <redacted>"] == json.loads(text)["error"]["traceback_tail"]


def test_a_finer_pattern_takes_the_place_of_the_rule(project: Path) -> None:
    pattern = r"E(?P<epoch>\d+) energy (?P<energy>\S+)"
    shell(project, "echo E7 energy -1.5; echo loss: 0.5", "--metric-pattern", pattern)
    assert [{"epoch": "7", "energy": "-1.5"}] == read_rows(only_run(project))


@pytest.mark.parametrize("pattern", ["(", "no groups", "(one)"])
def test_a_pattern_that_finds_nothing_is_bad_usage(project: Path, pattern: str) -> None:
    done = shell(project, "echo ran", "--metric-pattern", pattern)
    assert (2, "") == (done.returncode, done.stdout)
    assert "the metric pattern" in done.stderr
    assert [] == run_dirs(project)


# -- how it ends


def test_an_exit_code_is_the_commands(project: Path) -> None:
    done = shell(project, "echo one; echo two >&2; exit 7")

    record = read_record(only_run(project))
    assert (7, "failed", 7) == (done.returncode, record["status"], record["command"]["exit"])
    error = record["error"]
    assert ("ExitCode", "the command ended: exit code 7") == (error["type"], error["message"])
    assert {"one", "two"} == set(error["traceback_tail"])
    assert [] == problems(project)


def test_death_by_a_signal_is_128_and_its_number(project: Path) -> None:
    done = shell(project, "kill -KILL $$")

    record = read_record(only_run(project))
    assert (128 + 9, "failed") == (done.returncode, record["status"])
    assert {"exit": 137, "signal": "SIGKILL"}.items() <= record["command"].items()
    assert "killed by SIGKILL" in record["error"]["message"]


def test_a_command_that_is_not_there_leaves_no_run(project: Path) -> None:
    done = run(project, "--", "no-such-command-at-all")
    assert 127 == done.returncode
    assert 1 == len(done.stderr.splitlines())
    assert "no-such-command-at-all: command not found" in done.stderr
    assert [] == run_dirs(project)


def test_a_file_that_may_not_be_executed_leaves_no_run(project: Path) -> None:
    done = run(project, "--", "./train.py")
    assert 126 == done.returncode
    assert "not executable" in done.stderr
    assert [] == run_dirs(project)


def test_a_program_that_cannot_start_is_a_failed_run(project: Path) -> None:
    write_files(project, {"broken": "#!/no/such/interpreter\n"})
    (project / "broken").chmod(0o755)
    done = run(project, "--", "./broken")
    assert 126 == done.returncode
    assert "could not be started" in done.stderr
    assert "failed" == read_record(only_run(project))["status"]
    assert [] == problems(project)


def test_without_a_ledger_nothing_is_run(tmp_path: Path) -> None:
    done = run(tmp_path, "--", "sh", "-c", "echo ran")
    assert (2, "") == (done.returncode, done.stdout)
    assert "ledger init" in done.stderr


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGQUIT", "SIGINT"])
def test_a_signal_is_given_on_once_and_the_run_is_interrupted(project: Path, name: str) -> None:
    number = getattr(signal, name)
    script = f"""
import signal, sys, time
got = []
signal.signal({number}, lambda n, f: got.append(n))
print("ready", flush=True)
while not got: time.sleep(0.01)
time.sleep(0.5)  # a second one would come by now
print(got, flush=True)
sys.exit(5)
"""
    process = begin(project, "--", PYTHON, "-c", script)
    until_ready(process)
    process.send_signal(number)
    code, stdout, _ = end_of(process)
    record = read_record(only_run(project))
    assert (5, f"[{int(number)}]\n") == (code, stdout)
    assert ("interrupted", None) == (record["status"], record["error"])
    assert [] == problems(project)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_command_that_dies_of_a_signal_we_got_is_interrupted(project: Path, name: str) -> None:
    number = getattr(signal, name)
    process = begin(project, "--", "sh", "-c", "echo ready; exec sleep 60")
    until_ready(process)
    process.send_signal(number)
    assert 128 + number == end_of(process)[0]
    record = read_record(only_run(project))
    assert ("interrupted", name) == (record["status"], record["command"]["signal"])


def test_usr1_is_given_on_and_interrupts_nothing(project: Path) -> None:
    process = begin(
        project,
        "--",
        "sh",
        "-c",
        "trap 'echo saved; exit 0' USR1; echo ready; while :; do sleep 0.01; done",
    )
    until_ready(process)
    process.send_signal(signal.SIGUSR1)
    code, stdout, _ = end_of(process)
    assert (0, "saved\n") == (code, stdout)
    assert "finished" == read_record(only_run(project))["status"]


def test_many_signals_while_it_is_sealed_break_nothing(project: Path) -> None:
    process = begin(
        project, "--", "sh", "-c", "trap '' TERM; echo ready; exec 1>&- 2>&-; sleep 0.2"
    )
    until_ready(process)
    while process.poll() is None:
        process.terminate()
        time.sleep(0.01)
    assert 0 == end_of(process)[0]
    assert "interrupted" == read_record(only_run(project))["status"]


def test_a_process_left_behind_does_not_keep_us(project: Path) -> None:
    done = shell(project, "sleep 60 & echo $!; echo loss: 0.5")

    os.kill(int(done.stdout.splitlines()[0]), signal.SIGKILL)
    record = read_record(only_run(project))
    assert (0, "finished") == (done.returncode, record["status"])
    assert ["the command left a process behind; what that prints is not recorded"] == record[
        "warnings"
    ]
    assert 0.5 == record["metrics"]["loss"]


# -- odd outputs


def test_output_of_many_megabytes_is_passed_on_whole_and_kept_in_part(project: Path) -> None:
    lines = "import sys\nfor n in range(200_000): print(f'line {n} ' + 'x' * 60)\n"
    done = run(project, "--", PYTHON, "-c", lines)
    log = console_of(project)
    assert 200_000 == done.stdout.count("\n")
    assert log.startswith(b"line 0 x")
    assert log.endswith(b"line 199999 " + b"x" * 60 + b"\n")
    assert b"bytes are left out here]" in log
    assert len(log) < 5_000_000


def test_binary_output_passes_unchanged(project: Path) -> None:
    data = bytes(range(256)) * 400
    write_files(project, {"blob": data})
    done = subprocess.run(
        [*RUN, "--", "cat", "blob"],
        cwd=project,
        capture_output=True,
        timeout=LIMIT_SECONDS,
        check=True,
    )
    assert data == done.stdout
    assert "finished" == read_record(only_run(project))["status"]


def test_a_reader_that_stops_ends_the_command_as_it_would_without_us(project: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", '"$@" | head -n 1', "sh", *RUN, "--", "yes"],
        cwd=project,
        capture_output=True,
        timeout=LIMIT_SECONDS,
        check=True,
    )
    assert b"y\n" == done.stdout
    record = read_record(only_run(project))
    assert ("failed", "SIGPIPE") == (record["status"], record["command"]["signal"])


def test_standard_descriptors_that_are_closed_harm_nothing(project: Path) -> None:
    done = subprocess.run(
        [
            "sh",
            "-c",
            '"$@" <&- >&- 2>&-',
            "sh",
            *RUN,
            "--",
            "sh",
            "-c",
            "echo loss: 0.5; echo e >&2",
        ],
        cwd=project,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    record = read_record(only_run(project))
    assert (0, "finished", 0.5) == (done.returncode, record["status"], record["metrics"]["loss"])


def test_a_full_output_loses_nothing_of_the_record(project: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*RUN, "--", "sh", "-c", "echo loss: 0.5"],
            cwd=project,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=LIMIT_SECONDS,
            check=False,
        )
    record = read_record(only_run(project))
    assert (0, "finished", 0.5) == (done.returncode, record["status"], record["metrics"]["loss"])
    assert "could not be written to" in record["warnings"][0]


def test_a_log_that_cannot_be_made_is_told_and_the_command_runs(project: Path) -> None:
    write_files(project, {"outputs": "a file is in the way\n"})
    done = shell(project, "echo loss: 0.5")
    record = read_record(only_run(project))
    assert (0, "loss: 0.5\n") == (done.returncode, done.stdout)
    assert "console log could not be made" in record["incomplete"]
    assert {} == record["artifacts"]
    assert 0.5 == record["metrics"]["loss"]


def test_a_progress_bar_gives_its_states_and_the_log_its_last(project: Path) -> None:
    lines = r"printf '\r10%% loss=0.5'; printf '\r20%% loss=0.4'; printf '\r30%% loss=0.3\n'"
    shell(project, lines)
    rows = read_rows(only_run(project))
    assert "0.5" == rows[0]["loss"]  # the others only when a second lies between them
    assert "0.3" == rows[-1]["loss"]
    assert b"30% loss=0.3\n" == console_of(project)


def test_a_signal_that_nohup_ignores_is_ignored(project: Path) -> None:
    lines = "echo ready; read line; echo went on"
    process = subprocess.Popen(
        ["nohup", *RUN, "--", "sh", "-c", lines],
        cwd=project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    until_ready(process)
    process.send_signal(signal.SIGHUP)
    stdout, _ = process.communicate(b"x\n", timeout=LIMIT_SECONDS)
    assert (0, b"went on\n") == (process.returncode, stdout)
    assert "finished" == read_record(only_run(project))["status"]


def test_a_project_without_a_repository_is_recorded_too(tmp_path: Path) -> None:
    write_files(tmp_path, {"ledger.toml": ""})
    done = shell(tmp_path, "echo loss: 0.5")
    record = read_record(only_run(tmp_path))
    assert (0, "finished", 0.5) == (done.returncode, record["status"], record["metrics"]["loss"])
    assert record["git"]["dirty"] is None


def test_the_project_is_that_of_the_script(project: Path, tmp_path: Path) -> None:
    done = run(tmp_path, "--", PYTHON, str(project / "train.py"))
    assert 0 == done.returncode
    assert ".." == read_record(only_run(project))["command"]["cwd"]


def test_untracked_files_that_may_be_loaded_are_told(project: Path) -> None:
    """Nobody can tell what a command loads, so that scratch beside it counts as its code."""
    (project / "scratch.py").write_text("X = 1\n")
    done = shell(project, "true")
    assert "untracked files count as code of the run: scratch.py" in done.stderr
    dirty = read_record(only_run(project))["git"]["dirty_paths"]
    assert ["scratch.py"] == [one["path"] for one in dirty]

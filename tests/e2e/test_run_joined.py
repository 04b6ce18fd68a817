"""Programs under ``ledger run`` that use ledger themselves join the run that is recorded."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from e2e.run_command import PYTHON, begin, end_of, problems, run, shell, until_ready
from ledger.contract.worker import parse_worker
from make_repo import commit_files, git, write_files
from unit.writer.recording import (
    ledger_command,
    make_project,
    only_run,
    read_record,
    read_rows,
    run_dirs,
    wait_until,
)


if TYPE_CHECKING:
    from pathlib import Path

TRAIN = """
import ledger
with ledger.start(
    "mine", config={"lr": 0.5, "seed": 3}, objective=("loss", "min"), tags=["t"],
    hypothesis="smaller is better", data="data.csv",
) as run:
    for epoch in range(3):
        run.log(epoch=epoch, loss=1 / (epoch + 1))
        print(f"epoch={epoch} loss={1 / (epoch + 1):.2f} speed_score={epoch}")
    run.final(test_acc=0.75)
    open("model.pt", "w").close()
    run.artifact("model", "model.pt")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path, {"data.csv": "1\n", ".gitignore": "__pycache__/\n*.pt\n"})


def train(project: Path, script: str, *options: str) -> Any:
    """Commit ``script`` as train.py and record ``python train.py``."""
    commit_files(project, {"train.py": script})
    return run(project, *options, "--", PYTHON, "train.py")


def worker(project: Path, name: str) -> dict[str, Any]:
    data = (only_run(project) / f"worker.{name}.json").read_bytes()
    return dict(parse_worker(name, data).document)


def test_a_child_that_starts_a_run_joins_ours(project: Path) -> None:
    done = train(project, TRAIN)

    record = read_record(only_run(project))
    assert 0 == done.returncode, done.stderr
    assert ("mine", "finished", ["t"]) == (record["name"], record["status"], record["tags"])
    assert {"metrics.csv", "metrics.console.csv", "worker.child.json"} == set(record["files"])
    assert {"lr": 0.5, "seed": 3} == record["config"]["resolved"]
    assert 3 == record["random"]["seed"]
    assert {"metric": "loss", "goal": "min"} == record["objective"]
    assert "data.csv" == record["data"]["path"]
    assert record["data"]["hash"].startswith("md5:")
    assert 0.75 == record["metrics"]["test_acc"]
    assert ["test_acc"] == record["stated"]
    assert {"console", "model"} == set(record["artifacts"])
    assert "source" not in record["environment"]
    assert "smaller is better" in (only_run(project) / "run.md").read_text(encoding="utf-8")
    assert 1 == done.stderr.count("the note waits")
    assert [] == problems(project)


def test_what_a_child_logs_goes_before_what_it_prints(project: Path) -> None:
    train(project, TRAIN)

    record = read_record(only_run(project))
    assert 1 / 3 == record["metrics"]["loss"]  # printed as 0.33
    assert (3, 1 / 3) == (record["summary"]["loss"]["n"], record["summary"]["loss"]["min"])
    assert 2 == record["metrics"]["speed_score"]  # only printed


def test_what_is_said_on_the_command_line_goes_before_what_the_child_states(project: Path) -> None:
    options = ("--name", "ours", "-m", "larger", "--tag", "o", "--objective", "test_acc:max")
    train(project, TRAIN, *options)

    record = read_record(only_run(project))
    assert ("ours", ["o", "t"]) == (record["name"], record["tags"])
    assert {"metric": "test_acc", "goal": "max"} == record["objective"]
    note = (only_run(project) / "run.md").read_text(encoding="utf-8")
    assert "larger" in note
    assert "smaller is better" not in note


def test_a_child_may_log_without_a_start(project: Path) -> None:
    script = "import ledger\nledger.seed_everything(7)\nledger.log(epoch=0, loss=0.5)\n"
    done = train(project, script)
    record = read_record(only_run(project))
    assert 0 == done.returncode, done.stderr
    assert [{"epoch": "0", "loss": "0.5"}] == read_rows(only_run(project))
    assert {"seed": 7, "python_seed": 7}.items() <= record["random"].items()
    assert "finished" == worker(project, "child")["status"]
    assert [] == problems(project)


def test_a_seed_alone_is_recorded(project: Path) -> None:
    done = train(project, "import ledger\nledger.seed_everything(7)\nprint('loss: 0.5')\n")
    record = read_record(only_run(project))
    assert 0 == done.returncode, done.stderr
    assert (7, 0.5) == (record["random"]["seed"], record["metrics"]["loss"])
    assert [] == problems(project)


def test_log_run_joins_and_leaves_its_copy(project: Path) -> None:
    script = """
import ledger
told = ledger.log_run("exp1", {"lr": 0.1}, {"loss": [0.5, 0.25], "acc": 0.9}, "outputs/exp1")
assert told["status"] == "finished", told
assert told["metrics"]["loss"] == 0.25 and told["config"]["resolved"] == {"lr": 0.1}
"""
    done = train(project, script)
    record = read_record(only_run(project))
    assert 0 == done.returncode, done.stderr
    assert ("exp1", 0.9) == (record["name"], record["metrics"]["acc"])
    copy = json.loads((project / "outputs/exp1/run.json").read_bytes())
    assert (record["run_id"], 0.25) == (copy["run_id"], copy["metrics"]["loss"])
    assert (project / "outputs/exp1/metrics.csv").read_bytes() == (
        only_run(project) / "metrics.csv"
    ).read_bytes()
    assert [] == problems(project)


def test_a_second_start_in_one_child_is_an_error_with_a_hint(project: Path) -> None:
    done = train(
        project, "import ledger\nledger.start('a').finish()\nledger.start('b')\nprint('never')\n"
    )
    assert (1, "") == (done.returncode, done.stdout)
    assert "already joined" in done.stderr
    assert "a process records one run" in done.stderr
    assert "failed" == read_record(only_run(project))["status"]


def test_a_run_within_a_run_follows_it(project: Path) -> None:
    inner = "from ledger.cli.main import run; run()"
    done = run(
        *(project, "--name", "outer", "--", PYTHON, "-c", inner, "run", "--name", "inner", "--"),
        *(PYTHON, "-c", "import ledger; ledger.log(loss=1.0)"),
    )
    made = {read_record(each)["name"]: read_record(each) for each in run_dirs(project)}
    assert 0 == done.returncode, done.stderr
    assert made["outer"]["run_id"] == made["inner"]["parent"]
    assert (None, 1.0) == (made["outer"]["metrics"].get("loss"), made["inner"]["metrics"]["loss"])
    assert [] == problems(project)


def test_what_changed_against_the_parent_is_what_the_child_knows(project: Path) -> None:
    train(project, TRAIN)
    (first,) = run_dirs(project)
    train(project, TRAIN.replace('"lr": 0.5', '"lr": 0.25'), "--parent", "@latest")
    (second,) = [each for each in run_dirs(project) if each != first]
    note = (second / "run.md").read_text(encoding="utf-8")
    assert f"[auto] against {first.name}: lr 0.5 → 0.25" in note
    assert first.name == read_record(second)["parent"]


def test_every_process_of_a_loop_has_a_table_of_its_own(project: Path) -> None:
    script = """
import ledger, sys
n = int(sys.argv[1])
with ledger.start("part", config={"lr": 0.1}) as run:
    for epoch in range(2):
        run.log(epoch=epoch, loss=n + epoch)
"""
    commit_files(project, {"train.py": script})
    done = shell(project, f"for n in 5 1 3; do {PYTHON} train.py $n; done")

    record = read_record(only_run(project))
    assert 0 == done.returncode, done.stderr
    tables = {"metrics.csv", "metrics.child2.csv", "metrics.child3.csv"}
    workers = {"worker.child.json", "worker.child2.json", "worker.child3.json"}
    assert tables | workers == set(record["files"])
    # rows of three processes are never one row: the best of all is the run's, and so is the last
    assert {"min": 1.0, "max": 6.0, "last": 4.0, "n": 6}.items() <= record["summary"][
        "loss"
    ].items()
    assert "warnings" not in record
    assert record["git"]["dirty"] is False
    assert [] == problems(project)


def test_processes_at_the_same_time_never_share_a_table(project: Path) -> None:
    script = """
import ledger, os
with ledger.start("rank") as run:
    for epoch in range(20):
        run.log(epoch=epoch, rank_loss=os.getpid())
"""
    commit_files(project, {"train.py": script})
    done = shell(project, f"for n in 1 2 3 4; do {PYTHON} train.py & done; wait")

    record = read_record(only_run(project))
    assert 0 == done.returncode, done.stderr
    tables = [name for name in record["files"] if name.endswith(".csv")]
    assert 4 == len(tables)
    assert {20} == {record["files"][name]["rows"] for name in tables}
    assert 80 == record["summary"]["rank_loss"]["n"]
    assert [] == problems(project)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_multiprocessing_leave_the_run_alone(project: Path, method: str) -> None:
    script = f"""
import ledger, multiprocessing
def work(n):
    ledger.seed_everything(n)
    try:
        ledger.log(loss=n)
    except ledger.LedgerError:
        return n
if __name__ == "__main__":
    with ledger.start("run") as run:
        with multiprocessing.get_context("{method}").Pool(2) as pool:
            run.log(epoch=0, loss=sum(pool.map(work, range(4))))
"""
    done = train(project, script)
    record = read_record(only_run(project))
    assert 0 == done.returncode, done.stderr
    assert {"metrics.csv", "worker.child.json"} == set(record["files"])
    assert [{"epoch": "0", "loss": "6"}] == read_rows(only_run(project))


def test_what_failed_in_a_child_is_the_error_of_the_run(project: Path) -> None:
    script = """
import ledger
ledger.start("x").log(epoch=0, loss=1.0)
raise ValueError("token=abcdefgh")
"""
    done = train(project, script)
    record = read_record(only_run(project))
    assert (1, "failed") == (done.returncode, record["status"])
    assert ("ValueError", "token=<redacted> (exit code 1)") == (
        record["error"]["type"],
        record["error"]["message"],
    )
    assert any("raise ValueError" in line for line in record["error"]["traceback_tail"])
    assert [] == problems(project)


def test_a_child_that_failed_within_a_command_that_did_not_is_told(project: Path) -> None:
    commit_files(
        project, {"train.py": "import ledger\nledger.start('x')\nraise ValueError('bad')\n"}
    )
    done = shell(project, f"{PYTHON} train.py; true")
    record = read_record(only_run(project))
    assert (0, "finished") == (done.returncode, record["status"])
    assert ["child failed: ValueError: bad"] == record["warnings"]


def test_a_child_killed_by_sigkill_loses_no_row(project: Path) -> None:
    script = """
import ledger, os, signal
run = ledger.start("x", config={"lr": 0.1})
run.wait_for_capture()
for epoch in range(50):
    run.log(epoch=epoch, loss=1.0)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = train(project, script)
    record = read_record(only_run(project))
    assert (137, "failed") == (done.returncode, record["status"])
    assert 50 == record["files"]["metrics.csv"]["rows"]
    assert {"lr": 0.1} == record["config"]["resolved"]
    assert ["child: it was killed, or left without ending"] == record["warnings"]
    assert [] == problems(project)


WAITS = """
import ledger, os, signal, sys, time
run = ledger.start("x", config={"lr": 0.1}, objective=("loss", "min"))
run.wait_for_capture()
for epoch in range(3):
    run.log(epoch=epoch, loss=1.0 - epoch / 10)
print("ready", flush=True)
while not os.path.exists("go"): time.sleep(0.01)
run.log(epoch=3, loss=0.25)
"""


def killed_wrapper(project: Path) -> Any:
    """Return the wrapper of a waiting child, killed by SIGKILL."""
    commit_files(project, {"train.py": WAITS})
    process = begin(project, "--", PYTHON, "train.py", start_new_session=True)
    until_ready(process)
    process.kill()
    process.wait()
    return process


def test_a_killed_wrapper_leaves_a_run_that_answers_and_heals(project: Path) -> None:
    process = killed_wrapper(project)
    child = worker(project, "child")["pid"]

    listed = json.loads(ledger_command(project, "ls", "--format", "json").stdout)["rows"]
    assert [("running", 0.8)] == [(row["status"], row["objective"]["value"]) for row in listed]
    refused = ledger_command(project, "seal", "@latest")
    assert (2, True) == (refused.returncode, f"still running as process {child}" in refused.stderr)
    (project / "go").touch()
    process.communicate()
    wait_until(lambda: worker(project, "child")["status"] != "running")
    asked = json.loads(ledger_command(project, "query", "best loss", "--format", "json").stdout)
    assert [("crashed", 0.25)] == [(row["status"], row["value"]) for row in asked["rows"]]

    ledger_command(project, "seal", "@latest")

    record = read_record(only_run(project))
    assert ("crashed", "x", {"lr": 0.1}) == (
        record["status"],
        record["name"],
        record["config"]["resolved"],
    )
    assert {"metrics.csv", "worker.child.json"} <= set(record["files"])
    assert 0.25 == record["metrics"]["loss"]
    assert [] == problems(project)


def test_a_child_started_when_the_run_is_over_records_one_that_follows(project: Path) -> None:
    """As from a terminal multiplexer or a notebook server that was started under ledger run."""
    shell(project, "true")
    first = only_run(project)
    commit_files(
        project, {"train.py": "import ledger\nledger.start('late').log(epoch=0, loss=1.0)\n"}
    )
    env = {"LEDGER_RUN_DIR": str(first), "LEDGER_RUN_ID": first.name}
    sealed = (first / "run.json").read_bytes()

    done = shell_with(project, env)

    (second,) = [each for each in run_dirs(project) if each != first]
    assert "is over" in done
    assert ("late", first.name) == (read_record(second)["name"], read_record(second)["parent"])
    assert sealed == (first / "run.json").read_bytes()


def shell_with(project: Path, env: dict[str, str]) -> str:
    import subprocess

    done = subprocess.run(
        [PYTHON, "train.py"],
        cwd=project,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr


def test_a_process_left_behind_writes_no_more_into_a_sealed_run(project: Path) -> None:
    script = """
import ledger, os, sys, time
if os.fork():
    while not os.path.exists("begun"): time.sleep(0.01)
    os._exit(0)
run = ledger.start("daemon")
run.log(epoch=0, loss=1.0)
run.wait_for_capture()
null = os.open(os.devnull, os.O_RDWR)
for number in (1, 2): os.dup2(null, number)
open("begun", "w").close()
while not os.path.exists("go"): time.sleep(0.01)
run.log(epoch=1, loss=0.5)
run.log(epoch=2, loss=0.25, further=1.0)
run.finish()
open("done", "w").close()
"""
    done = train(project, script)
    record = read_record(only_run(project))
    before = {path.name: path.read_bytes() for path in only_run(project).iterdir()}
    assert 0 == done.returncode, done.stderr
    assert ["child: it still runs; what it records from now on is lost"] == record["warnings"]

    (project / "go").touch()
    wait_until((project / "done").exists)

    assert before == {path.name: path.read_bytes() for path in only_run(project).iterdir()}
    assert [] == problems(project)


# -- code


def test_an_untracked_scratch_file_makes_a_joined_run_not_dirty(project: Path) -> None:
    commit_files(project, {"train.py": "import ledger\nledger.start('x').log(loss=1.0)\n"})
    write_files(project, {"scratch.py": "x = 1\n"})

    run(project, "--", PYTHON, "train.py")

    record = read_record(only_run(project))
    assert (False, [], None) == (
        record["git"]["dirty"],
        record["git"]["dirty_paths"],
        record["git"]["snapshot"],
    )
    assert not (only_run(project) / "changes.patch").exists()
    assert "" == git(project, "for-each-ref", "refs/ledger/")
    assert [] == problems(project)


def test_untracked_code_makes_a_run_dirty_that_nobody_can_look_into(project: Path) -> None:
    write_files(project, {"scratch.py": "x = 1\n"})

    shell(project, "true")

    record = read_record(only_run(project))
    assert record["git"]["dirty"] is True
    assert ["scratch.py"] == [entry["path"] for entry in record["git"]["dirty_paths"]]
    assert "scratch.py" in (only_run(project) / "changes.patch").read_text(encoding="utf-8")
    assert record["git"]["snapshot"] == ref_of(project)


def test_snapshot_and_patch_are_those_of_what_the_child_loaded(project: Path) -> None:
    script = "import ledger, loaded\nledger.start('x').log(loss=1.0)\n"
    commit_files(project, {"train.py": script})
    write_files(project, {"loaded.py": "y = 2\n", "scratch.py": "x = 1\n"})

    run(project, "--", PYTHON, "train.py")

    record = read_record(only_run(project))
    patch = (only_run(project) / "changes.patch").read_text(encoding="utf-8")
    assert ["loaded.py"] == [entry["path"] for entry in record["git"]["dirty_paths"]]
    assert ("loaded.py" in patch, "scratch.py" in patch) == (True, False)
    snapshot = record["git"]["snapshot"]
    assert snapshot == ref_of(project)
    tree = git(project, "ls-tree", "-r", "--name-only", snapshot).split()
    assert ("loaded.py" in tree, "scratch.py" in tree) == (True, False)


def test_processes_that_saw_other_code_leave_it_open_what_the_code_was(project: Path) -> None:
    script = "import ledger\nledger.start('x').log(loss=1.0)\n"
    commit_files(project, {"train.py": script})

    shell(project, f"{PYTHON} train.py; echo '# edited' >> train.py; {PYTHON} train.py")

    git_section = read_record(only_run(project))["git"]
    assert git_section["dirty"] is None
    assert "child2 ran other code than child" in git_section["dirty_reason"]
    assert ["train.py"] == [entry["path"] for entry in git_section["dirty_paths"]]


def ref_of(project: Path) -> str:
    return git(project, "rev-parse", f"refs/ledger/{only_run(project).name}").strip()


# -- git takes the folder away


def test_a_stash_while_a_joined_child_logs_loses_no_row(project: Path) -> None:
    commit_files(project, {"train.py": WAITS})
    process = begin(project, "--", PYTHON, "train.py")
    until_ready(process)
    git(project, "stash", "-u")
    assert [] == run_dirs(project)
    (project / "go").touch()
    code, _, said = end_of(process)
    assert 0 == code, said
    git(project, "stash", "pop")
    ledger_command(project, "ls")
    record = read_record(only_run(project))
    assert "finished" == record["status"]
    assert 4 == record["files"]["metrics.csv"]["rows"]
    assert [] == problems(project)


def test_a_signal_ends_a_joined_child_in_its_own_way(project: Path) -> None:
    commit_files(project, {"train.py": WAITS})
    process = begin(project, "--", PYTHON, "train.py")
    until_ready(process)
    process.send_signal(signal.SIGTERM)
    assert 128 + signal.SIGTERM == end_of(process)[0]
    assert "interrupted" == read_record(only_run(project))["status"]
    assert "interrupted" == worker(project, "child")["status"]

"""Going on with a run of an earlier process, or starting one that follows it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

import ledger
from ledger.contract.trials import decode_trials
from ledger.writer.current import join_running, start_again
from ledger.writer.reopen import remember, remembered
from make_repo import commit_files, git
from unit.writer.recording import (
    begin_training,
    end_of,
    ledger_command,
    read_record,
    read_rows,
    run_dirs,
    wait_until,
)


if TYPE_CHECKING:
    from pathlib import Path


def first(project: Path, **options: Any) -> Path:
    """Record a run that was interrupted after two rows; return its folder."""
    run = ledger.start("first", config={"lr": 1}, objective=("loss", "min"), **options)
    run.log(epoch=0, loss=0.5)
    run.log(epoch=1, loss=0.25)
    run.wait_for_capture()
    run.finish("interrupted")
    (folder,) = run_dirs(project)
    return folder


def test_a_run_goes_on_in_a_further_session(project: Path) -> None:
    folder = first(project)

    with start_again(folder.name, "first", config={"lr": 1}) as run:
        assert run.id == folder.name
        assert read_record(folder)["status"] == "running"
        assert "files" not in read_record(folder)
        run.log(epoch=2, loss=0.125, late=1)
        run.wait_for_capture()

    assert run_dirs(project) == [folder]
    assert [(row["epoch"], row["loss"]) for row in read_rows(folder)] == [
        ("0", "0.5"),
        ("1", "0.25"),
        ("2", "0.125"),
    ]
    record = read_record(folder)
    assert record["status"] == "finished"
    assert [session["end"] is not None for session in record["sessions"]] == [True, True]
    assert record["summary"]["loss"]["n"] == 3
    assert record["objective"] == {"metric": "loss", "goal": "min"}
    judged = ledger_command(project, "check", "--all", "--format", "json").stdout
    assert "LED104" not in judged
    assert "LED111" not in judged


def test_the_time_between_sessions_is_no_training(project: Path) -> None:
    folder = first(project)
    path = folder / "run.json"
    start = read_record(folder)["timestamp"]["start"]
    path.write_text(path.read_text().replace(start, "2020" + start[4:]))

    start_again(folder.name, "first", config={"lr": 1}).finish()

    record = read_record(folder)
    assert record["timestamp"]["start"].startswith("2020")
    hours = sum_of_sessions(record) / 3600
    assert record["metrics"]["training_time_hours"] == pytest.approx(hours, abs=0.01)


def sum_of_sessions(record: dict[str, Any]) -> float:
    def moment(text: str) -> float:
        return datetime.fromisoformat(text).timestamp()

    return sum(moment(each["end"]) - moment(each["start"]) for each in record["sessions"])


def commit_run(project: Path, folder: Path) -> None:
    """Put the run into HEAD, which counts as the base where there is none."""
    git(project, "add", "-A", "-f", "ledger")
    git(project, "commit", "-q", "-m", f"record {folder.name}")


def commit_on_a_branch(project: Path, folder: Path) -> None:
    """Put the run into HEAD, ahead of the base."""
    git(project, "branch", "base")
    git(project, "config", "ledger.base", "base")
    commit_run(project, folder)


def change_code(project: Path, _: Path) -> None:
    commit_files(project, {"train.py": "print('other')\n"})


def change_nothing(_: Path, __: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("between", "config", "why"),
    [
        (change_nothing, {"lr": 1}, None),
        (commit_on_a_branch, {"lr": 1}, None),
        (commit_run, {"lr": 1}, "is on the base"),
        (change_code, {"lr": 1}, "had other code"),
        (change_nothing, {"lr": 2}, "had another config"),
    ],
)
def test_a_run_that_cannot_change_is_followed_by_another(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    between: Any,
    config: dict[str, int],
    why: str | None,
) -> None:
    monkeypatch.delenv("LEDGER_QUIET")
    folder = first(project)
    before = (folder / "run.json").read_bytes()
    between(project, folder)

    with start_again(folder.name, "again", config=config) as run:
        run.log(epoch=2, loss=0.125)

    if why is None:
        assert run.id == folder.name
        assert read_record(folder)["summary"]["loss"]["n"] == 3
        return
    assert why in capsys.readouterr().err
    assert read_record(run.dir)["parent"] == folder.name
    assert run.id != folder.name
    assert (folder / "run.json").read_bytes() == before


@pytest.mark.usefixtures("project")
def test_a_run_that_still_runs_is_not_taken_over() -> None:
    running = ledger.start("first", config={"lr": 1})
    running.wait_for_capture()
    again = start_again(running.id, "second", config={"lr": 1})
    again.finish()
    running.finish()

    assert again.id != running.id
    assert read_record(again.dir)["parent"] == running.id


def test_a_killed_sweep_goes_on_where_it_was(project: Path) -> None:
    script = """
import ledger, time
run = ledger.start("sweep")
run.sweep.describe(tuner="random", objective=("loss", "min"))
attempt = run.sweep.begin("00", {"lr": 1})
attempt.log({"loss": 0.5}, params={"lr": 1}, epoch=0)
run.wait_for_capture()
print(run.id, flush=True)
time.sleep(600)
"""
    process = begin_training(project, script)
    assert process.stdout is not None
    run_id = process.stdout.readline().strip()
    (folder,) = run_dirs(project)
    with (folder / "metrics.csv").open("ab") as table:
        table.write(b"00,0,0,1,2.0,1,0.2")  # the row that the kill cut
    process.kill()
    end_of(process)
    wait_until(lambda: process.poll() is not None)

    with start_again(run_id, "sweep") as run:
        attempt = run.sweep.begin("00", {"lr": 1})
        attempt.log({"loss": 0.25}, params={"lr": 1}, epoch=0)
        attempt.end(score=0.25)

    assert run.id == run_id
    keys = [(row["attempt"], row["epoch"], row["loss"]) for row in read_rows(folder)]
    assert keys == [("0", "0", "0.5"), ("1", "0", "0.25")]
    log = decode_trials((folder / "trials.csv").read_bytes())
    assert [(each.attempt, each.status) for each in log] == [(0, "crashed"), (1, "finished")]
    assert read_record(folder)["sweep"] == {
        "tuner": "random",
        "n_trials": 1,
        "n_failed": 0,
        "best_trial": "00",
    }


OWNER = """
import sys
import ledger
from ledger.writer.current import join_running, start_again
options = {"config": {"n": 2}}
run = start_again(sys.argv[1], "s", **options) if sys.argv[1:] else ledger.start("s", **options)
with run:
    run.wait_for_capture()
    run.sweep.describe(tuner="random", objective=("loss", "min"))
    print(run.id, flush=True)
    input()
"""


def session(project: Path, *arguments: str, losses: list[float | None]) -> Path:
    """Let an owner record a sweep of which a worker runs trial 00, once for each of ``losses``."""
    owner = begin_training(project, OWNER, *arguments)
    assert owner.stdout is not None
    assert owner.stdin is not None
    run_id = owner.stdout.readline().strip()
    part = join_running(run_id, "tuner0")
    assert part is not None
    for loss in losses:
        attempt = part.sweep.begin("00", {"lr": 1})
        if loss is not None:
            attempt.log({"loss": loss}, params={"lr": 1}, epoch=0)
            attempt.end(score=loss)
    part.finish("failed", error=ValueError("no room"))
    owner.stdin.write("\n")
    owner.stdin.flush()
    code, _, said = end_of(owner)
    assert code == 0, said
    return next(folder for folder in run_dirs(project) if folder.name == run_id)


def test_a_run_of_several_processes_goes_on(project: Path) -> None:
    folder = session(project, losses=[0.5, None])
    before = {path.name: path.read_bytes() for path in folder.glob("*tuner0.*")}
    assert session(project, folder.name, losses=[0.25]) == folder

    assert {name: (folder / name).read_bytes() for name in before} == before
    keys = [(row["trial_id"], row["attempt"], row["loss"]) for row in read_rows(folder)]
    assert keys == [("00", "0", "0.5"), ("00", "2", "0.25")]
    record = read_record(folder)
    assert (record["status"], len(record["sessions"])) == ("finished", 2)
    assert record["sweep"]["n_trials"] == 1
    assert [line.split(":")[0] for line in record["warnings"]] == [
        "tuner0 failed",
        "tuner0-2 failed",
    ]
    judged = ledger_command(project, "check", "--all", "--format", "json").stdout
    assert "LED104" not in judged
    assert "LED111" not in judged


def test_a_run_with_a_thinned_table_goes_on_with_the_whole_one(project: Path) -> None:
    commit_files(project, {"ledger.toml": "max_table_mb = 0.01\n"})
    with ledger.start("first", config={"lr": 1}) as run:
        for step in range(1000):
            run.log(step=step, loss=1 / (1 + step))
        run.wait_for_capture()
    thinned = read_record(run.dir)["thinned"]["metrics.csv"]
    assert thinned["rows"] == 1000

    with start_again(run.id, "first", config={"lr": 1}) as again:
        assert again.dir == run.dir
        assert "thinned" not in read_record(run.dir)
        assert len(read_rows(run.dir)) == 1000
        again.log(step=1000, loss=0.0)

    record = read_record(run.dir)
    assert record["thinned"]["metrics.csv"]["rows"] == 1001
    assert record["summary"]["loss"]["n"] == 1001
    assert (project / thinned["path"]).exists()
    judged = ledger_command(project, "check", "--all", "--format", "json").stdout
    assert "LED104" not in judged

    (project / record["thinned"]["metrics.csv"]["path"]).write_text("changed")
    with start_again(run.id, "first", config={"lr": 1}) as other:
        assert other.id != run.id


def test_word_of_a_run_is_left_in_a_folder(tmp_path: Path) -> None:
    assert remembered(tmp_path) is None
    remember(tmp_path, "2026-02-01_1630_a-aaaaaaaa")
    assert remembered(tmp_path) == "2026-02-01_1630_a-aaaaaaaa"
    (tmp_path / "ledger.json").write_text("{")
    assert remembered(tmp_path) is None

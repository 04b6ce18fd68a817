"""Trials as they stand in metrics.csv, trials.csv and the record."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import ledger
from ledger.contract.trials import decode_trials
from unit.writer.recording import ledger_command, only_run, read_record, read_rows, read_tables


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.contract.trials import Trial
    from ledger.writer.run import Run

SPACE = {"lr": {"type": "Float", "min_value": 0.01}, "units": {"type": "Int"}}


def sweep_run(**options: Any) -> Run:
    """Return a run that has said what it tunes."""
    run = ledger.start("sweep", **options)
    objective = ("val_acc", "max")
    run.sweep.describe(tuner="Random", space=SPACE, max_trials=3, objective=objective)
    return run


def trials_of(project: Path) -> list[Trial]:
    return decode_trials((only_run(project) / "trials.csv").read_bytes())


def test_rows_are_told_apart_by_trial_attempt_execution_and_epoch(project: Path) -> None:
    with sweep_run() as run:
        for trial_id in ("00", "01"):
            attempt = run.sweep.begin(trial_id, {"lr": 0.1})
            for execution in (0, 1):
                metrics = {"loss": np.float32(0.5), "val_acc": 0.25}
                params = {"lr": 0.1, "units": 8}
                attempt.log(metrics, params=params, epoch=3, execution=execution)
            attempt.end(score=0.25, best_epoch=3, execution=1)

    (table,) = read_tables(only_run(project))
    assert table.header == (
        *("trial_id", "attempt", "execution", "epoch", "time"),
        *("lr", "units", "loss", "val_acc"),
    )
    assert read_rows(only_run(project))[1] == {
        "trial_id": "00",
        "attempt": "0",
        "execution": "1",
        "epoch": "3",
        "lr": "0.1",
        "units": "8",
        "loss": "0.5",
        "val_acc": "0.25",
    }
    roles = {
        name: entry["role"] for name, entry in read_record(only_run(project))["columns"].items()
    }
    assert roles == {
        **dict.fromkeys(("trial_id", "attempt", "execution", "epoch", "time"), "index"),
        "lr": "param",
        "units": "param",
        "loss": "metric",
        "val_acc": "metric",
    }


def test_the_log_says_how_each_attempt_ended(project: Path) -> None:
    with sweep_run() as run:
        first = run.sweep.begin("00", {"lr": 0.1})
        first.end(
            "failed", message="Traceback\n  oom, token=ghp_0123456789abcdefghijklmnopqrstuvwxyz"
        )
        first.end("finished", score=1.0)
        run.sweep.begin("00", {"lr": 0.1}).end(score=0.5, best_epoch=2, execution=0)
        run.sweep.begin("01").end("failed", score=math.nan, params={"units": 4, "opt": "sgd, fast"})
        run.sweep.begin("02")

    found = trials_of(project)
    assert [(each.trial_id, each.attempt, each.status) for each in found] == [
        ("00", 0, "failed"),
        ("00", 1, "finished"),
        ("01", 0, "failed"),
        ("02", 0, "interrupted"),
    ]
    assert found[0].message is not None
    assert found[0].message.startswith("Traceback\n  oom")
    assert "ghp_0123" not in found[0].message
    assert (found[1].score, found[1].best_epoch, found[1].execution) == (0.5, 2, 0)
    assert found[2].score is not None
    assert math.isnan(found[2].score)
    assert found[2].params == {"units": "4", "opt": "sgd, fast"}
    assert all(each.started is not None and each.ended is not None for each in found)


def test_the_record_sums_the_trials_up(project: Path) -> None:
    with sweep_run() as run:
        for trial_id, score in (("00", 0.5), ("01", 0.75), ("02", math.inf), ("03", 0.75)):
            run.sweep.begin(trial_id).end(score=score)
        run.sweep.begin("04").end("failed")

    record = read_record(only_run(project))
    assert record["objective"] == {"metric": "val_acc", "goal": "max"}
    assert record["sweep"] == {
        "tuner": "Random",
        "space": SPACE,
        "max_trials": 3,
        "n_trials": 5,
        "n_failed": 1,
        "best_trial": "01",
    }
    assert record["files"]["trials.csv"]["rows"] == 10


def test_a_trial_may_continue_another(project: Path) -> None:
    with sweep_run() as run:
        run.sweep.begin("00", {"lr": 0.1}).end(score=0.5)
        header = (run.dir / "trials.csv").read_text().splitlines()[0]
        assert "parent" not in header.split(",")
        run.sweep.begin("01", {"lr": 0.1, "parent": 3}, parent="00").end(score=0.75)

    first, second = trials_of(project)
    assert (first.parent, second.parent) == (None, "00")
    assert second.params == {"lr": "0.1", "param.parent": "3"}


def test_the_note_is_prefilled_from_the_trials(project: Path) -> None:
    with sweep_run() as run:
        run.sweep.begin("00", {"lr": 0.1}).end(score=0.5)
        run.sweep.begin("01").end(score=0.75, params={"lr": 0.01, "opt": "sgd"})
        run.sweep.begin("02").end("failed", message="Traceback …\nValueError: no room\n")
        run.sweep.begin("03").end("failed", message="the score is nan")
        run.sweep.begin("04").end("failed", message="ValueError: no room")
        run.sweep.begin("05").end("failed")
        run.sweep.begin("05").end(score=0.5)

    note = (only_run(project) / "run.md").read_text()
    best = "best trial 01, score 0.75: lr 0.01, opt sgd"
    assert f"[auto] 6 trials, 3 failed; {best}\n" in note
    told = "trials that failed: 02, 04: ValueError: no room; 03: the score is nan"
    assert f"## Risk/Anomaly\n\n[auto] {told}\n" in note


def test_the_note_shows_your_params_before_those_of_a_framework(project: Path) -> None:
    own = {"units": 4, "rate": 0.2507849209561544, "version": "1.2.3"}
    with sweep_run() as run:
        theirs = {f"tuner/{n}": n for n in range(5)}
        run.sweep.begin("00", {**theirs, **own}).end(score=0.5)

    note = (only_run(project) / "run.md").read_text()
    assert "score 0.5: units 4, rate 0.250785, version 1.2.3, tuner/0 0, " in note


@pytest.mark.usefixtures("project")
def test_the_note_of_a_sweep_tells_the_best_and_the_parents() -> None:
    def search(losses: list[float], **options: Any) -> Run:
        with sweep_run(**options) as run:
            for n, accuracy in enumerate(losses):
                attempt = run.sweep.begin(f"{n:02}", {"lr": n})
                attempt.log({"val_acc": accuracy}, params={"lr": n}, epoch=0)
                attempt.end(score=accuracy)
        return run

    before = search([0.25, 0.5, 0.125])
    after = search([0.5, 0.75, 0.25], parent=before.id)
    note = (after.dir / "run.md").read_text()
    assert f"[auto] val_acc best 0.75 at 0; {before.id} had 0.5 (+0.25, +50.00 %)\n" in note
    assert "[auto] 3 trials; best trial 01, score 0.75: lr 1\n" in note
    assert "last" not in note


def test_an_objective_of_the_run_stays(project: Path) -> None:
    with sweep_run(objective=("loss", "min")) as run:
        run.sweep.begin("0").end(score=1)
        run.sweep.begin("1").end(score=2)

    record = read_record(only_run(project))
    assert record["objective"] == {"metric": "loss", "goal": "min"}
    assert record["sweep"]["best_trial"] == "0"


def test_names_that_collide_are_kept_apart(project: Path) -> None:
    """A metric keeps its name; a param called like one, or like a column of ours, gives way."""
    params = {"loss": "mse", "epoch": 7, "status": "on", "trial_id": "x"}
    with sweep_run() as run:
        attempt = run.sweep.begin("0", params)
        attempt.log({"loss": 0.5, "time": 2}, params=params, epoch=0)
        attempt.end(params=params)

    (row,) = read_rows(only_run(project))
    assert row["loss"] == "0.5"
    assert row["metric.time"] == "2"
    assert (row["param.loss"], row["param.epoch"], row["status"]) == ("mse", "7", "on")
    columns = read_record(only_run(project))["columns"]
    assert columns["param.loss"] == {"role": "param", "original": "loss"}
    (trial,) = trials_of(project)
    assert (trial.status, trial.trial_id) == ("finished", "0")
    assert trial.params == {
        "loss": "mse",
        "epoch": "7",
        "param.status": "on",
        "param.trial_id": "x",
    }


def test_params_that_are_known_later_get_columns_of_their_own(project: Path) -> None:
    with sweep_run() as run:
        attempt = run.sweep.begin("0", {"lr": 0.1})
        attempt.log({"loss": 1.0}, params={"lr": 0.1}, epoch=0)
        attempt.log({"loss": 0.5, "val_acc": 0.5}, params={"lr": 0.1, "batch": 32}, epoch=1)
        attempt.end(params={"lr": 0.1, "batch": 32})

    first, second = read_rows(only_run(project))
    assert "batch" not in first
    assert (second["batch"], second["val_acc"]) == ("32", "0.5")
    (trial,) = trials_of(project)
    assert trial.params == {"lr": "0.1", "batch": "32"}


def test_secrets_among_params_are_not_written(project: Path) -> None:
    with sweep_run() as run:
        attempt = run.sweep.begin("0", {"api_key": "hunter22hunter22"})
        attempt.log({"loss": 1.0}, params={"api_key": "hunter22hunter22"}, epoch=0)

    for path in only_run(project).iterdir():
        assert b"hunter22" not in path.read_bytes()


def test_a_sweep_answers_and_passes_the_checks(project: Path) -> None:
    with sweep_run() as run:
        for trial_id, value in (("00", 0.5), ("01", 0.75)):
            attempt = run.sweep.begin(trial_id, {"lr": value})
            attempt.log({"val_acc": value}, params={"lr": value}, epoch=0)
            attempt.end(score=value, best_epoch=0)

    best = ledger.query("best val_acc per trial", path=project)
    assert [(row["trial_id"], row["value"]) for row in best] == [("01", 0.75), ("00", 0.5)]
    listed = ledger.query("trials", path=project)
    assert [(row["trial_id"], row["status"], row["score"]) for row in listed] == [
        ("00", "finished", 0.5),
        ("01", "finished", 0.75),
    ]
    judged = ledger_command(project, "check", "--all", "--format", "json").stdout
    assert "LED104" not in judged
    assert "LED111" not in judged


def test_a_failed_write_is_told_and_never_raised(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = sweep_run()
    in_the_way = only_run(project) / "trials.csv"
    in_the_way.mkdir()
    attempt = run.sweep.begin("0", {"lr": 1})
    attempt.log({"loss": 1.0}, epoch=0)
    in_the_way.rmdir()
    attempt.end(score=1)
    run.finish()

    assert "could not be written" in read_record(only_run(project))["incomplete"]
    assert "training goes on" in capsys.readouterr().err
    assert [(each.trial_id, each.status) for each in trials_of(project)] == [("0", "finished")]


def test_a_closed_run_takes_no_trials(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = sweep_run()
    attempt = run.sweep.begin("0")
    run.finish()
    before = (only_run(project) / "trials.csv").read_bytes()

    attempt.end(score=1)
    run.sweep.begin("1").log({"loss": 1.0}, epoch=0)

    assert (only_run(project) / "trials.csv").read_bytes() == before
    assert "not recorded" in capsys.readouterr().err


def test_trials_outlive_git_taking_the_folder_away(project: Path) -> None:
    """The second home holds the log, too: `git clean` and `stash -u` lose no trial."""
    run = sweep_run()
    run.sweep.begin("0", {"lr": 1}).end(score=1)
    folder = only_run(project)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    run.sweep.begin("1", {"lr": 2, "late": 3}).end(score=2)
    run.finish()

    log = decode_trials((run.dir / "trials.csv").read_bytes())
    assert [(each.trial_id, each.status) for each in log] == [("0", "finished"), ("1", "finished")]


def test_an_older_log_that_git_brings_back_takes_no_line_away(project: Path) -> None:
    """As `git stash -u` and `git stash pop` do: the folder is another one, its log a copy."""
    run = sweep_run()
    run.sweep.begin("0", {"lr": 1}).end(score=1)
    folder = only_run(project)
    held = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    run.sweep.begin("1", {"lr": 2}).end(score=2)
    folder.mkdir()
    for name, data in held.items():
        (folder / name).write_bytes(data)
    run.sweep.begin("2", {"lr": 3, "late": 4}).end(score=3)
    run.finish()

    assert [(each.trial_id, each.status) for each in trials_of(project)] == [
        ("0", "finished"),
        ("1", "finished"),
        ("2", "finished"),
    ]


def test_an_attempt_that_another_process_begins_is_counted(project: Path) -> None:
    """Its log may come at any moment, also after ours was the only one for a while."""
    run = sweep_run()
    run.sweep.begin("0").end()
    folder = only_run(project)
    long_ago = folder.stat().st_mtime_ns - 10**10
    os.utime(folder, ns=(long_ago, long_ago))
    assert run.sweep.begin("1").number == 0
    (folder / "trials.w1.csv").write_text("trial_id,attempt,status\n2,0,failed\n", "utf-8")
    assert run.sweep.begin("2").number == 1
    with (folder / "trials.w1.csv").open("a", encoding="utf-8") as log:
        log.write("3,0,failed\n3,1,failed\n")
    assert run.sweep.begin("3").number == 2
    run.finish()


def test_rows_of_steps_and_of_all_executions_are_told_apart(project: Path) -> None:
    with ledger.start("folds", objective=("mean_test_score", "max")) as run:
        attempt = run.sweep.begin("0")
        for execution in (0, 1):
            attempt.log({"test_score": 0.5 + execution / 4}, step=2, execution=execution)
        attempt.log({"mean_test_score": 0.625}, step=2, execution=None)
        attempt.end("pruned")

    (table,) = read_tables(only_run(project))
    assert table.header[:6] == ("trial_id", "attempt", "execution", "epoch", "step", "time")
    rows = [(row.get("execution"), row["step"]) for row in read_rows(only_run(project))]
    assert rows == [("0", "2"), ("1", "2"), (None, "2")]
    assert [each.status for each in trials_of(project)] == ["pruned"]
    sweep = read_record(only_run(project))["sweep"]
    assert (sweep["n_trials"], sweep["n_failed"], sweep["best_trial"]) == (1, 0, None)
    assert "LED104" not in ledger_command(project, "check", "--all").stdout
    best = list(ledger.query("best mean_test_score per trial", path=project))
    assert [(each["value"], each["step"]) for each in best] == [(0.625, 2)]


def test_a_trial_is_counted_once_however_many_attempts_it_has(project: Path) -> None:
    with ledger.start("counted") as run:
        assert run.sweep.n_trials == 0
        for trial_id in ("0", "1", "1"):
            run.sweep.begin(trial_id).end()
        assert run.sweep.n_trials == len({each.trial_id for each in trials_of(project)}) == 2

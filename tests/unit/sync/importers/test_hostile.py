"""Folders that no tool would leave: one clear line each, and nothing half imported."""

from __future__ import annotations

import json
import math
import os
from typing import TYPE_CHECKING

import pytest

from unit.sync.importers.imported import (
    only_run,
    record_in,
    rows_in,
    run_dirs,
    run_import,
    trials_in,
)
from unit.sync.importers.sources import LR, write_oracle, write_trial


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def refused(project: Path, *words: str) -> str:
    """Import, see that nothing came of it, and return the one line that was told."""
    done = run_import("keras-tuner", *words)
    assert 2 == done.exit_code, done.stderr
    assert "" == done.stdout
    assert [] == run_dirs(project)
    assert [] == [path.name for path in (project / "ledger").iterdir()]
    (line,) = done.stderr.splitlines()
    return line


def torn(folder: Path) -> None:
    path = write_trial(folder, "1")
    path.write_bytes(path.read_bytes()[:50])


def twice(folder: Path) -> None:
    write_trial(folder, "1", trial_id="0")


def deep(folder: Path) -> None:
    write_trial(folder, "1").write_text("[" * 100_000, encoding="utf-8")


def long_number(folder: Path) -> None:
    write_trial(folder, "1").write_text('{"score": ' + "9" * 5000 + "}", encoding="utf-8")


def no_trial(folder: Path) -> None:
    write_trial(folder, "1").write_text('{"name": "something else"}', encoding="utf-8")


def not_text(folder: Path) -> None:
    write_trial(folder, "1").write_bytes(b"\xff\xfe\x00")


def outside(folder: Path) -> None:
    secret = write_trial(folder.parent / "elsewhere", "1")
    (folder / "trial_1").symlink_to(secret.parent)


def pipe(folder: Path) -> None:
    write_trial(folder, "1").unlink()
    os.mkfifo(folder / "trial_1" / "trial.json")


def torn_oracle(folder: Path) -> None:
    (folder / "oracle.json").write_text('{"hyperpara', encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (torn, "past/trial_1/trial.json: is not JSON"),
        (twice, "past/trial_1/trial.json: is of trial '0', as trial_0 is"),
        (deep, "past/trial_1/trial.json: is not JSON"),
        (long_number, "past/trial_1/trial.json: is not JSON"),
        (no_trial, "past/trial_1/trial.json: is no trial of KerasTuner"),
        (not_text, "past/trial_1/trial.json: is not JSON"),
        (outside, "past/trial_1/trial.json: leads out of past"),
        (pipe, "past/trial_1/trial.json: is no file"),
        (torn_oracle, "past/oracle.json: is not JSON"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_broken_file_is_named_and_nothing_is_imported(
    project: Path, spoil: Callable[[Path], None], told: str
) -> None:
    folder = project / "past"
    write_oracle(folder)
    write_trial(folder, "0")
    spoil(folder)

    line = refused(project, "past")

    assert told in line
    assert "out of the folder" in line


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("nowhere", "no such file (give a project folder (with oracle.json),"),
        ("empty", "no search of KerasTuner, and holds 0 CSV files (give a project folder"),
    ],
)
def test_nothing_to_import_is_told(project: Path, given: str, told: str) -> None:
    (project / "empty").mkdir()

    assert told in refused(project, given)


def test_search_that_has_just_begun_is_told(project: Path) -> None:
    write_oracle(project / "past")

    assert "holds no trial yet" in refused(project, "past")


def test_a_bad_source_stops_no_good_one(project: Path) -> None:
    for name in ("bad", "good"):
        write_oracle(project / name)
        write_trial(project / name, "0")
    torn(project / "bad")

    done = run_import("keras-tuner", "bad", "good")

    assert 2 == done.exit_code
    assert "good" == record_in(only_run(project))["name"]


def test_missing_oracle_is_made_up_for_by_the_trials(project: Path) -> None:
    write_trial(project / "past", "0")
    write_trial(project / "past", "1", score=0.25, metrics={"metrics": {}})

    assert 0 == run_import("keras-tuner", "past").exit_code

    record = record_in(only_run(project))
    assert ["lr"] == [*record["sweep"]["space"]]  # type: ignore[index,call-overload,misc]  # JSON
    assert "oracle.json is missing" in str(record["warnings"])


def test_numbers_that_are_none_are_kept_as_what_they_are(project: Path) -> None:
    folder = project / "past"
    write_oracle(folder)
    nan = {"direction": "max", "observations": [{"value": [math.nan], "step": 0}]}
    huge = {"direction": "max", "observations": [{"value": [10**400], "step": 0}]}
    write_trial(folder, "0", score=math.nan, metrics={"metrics": {"val_acc": nan}})
    write_trial(folder, "1", score=10**400, metrics={"metrics": {"val_acc": huge}})
    write_trial(folder, "2")

    run_import("keras-tuner", "past")

    assert ["nan", "inf", "0.5"] == [row["val_acc"] for row in rows_in(only_run(project))]
    trials = trials_in(only_run(project))
    assert trials["0"].score is not None
    assert math.isnan(trials["0"].score)
    assert ("the score is nan", math.inf) == (trials["0"].message, trials["1"].score)
    assert "2" == record_in(only_run(project))["sweep"]["best_trial"]  # type: ignore[index,call-overload]


def test_huge_hyperparameters_and_names_that_are_paths_are_only_text(project: Path) -> None:
    folder = project / "past"
    write_oracle(folder)
    values = {"lr": 10**4000, "../../up": "/etc/passwd", "a,b\n": ["x", 1], "epoch": 3}
    write_trial(folder, "0", hyperparameters={"space": [], "values": values})
    path = write_trial(folder, "1", trial_id="../../evil\nid")

    assert 0 == run_import("keras-tuner", "past").exit_code, path

    trials = trials_in(only_run(project))
    assert {"0", "../../evil\nid"} == {*trials}
    assert "/etc/passwd" == trials["0"].params["../../up"]
    assert {"run.json", "run.md", "metrics.csv", "trials.csv"} == {
        path.name for path in only_run(project).iterdir()
    }
    columns = record_in(only_run(project))["columns"]
    assert "param.epoch" in columns  # type: ignore[operator]  # an object


def test_secrets_are_not_written_down(project: Path) -> None:
    folder = project / "past"
    key = "sk-ant-api03-" + "aB3dE5fG7h" * 9
    space = {
        "class_name": "Choice",
        "config": {"name": "api_key", "values": [key], "conditions": []},
    }
    write_oracle(folder, hyperparameters={"space": [space], "values": {"api_key": key}})
    write_trial(
        folder,
        "0",
        hyperparameters={"space": [space], "values": {"api_key": key, "host": f"u:{key}@h"}},
        status="FAILED",
        message=f"Traceback: OPENAI_KEY={key} https://me:{key}@host/",
        score=None,
        metrics={"metrics": {}},
    )

    run_import("keras-tuner", "past")

    written = b"".join(path.read_bytes() for path in only_run(project).iterdir())
    assert key.encode() not in written
    assert b"<redacted>" in written


def test_only_active_hyperparameters_are_params(project: Path) -> None:
    folder = project / "past"
    parent = {"class_name": "Parent", "config": {"name": "dropout", "values": [True]}}
    rate = {"class_name": "Float", "config": {"name": "rate", "conditions": [parent]}}
    write_oracle(folder)
    for trial_id, dropout in (("0", False), ("1", True)):
        values = {"lr": 0.1, "dropout": dropout, "rate": 0.5}
        write_trial(folder, trial_id, hyperparameters={"space": [LR, rate], "values": values})

    run_import("keras-tuner", "past")

    trials = trials_in(only_run(project))
    assert [False, True] == ["rate" in trials[each].params for each in ("0", "1")]


def test_search_that_did_not_end_says_so(project: Path) -> None:
    folder = project / "past"
    write_oracle(folder, ongoing_trials={"tuner0": "1"})
    write_trial(folder, "0")
    write_trial(folder, "1", status="RUNNING", score=None, metrics={"metrics": {}})

    run_import("keras-tuner", "past")

    record = record_in(only_run(project))
    assert ("interrupted", "interrupted") == (
        record.status,
        trials_in(only_run(project))["1"].status,
    )
    assert "1 trials had not ended: 1" in str(record["warnings"])


def test_attempts_that_nothing_is_left_of_are_counted(project: Path) -> None:
    folder = project / "past"
    write_oracle(folder, run_times={"0": 3})
    write_trial(folder, "0")

    run_import("keras-tuner", "past")

    assert 2 == trials_in(only_run(project))["0"].attempt
    assert ["2"] == [row["attempt"] for row in rows_in(only_run(project))]


def test_objective_that_several_metrics_may_be_is_not_guessed(project: Path) -> None:
    folder = project / "past"
    same = {"direction": "max", "observations": [{"value": [0.5], "step": 0}]}
    write_oracle(folder)
    write_trial(folder, "0", metrics={"metrics": {"accuracy": same, "val_accuracy": same}})

    run_import("keras-tuner", "past")

    record = record_in(only_run(project))
    assert record.objective is None
    assert "which metric was the objective" in str(record["warnings"])
    assert "max" == record["columns"]["val_accuracy"]["goal"]  # type: ignore[index,call-overload]


def test_times_that_the_search_showed_are_taken(project: Path) -> None:
    folder = project / "past"
    display = {"search_start": "2024-05-01T10:00:00", "trial_start": {"0": "2024-05-01T10:00:05"}}
    write_oracle(folder, display=display)
    write_trial(folder, "0")

    run_import("keras-tuner", "past")

    started = record_in(only_run(project)).started
    assert started.startswith(("2024-04-30", "2024-05-01"))
    assert only_run(project).parent.name == started[:7]
    trial = trials_in(only_run(project))["0"]
    assert trial.started is not None
    assert "05.000+00:00" in trial.started


def test_table_of_a_line_that_is_no_number_is_refused(project: Path) -> None:
    table = project / "moons_master_log.csv"
    table.write_text("trial_id,epoch,lr,val_acc\n0,1,0.1,0.5\n0,2,0.1,6.1e\n", encoding="utf-8")
    write_oracle(project / "moons")
    write_trial(project / "moons", "0")

    line = refused(project, "moons")

    assert "moons_master_log.csv:3: val_acc: '6.1e' is not a number" in line


def test_names_that_are_no_text_are_kept_as_far_as_they_are(project: Path) -> None:
    folder = project / os.fsdecode(b"past\xff")
    write_oracle(folder)
    write_trial(folder, "0", hyperparameters={"space": [], "values": {"\ud800": "\ud801"}})

    assert 0 == run_import("keras-tuner", folder).exit_code

    assert {"?": "?"} == trials_in(only_run(project))["0"].params


def test_space_that_makes_no_record_is_refused_whole(project: Path) -> None:
    folder = project / "past"
    wide = {"class_name": "Choice", "config": {"name": "k", "values": ["x" * 1000] * 20_000}}
    write_oracle(folder, hyperparameters={"space": [LR, wide], "values": {}})
    write_trial(folder, "0")

    done = run_import("keras-tuner", "past")

    assert 2 == done.exit_code
    assert "past: cannot be kept as a record" in done.stderr
    assert [] == [path.name for path in (project / "ledger").glob("*/*")]


def test_values_that_are_nested_for_ever_are_text(project: Path) -> None:
    folder = project / "past"
    nested: object = 1
    for _ in range(300):
        nested = [nested]
    deep = {"class_name": "Choice", "config": {"name": "k", "values": nested}}
    write_oracle(folder, hyperparameters={"space": [LR, deep], "values": {}})
    write_trial(folder, "0", hyperparameters={"space": [], "values": {"deep": nested}})

    assert 0 == run_import("keras-tuner", "past").exit_code

    assert "[" * 300 in trials_in(only_run(project))["0"].params["deep"]


@pytest.mark.slow
def test_ten_thousand_trials(project: Path) -> None:
    folder = project / "past"
    write_oracle(folder)
    text = write_trial(folder, "0").read_text(encoding="utf-8")
    document = json.loads(text)
    for number in range(1, 10_000):
        path = folder / f"trial_{number:04d}" / "trial.json"
        path.parent.mkdir()
        path.write_text(json.dumps(document | {"trial_id": f"{number:04d}"}), encoding="utf-8")

    assert 0 == run_import("keras-tuner", "past").exit_code

    assert 10_000 == len(trials_in(only_run(project)))

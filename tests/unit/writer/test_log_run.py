"""The one-call form for scripts that record at their end."""

from __future__ import annotations

import argparse
import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ledger
from make_repo import make_repo
from unit.writer.recording import make_project, only_run, read_record, read_rows, run_dirs, train


CONFIG = {"lr": 0.1, "seed": 7}


def test_the_record_is_in_the_ledger_and_a_copy_beside_the_outputs(project: Path) -> None:
    (project / "outputs").mkdir()
    (project / "outputs" / "model.pt").write_bytes(b"w")
    told = ledger.log_run("exp1", CONFIG, {"test_acc": 0.5}, "outputs")
    run_dir = only_run(project)
    assert "exp1" == run_dir.name == told["run_id"]
    assert (run_dir / "run.json").read_bytes() == (project / "outputs/run.json").read_bytes()
    record = read_record(run_dir)
    assert ("finished", ["test_acc"], 0.5) == (
        record["status"],
        record["stated"],
        record["metrics"]["test_acc"],
    )
    assert "outputs" == record["artifacts"]["output"]["path"]
    assert "outputs/model.pt" == record["artifacts"]["model"]["path"]
    assert record["artifacts"]["model"]["hash"]
    assert 7 == record["random"]["seed"]
    assert record["git"]["commit"]


def test_the_start_is_that_of_the_process_and_the_hours_follow(project: Path) -> None:
    ledger.log_run("exp1", {}, {}, "outputs")
    record = read_record(only_run(project))
    start, end = (datetime.fromisoformat(record["timestamp"][key]) for key in ("start", "end"))
    told = timedelta(hours=record["metrics"]["training_time_hours"])
    assert abs(end - start - told) < timedelta(seconds=2)
    assert told > timedelta(0)


def test_a_history_becomes_rows(project: Path) -> None:
    history = {"loss": [2.0, 1.0, 1.5], "val_acc": (0.5, 0.75), "lr": np.array([0.1, 0.1, 0.01])}
    ledger.log_run("exp1", {}, {**history, "test_acc": np.float32(0.5)}, "outputs")
    assert [
        {"epoch": "0", "loss": "2.0", "val_acc": "0.5", "lr": "0.1"},
        {"epoch": "1", "loss": "1.0", "val_acc": "0.75", "lr": "0.1"},
        {"epoch": "2", "loss": "1.5", "lr": "0.01"},
    ] == read_rows(only_run(project))
    record = read_record(only_run(project))
    assert (["test_acc"], 1.0) == (record["stated"], record["summary"]["loss"]["min"])


def test_a_second_call_overwrites_nothing(project: Path) -> None:
    ledger.log_run("exp1", CONFIG, {"acc": 0.5}, "outputs")
    (project / "outputs/run.md").write_text("my note about the first")
    first = only_run(project)
    before = {path: path.read_bytes() for path in [*first.iterdir(), project / "outputs/run.json"]}
    ledger.log_run("exp1", CONFIG, {"acc": 0.75}, "outputs")
    assert before == {path: path.read_bytes() for path in before}
    (second,) = set(run_dirs(project)) - {first}
    assert ("exp1", 0.75) == (read_record(second)["name"], read_record(second)["metrics"]["acc"])
    assert "my note" not in (second / "run.md").read_text()


def test_an_illegal_id_becomes_the_name(project: Path) -> None:
    ledger.log_run("my run/1 ü", CONFIG, {"acc": 0.5}, "outputs")
    record = read_record(only_run(project))
    assert "my run/1 ü" == record["name"]
    assert "my_run_1_u" in record["run_id"]


def test_a_note_written_before_goes_with_the_run(project: Path) -> None:
    (project / "outputs").mkdir()
    (project / "outputs/run.md").write_text("what I thought")
    ledger.log_run("exp1", CONFIG, {"acc": 0.5}, "outputs")
    assert "what I thought" == (only_run(project) / "run.md").read_text()


@pytest.mark.parametrize(
    "config",
    [argparse.Namespace(lr=0.1, path=Path("a")), {"lr": 0.1, "path": Path("a")}],
)
def test_a_config_of_any_kind_is_taken(project: Path, config: Any) -> None:
    ledger.log_run("exp1", config, {"acc": 0.5}, "outputs")
    assert {"lr": 0.1, "path": "a"} == read_record(only_run(project))["config"]["resolved"]


def test_a_config_that_cannot_be_read_costs_the_config_only(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.log_run("exp1", 3, {"acc": 0.5}, "outputs")  # type: ignore[arg-type]  # what is refused
    assert {} == read_record(only_run(project))["config"]["resolved"]
    assert "config is not recorded" in capsys.readouterr().err


def test_data_is_found_in_the_config(project: Path) -> None:
    (project / "d.csv").write_bytes(b"1\n")
    ledger.log_run("exp1", {"data_path": "d.csv"}, {}, "outputs")
    data = read_record(only_run(project))["data"]
    assert ("d.csv", 2) == (data["path"], data["bytes"])


def test_metrics_that_are_no_numbers_cost_only_themselves(project: Path) -> None:
    metrics = {"acc": 0.5, "nan": float("nan"), "report": {"a": 1}, "none": None}
    ledger.log_run("exp1", {}, metrics, "outputs")
    found = read_record(only_run(project))["metrics"]
    assert (0.5, "nan") == (found["acc"], found["nan"])
    assert "report" not in found


def test_an_output_folder_of_the_ledger_is_the_runs_own(project: Path) -> None:
    output = project / "ledger" / "2026-02" / "2026-02-01_1630_mine-aaaaaaaa"
    ledger.log_run("mine", CONFIG, {"acc": 0.5}, output)
    assert output == only_run(project)
    assert output.name == read_record(output)["run_id"]


@pytest.mark.parametrize("has_repository", [False, True])
@pytest.mark.parametrize("is_relative", [False, True])
def test_without_a_ledger_the_record_is_beside_the_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_repository: bool, is_relative: bool
) -> None:
    """Outside a repository, and in one without a remote: nothing is lost."""
    folder = make_repo(tmp_path, {"train.py": ""}) if has_repository else tmp_path
    monkeypatch.chdir(folder)
    output = Path("out") if is_relative else folder / "out"
    ledger.log_run("exp1", CONFIG, {"acc": 0.5}, output)
    record = read_record(folder / "out")
    assert (0.5, "finished") == (record["metrics"]["acc"], record["status"])
    assert has_repository == (record["git"]["commit"] is not None)
    assert "warnings" not in record
    assert (folder / "out" / record["environment"]["pip_freeze_path"]).exists()


def test_a_second_call_without_a_ledger_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ledger.log_run("exp1", CONFIG, {"acc": 0.5}, "out")
    before = (tmp_path / "out/run.json").read_bytes()
    ledger.log_run("exp1", CONFIG, {"acc": 0.75}, "out")
    assert before == (tmp_path / "out/run.json").read_bytes()
    (second,) = (tmp_path / "out").glob("*/run.json")
    assert 0.75 == json.loads(second.read_bytes())["metrics"]["acc"]


def test_a_full_disk_never_costs_the_outputs(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    script = """
import resource, ledger, os
os.makedirs("outputs")
open("outputs/model.pt", "w").write("weights")
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
try:
    ledger.log_run("exp1", {}, {"acc": 0.5}, "outputs")
except ledger.LedgerError as error:
    print(error)
"""
    done = train(project, script)
    assert 0 == done.returncode, done.stderr
    assert "cannot be written" in done.stdout
    assert "weights" == (project / "outputs/model.pt").read_text()


def test_outputs_that_cannot_be_made_cost_no_record(project: Path) -> None:
    (project / "outputs").write_text("a file is in the way")
    ledger.log_run("exp1", CONFIG, {"acc": 0.5}, "outputs")
    assert 0.5 == read_record(only_run(project))["metrics"]["acc"]


def test_the_banner_says_where_the_note_is(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEDGER_QUIET")
    ledger.log_run("exp1", CONFIG, {"acc": 0.5}, "outputs")
    said = capsys.readouterr()
    assert "[OK] Experiment completed" in said.err
    assert f"[NOTE] Write the summary, two minutes: {only_run(project) / 'run.md'}" in said.err
    assert "" == said.out


def test_a_template_is_made_once_and_told(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEDGER_QUIET")
    path = ledger.create_run_md_template("outputs", "exp1")
    assert path.read_text().startswith("# Run: exp1\n")
    path.write_text("mine")
    assert path == ledger.create_run_md_template("outputs", "exp1")
    assert "mine" == path.read_text()
    assert 2 == capsys.readouterr().err.count(str(path))
    assert project.exists()


def test_a_template_for_a_recorded_run_is_its_own_note(project: Path) -> None:
    ledger.log_run("exp1", CONFIG, {"acc": 0.5}, "outputs")
    assert only_run(project) / "run.md" == ledger.create_run_md_template("outputs", "exp1")


def test_a_copy_that_fails_is_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "outputs" / "run.json").mkdir(parents=True)
    ledger.log_run("exp1", CONFIG, {"acc": 0.5}, "outputs")
    assert "run.json" in capsys.readouterr().err
    assert 0.5 == read_record(only_run(project))["metrics"]["acc"]
    assert os.path.isdir("outputs/run.json")

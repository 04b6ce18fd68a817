"""A distributed search of the real KerasTuner: a chief and two workers, each a process."""

from __future__ import annotations

import csv
import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import ledger
from ledger.contract.trials import decode_trials
from ledger.integrations.tuner_processes import is_chief_gone
from make_repo import commit_files
from unit.writer.recording import ledger_command, only_run, read_record, read_rows


if TYPE_CHECKING:
    from pathlib import Path

REASON = "the group is not installed: uv run --group test --group keras pytest tests/integrations"
pytest.importorskip("keras_tuner", reason=REASON)
pytestmark = pytest.mark.timeout(240)

SCRIPT = """
import os, pathlib, time
import grpc
import keras_tuner
from ledger.integrations.keras_tuner import attach

class Parabola(keras_tuner.RandomSearch):
    def run_trial(self, trial):
        x = trial.hyperparameters.Float("x", -2.0, 2.0)
        return {"height": x * x}

objective = keras_tuner.Objective("height", "min")
tuner = Parabola(objective=objective, max_trials=6, directory="tuning", project_name="p", seed=1)
attach(tuner, name="parabola", config={"n": 6})
# a worker that comes when all trials are done would wait for a chief that is gone
pathlib.Path("tuning", os.environ["KERASTUNER_TUNER_ID"] + ".here").touch()
while len(list(pathlib.Path("tuning").glob("*.here"))) < 3:
    time.sleep(0.05)
try:
    tuner.search()
except grpc.RpcError as error:
    # KerasTuner's chief takes a worker off its list before "no more trials" has reached it, and
    # may be gone by then: a search that ends so has done all its trials
    if "chief" in os.environ["KERASTUNER_TUNER_ID"] or error.code() != grpc.StatusCode.UNAVAILABLE:
        raise
    print("the chief was gone first")
"""


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_a_chief_and_its_workers_are_one_run(project: Path) -> None:
    commit_files(project, {"tune.py": SCRIPT})
    shared = {"KERASTUNER_ORACLE_IP": "127.0.0.1", "KERASTUNER_ORACLE_PORT": free_port()}
    processes = [
        subprocess.Popen(
            [sys.executable, "tune.py"],
            cwd=project,
            env={**os.environ, **shared, "KERASTUNER_TUNER_ID": tuner_id},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for tuner_id in ("chief", "tuner0", "tuner1")
    ]
    try:
        said = [process.communicate(timeout=200)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0, 0], said

    folder = only_run(project)
    record = read_record(folder)
    assert record["status"] == "finished"
    assert (record["sweep"]["n_trials"], record["sweep"]["n_failed"]) == (6, 0)
    assert record["objective"] == {"metric": "height", "goal": "min"}
    assert not any("still runs" in line for line in record.get("warnings", []))
    logs = sorted(path.name for path in folder.glob("trials.*csv"))
    assert set(logs) <= {"trials.tuner0.csv", "trials.tuner1.csv"}
    trials = [each for name in logs for each in decode_trials((folder / name).read_bytes())]
    assert sorted(each.trial_id for each in trials) == ["0", "1", "2", "3", "4", "5"]
    assert all(each.status == "finished" and each.score is not None for each in trials)
    best = list(ledger.query("best height per trial", path=project))
    assert len(best) == 6
    assert best[0]["value"] == min(each.score for each in trials if each.score is not None)
    (manifest,) = (project.parent / "registry").glob("*.json")
    told = json.loads(manifest.read_bytes())
    assert (told["status"], told["project_name"]) == ("completed", record["run_id"])
    with open(told["csv_path"], encoding="utf-8", newline="") as file:
        merged = list(csv.DictReader(file))
    assert sorted(row["trial_id"] for row in merged) == ["0", "1", "2", "3", "4", "5"]
    assert {row["height"] for row in merged} == {row["height"] for row in read_rows(folder)}
    judged = ledger_command(project, "check", "--all", "--format", "json").stdout
    assert "LED104" not in judged
    assert "LED111" not in judged


def test_a_chief_that_is_gone_is_told_from_other_errors() -> None:
    grpc = pytest.importorskip("grpc", reason=REASON)
    with grpc.insecure_channel(f"127.0.0.1:{free_port()}") as channel:
        with pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary("/Oracle/CreateTrial")(b"", timeout=60)
        assert is_chief_gone(caught.value)
    assert not is_chief_gone(ValueError("no room"))

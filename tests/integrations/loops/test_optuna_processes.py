"""Processes that share the storage of a study of real Optuna: one run, a file for each worker."""

from __future__ import annotations

import ast
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from ledger.contract.trials import decode_trials
from ledger.contract.worker import encode_worker
from ledger.integrations import study_processes
from ledger.integrations.optuna import attach
from ledger.writer.record_file import now_text
from ledger.writer.worker_files import claim_named, living_workers
from make_repo import commit_files
from unit.writer.recording import LIMIT_SECONDS, ledger_command, only_run, read_record, run_dirs


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.contract.trials import Trial

REASON = "the group is not installed: uv run --group test --group loops pytest tests/integrations"
optuna = pytest.importorskip("optuna", reason=REASON)
# SQLAlchemy leaves connections to the collector
pytestmark = [pytest.mark.timeout(240), pytest.mark.filterwarnings("default")]

SCRIPT = """
import os, pathlib, sys, time
import optuna
from ledger.integrations.optuna import attach, autolog

kind, door, me, n_workers, n_trials = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
if kind == "sqlite":
    storage = optuna.storages.RDBStorage("sqlite:///study.db")
else:
    backend = optuna.storages.journal.JournalFileBackend("study.log")
    storage = optuna.storages.JournalStorage(backend)
study = optuna.load_study(study_name="shared", storage=storage)

def everybody_has(word, n):
    deadline = time.monotonic() + 60
    while len(list(pathlib.Path("here").glob(f"*.{word}"))) < n:
        assert time.monotonic() < deadline
        time.sleep(0.02)

def objective(trial):
    x = trial.suggest_float("x", -2, 2)
    trial.report(x * x, 0)
    if not pathlib.Path("here", f"{me}.began").exists():
        pathlib.Path("here", f"{me}.began").touch()
        everybody_has("began", n_workers)
        if me == "killed":
            time.sleep(3600)
    return x * x

pathlib.Path("here", f"{me}.ready").touch()
everybody_has("ready", n_workers)
if door == "attach":
    with attach(study, config={"n": 1}):
        study.optimize(objective, n_trials=n_trials)
else:
    autolog(config={"n": 1})
    study.optimize(objective, n_trials=n_trials)
"""


@pytest.fixture
def shared(project: Path) -> Path:
    commit_files(project, {"tune.py": SCRIPT, ".gitignore": "study.*\nhere/\n__pycache__/\n"})
    (project / "here").mkdir()
    return project


def create(kind: str, folder: Path) -> None:
    """Make the study; processes that do so at once would race for the tables of SQLite."""
    if kind == "sqlite":
        storage = optuna.storages.RDBStorage(f"sqlite:///{folder}/study.db")
    else:
        backend = optuna.storages.journal.JournalFileBackend(str(folder / "study.log"))
        storage = optuna.storages.JournalStorage(backend)
    optuna.create_study(study_name="shared", storage=storage)


def begin(
    folder: Path, kind: str, me: str, *, n_workers: int, n_trials: int, door: str = "attach"
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "tune.py", kind, door, me, str(n_workers), str(n_trials)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def trials_of(run: Path) -> dict[str, list[Trial]]:
    return {path.name: decode_trials(path.read_bytes()) for path in run.glob("trials*.csv")}


@pytest.mark.parametrize(("kind", "door"), [("sqlite", "attach"), ("journal", "autolog")])
def test_processes_that_begin_at_once_are_one_run(shared: Path, kind: str, door: str) -> None:
    create(kind, shared)
    workers = [begin(shared, kind, str(n), n_workers=3, n_trials=4, door=door) for n in range(3)]
    try:
        said = [each.communicate(timeout=LIMIT_SECONDS * 3)[0] for each in workers]
    finally:
        for each in workers:
            each.kill()
    assert [each.returncode for each in workers] == [0, 0, 0], said

    run = only_run(shared)
    record, logs = read_record(run), trials_of(run)
    assert len(logs) == 3
    assert {len(each) for each in logs.values()} == {4}
    trials = [trial for each in logs.values() for trial in each]
    assert sorted(int(each.trial_id) for each in trials) == [*range(12)]
    assert {each.status for each in trials} == {"finished"}
    assert record["status"] == "finished"
    assert record["objective"] == {"metric": "value", "goal": "min"}
    assert (record["sweep"]["n_trials"], record["sweep"]["n_failed"]) == (12, 0)
    best = min(trials, key=lambda each: each.score if each.score is not None else 9.0)
    assert record["sweep"]["best_trial"] == best.trial_id
    assert not any("lost" in line for line in record.get("warnings", []))
    judged = ledger_command(shared, "check", "--all", "--format", "json").stdout
    assert "LED104" not in judged
    assert "LED111" not in judged


@pytest.mark.parametrize("is_owner", [True, False])
def test_a_process_that_is_killed_takes_nobody_with_it(shared: Path, is_owner: bool) -> None:
    """Whoever begins first owns the run."""
    create("sqlite", shared)
    names = ("killed", "lives") if is_owner else ("lives", "killed")
    workers = {}
    try:
        for name in names:
            workers[name] = begin(shared, "sqlite", name, n_workers=2, n_trials=3)
            # `ready` is a word of both, so the second is let in when the first owns the run
            (shared / "here" / f"{len(workers)}.ready").touch()
            wait_for_run(shared, workers[name])
        for name in names:
            wait_for(shared / "here" / f"{name}.began")
        os.kill(workers["killed"].pid, signal.SIGKILL)
        said = workers["lives"].communicate(timeout=LIMIT_SECONDS * 3)[0]
    finally:
        for each in workers.values():
            each.kill()
            each.wait()
    assert workers["lives"].returncode == 0, said

    (run,) = run_dirs(shared)
    if is_owner:
        assert ledger_command(shared, "seal", "@latest").returncode == 0
    record = read_record(run)
    trials = {each.trial_id: each for log in trials_of(run).values() for each in log}
    assert len(trials) == record["sweep"]["n_trials"] == 4
    assert record["status"] == ("crashed" if is_owner else "finished")
    finished = [each for each in trials.values() if each.status == "finished"]
    assert len(finished) == 3
    assert all(each.score is not None for each in finished)


def test_a_storage_that_fails_while_others_are_waited_for_ends_nothing(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shared)
    monkeypatch.setattr(study_processes, "SECONDS_WITHOUT_TRIAL", 0.5)
    storage = f"sqlite:///{shared / 'gone.db'}"
    study = optuna.create_study(storage=storage, study_name="gone")
    told = "from ledger.capture.process import this_process as now; print(now().to_json()); input()"
    other = subprocess.Popen(
        [sys.executable, "-c", told], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None

    def lose(*_: object) -> None:
        with contextlib.closing(sqlite3.connect(shared / "gone.db")) as database, database:
            database.execute("DROP TABLE trial_params")

    with attach(study) as run:
        facts = {**ast.literal_eval(other.stdout.readline()), "status": "running", "columns": {}}
        moments = dict.fromkeys(("started", "heartbeat"), now_text())
        claim_named(run.dir, "optuna-other-1", encode_worker({**facts, **moments}))
        assert [each.name for each in living_workers(run.dir)] == ["optuna-other-1"]
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1, callbacks=[lose])
        other.communicate("\n")


def wait_for_run(folder: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a run is there, so that who begins next joins it."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not (folder / "ledger").exists() or not list(folder.glob("ledger/*/*/run.json")):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)

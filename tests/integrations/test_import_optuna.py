"""Real studies of Optuna, imported from the storages it has."""

from __future__ import annotations

import contextlib
import json
import math
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from ledger.cli.main import main
from unit.reader.builders import add_run
from unit.sync.importers.imported import (
    only_run,
    record_in,
    rows_in,
    run_dirs,
    run_import,
    trials_in,
)


if TYPE_CHECKING:
    from pathlib import Path

REASON = "the group is not installed: uv run --group test --group loops pytest tests/integrations"
optuna = pytest.importorskip("optuna", reason=REASON)
# Optuna's own, of what it calls experimental
pytestmark = pytest.mark.filterwarnings("default")

N = 6


@pytest.fixture(autouse=True)
def _quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def objective(trial: Any) -> float:
    """One trial of each kind: pruned, failed, with a choice that is None, with notes."""
    x = trial.suggest_float("x", 0.1, 1.0, log=True)
    kind = trial.suggest_categorical("kind", ["a", None])
    trial.set_user_attr("seconds", trial.number / 2)
    trial.set_user_attr("host", f"node{trial.number}")
    for step in range(2):
        trial.report(x + step, step)
    if trial.number == 1:
        raise optuna.TrialPruned
    if trial.number == 2:
        message = "no luck"
        raise ValueError(message)
    return x + (kind is None)


def study_in(storage: object, name: str = "moons", n: int = N) -> Any:
    sampler = optuna.samplers.RandomSampler(seed=7)
    study = optuna.create_study(
        storage=storage, study_name=name, sampler=sampler, load_if_exists=True
    )
    study.set_user_attr("team", "vision")
    study.optimize(objective, n_trials=n, catch=ValueError)
    return study


def in_sqlite(project: Path) -> Any:
    return study_in(f"sqlite:///{project / 'past.db'}")


def in_journal(project: Path) -> Any:
    backend = optuna.storages.journal.JournalFileBackend(str(project / "past.db"))
    return study_in(optuna.storages.JournalStorage(backend))


@pytest.mark.parametrize("make", [in_sqlite, in_journal], ids=["sqlite", "journal"])
def test_every_trial_is_as_optuna_tells_it(project: Path, make: Any) -> None:
    study = make(project)

    assert 0 == run_import("optuna", "past.db").exit_code

    run_dir = only_run(project)
    trials, rows = trials_in(run_dir), rows_in(run_dir)
    assert [str(number) for number in range(N)] == [*trials]
    status = {"COMPLETE": "finished", "PRUNED": "pruned", "FAIL": "failed"}
    for frozen in study.trials:
        trial = trials[str(frozen.number)]
        assert status[frozen.state.name] == trial.status
        assert (frozen.value if trial.status == "finished" else None) == trial.score
        shown = {name: str(item) for name, item in frozen.params.items()}
        assert shown == trial.params
        own = [row for row in rows if row["trial_id"] == trial.trial_id]
        reported = {row["step"]: row["intermediate_value"] for row in own if row["step"]}
        assert {str(s): repr(v) for s, v in frozen.intermediate_values.items()} == reported
        (final,) = [row for row in own if not row["step"]]
        assert repr(frozen.user_attrs["seconds"]) == final["seconds"]
        assert frozen.user_attrs["host"] == final["host"]
        assert trial.started is not None
        assert trial.ended is not None
        assert trial.started <= trial.ended
    assert "pruned at step 1" in str(trials["1"].message)


def test_record_says_what_the_study_was(project: Path) -> None:
    study = in_sqlite(project)

    run_import("optuna", f"sqlite:///{project / 'past.db'}")

    record = record_in(only_run(project))
    assert (("value", "min"), "finished") == (record.objective, record.status)
    sweep: Any = record["sweep"]
    assert str(study.best_trial.number) == sweep["best_trial"]
    assert {"type": "FloatDistribution", "low": 0.1, "high": 1.0, "log": True} == sweep["space"][
        "x"
    ]
    assert {"team": "vision"} == sweep["user_attrs"]
    assert (N, 1) == (sweep["n_trials"], sweep["n_failed"])
    columns: Any = record["columns"]
    roles = [columns[name]["role"] for name in ("step", "x", "value", "seconds", "host")]
    assert ["index", "param", "metric", "metric", "meta"] == roles
    assert "min" == columns["intermediate_value"]["goal"]
    origin: Any = record["imported_from"]
    assert ("optuna", "past.db", "moons") == (origin["tool"], origin["uri"], origin["id"])


def test_questions_have_the_answers_of_optuna(project: Path) -> None:
    study = in_sqlite(project)
    run_import("optuna", "past.db")

    done = CliRunner().invoke(main, ["query", "best value per trial", "--format", "json"])

    rows = json.loads(done.stdout)["rows"]
    ranked = sorted(
        (each for each in study.trials if each.state.name == "COMPLETE"), key=lambda e: e.value
    )
    assert [(str(e.number), e.value) for e in ranked] == [(r["trial_id"], r["value"]) for r in rows]
    assert 0 == CliRunner().invoke(main, ["check", "--all"]).exit_code
    run_id = only_run(project).name
    compared = CliRunner().invoke(main, ["compare", f"{run_id}#0", f"{run_id}#3"])
    assert 0 == compared.exit_code, compared.stderr


def test_several_objectives_have_a_goal_each_and_no_best(project: Path) -> None:
    study = optuna.create_study(
        storage=f"sqlite:///{project / 'past.db'}",
        study_name="two",
        directions=["minimize", "maximize"],
    )
    study.optimize(lambda t: (t.suggest_float("x", 0, 1), t.number), n_trials=3)

    assert 0 == run_import("optuna", "past.db").exit_code

    record = record_in(only_run(project))
    columns: Any = record["columns"]
    assert (None, "min", "max") == (
        record.objective,
        columns["values_0"]["goal"],
        columns["values_1"]["goal"],
    )
    assert "2 objectives" in str(record["warnings"])
    sweep: Any = record["sweep"]
    assert sweep["best_trial"] is None
    assert all(trial.score is None for trial in trials_in(only_run(project)).values())


def test_names_of_metrics_are_used(project: Path) -> None:
    study = optuna.create_study(storage=f"sqlite:///{project / 'past.db'}", direction="maximize")
    study.set_metric_names(["val_acc"])
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=2)

    run_import("optuna", "past.db")

    assert ("val_acc", "max") == record_in(only_run(project)).objective


def test_study_that_was_recorded_while_it_ran_is_not_imported(project: Path) -> None:
    study = in_sqlite(project)
    run_id = add_run(project, "live")
    study.set_user_attr("ledger.run_id", run_id)

    done = run_import("optuna", "past.db")

    assert (0, "") == (done.exit_code, done.stdout)
    assert f"was recorded as {run_id} while it ran" in done.stderr


def test_one_study_or_all(project: Path) -> None:
    storage = f"sqlite:///{project / 'past.db'}"
    for name in ("first", "second"):
        study_in(storage, name, 1)

    run_import("optuna", "past.db", "--study", "second")
    assert "second" == record_in(only_run(project))["name"]
    unknown = run_import("optuna", "past.db", "--study", "third")
    run_import("optuna", "past.db")

    assert ["first", "second"] == sorted(str(record_in(d)["name"]) for d in run_dirs(project))
    assert 1 == len(unknown.stderr.splitlines())
    assert "holds no study 'third' (it holds first, second)" in unknown.stderr


def test_second_import_adds_nothing_and_more_trials_follow_the_first(project: Path) -> None:
    in_sqlite(project)
    run_import("optuna", "past.db")
    first = only_run(project).name

    assert "nothing is imported" in run_import("optuna", "past.db").stderr
    in_sqlite(project)
    done = run_import("optuna", "past.db")

    assert f"follows {first}" in done.stdout


def test_damaged_study_stops_no_other(project: Path) -> None:
    for name in ("bad", "good"):
        study_in("sqlite:///studies.db", name, 1)
    with contextlib.closing(sqlite3.connect("studies.db")) as database, database:
        database.execute("UPDATE trial_params SET distribution_json = '{' WHERE trial_id = 1")

    answer = run_import("optuna", "studies.db")
    assert answer.exit_code == 2, answer.output
    assert "cannot be read by Optuna: JSONDecodeError" in answer.output
    assert record_in(only_run(project))["name"] == "good"


def test_trial_that_runs_is_told(project: Path) -> None:
    study = in_sqlite(project)
    study.ask()
    study.enqueue_trial({"x": 0.5})

    run_import("optuna", "past.db")

    record = record_in(only_run(project))
    assert ("interrupted", None) == (record.status, record.ended)
    assert f"1 trials had not ended: {N}" in str(record["warnings"])
    assert N + 1 == len(trials_in(only_run(project)))


@pytest.mark.parametrize("address", ["nowhere.db", "sqlite:///nowhere.db"])
def test_storage_that_is_not_there_is_not_made(project: Path, address: str) -> None:
    done = run_import("optuna", address)

    assert 2 == done.exit_code
    assert "nowhere.db: no such file" in done.stderr
    assert not (project / "nowhere.db").exists()


@pytest.mark.parametrize("content", [b"", b"{torn", b"SQLite format 3\0" + b"x" * 200])
def test_file_that_is_no_storage_is_one_line(project: Path, content: bytes) -> None:
    (project / "past.db").write_bytes(content)

    done = run_import("optuna", "past.db")

    assert done.exit_code in {1, 2}
    assert 1 == len(done.stderr.splitlines()), done.stderr
    assert "past.db" in done.stderr
    assert content == (project / "past.db").read_bytes()
    assert [] == run_dirs(project)


def test_storage_is_only_read(project: Path) -> None:
    in_sqlite(project)
    path = project / "past.db"
    before = path.read_bytes(), path.stat().st_mtime_ns
    path.chmod(0o444)

    assert 0 == run_import("optuna", "past.db").exit_code

    assert before == (path.read_bytes(), path.stat().st_mtime_ns)
    assert [] == [*project.glob("past.db-*")]


@pytest.mark.usefixtures("project")
def test_password_of_an_address_is_not_told() -> None:
    done = run_import("optuna", "nosuchdb://me:hunter2secret@host/db")

    assert 2 == done.exit_code
    assert "hunter2secret" not in done.stderr
    assert 1 == len(done.stderr.splitlines())


def test_values_that_are_none_are_kept(project: Path) -> None:
    study = optuna.create_study(storage=f"sqlite:///{project / 'past.db'}")

    def diverging(trial: Any) -> float:
        trial.report(math.nan, 0)
        trial.set_user_attr("huge", 10**400)
        trial.set_user_attr("api_key", "sk-ant-api03-" + "aB3dE5fG7h" * 9)
        return math.inf

    study.optimize(diverging, n_trials=1)

    run_import("optuna", "past.db")

    rows = rows_in(only_run(project))
    assert ["nan", ""] == [row["intermediate_value"] for row in rows]
    assert ["", "inf"] == [row["value"] for row in rows]
    assert ("inf", "<redacted>") == (rows[1]["huge"], rows[1]["api_key"])

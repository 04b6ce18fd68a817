"""The three real sweeps, trial by trial against what kt-masterlog and KerasTuner wrote of them."""

from __future__ import annotations

import csv
import json
import math
import shutil
from typing import TYPE_CHECKING

import pytest

from unit.sync.importers.imported import only_run, record_in, rows_in, run_import, trials_in
from unit.sync.importers.sources import REAL


if TYPE_CHECKING:
    from pathlib import Path

SWEEPS = ("random", "random_exec2", "hyperband")


def bring_in(project: Path, sweep: str) -> Path:
    """Copy a real sweep into ``project``; return its folder."""
    return shutil.copytree(REAL / sweep, project / "past")


def logged(sweep: str) -> list[dict[str, str]]:
    with (REAL / sweep / f"moons_{sweep}_master_log.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def tuned(sweep: str) -> dict[str, dict[str, object]]:
    paths = sorted((REAL / sweep / f"moons_{sweep}").glob("trial_*/trial.json"))
    return {(found := json.loads(path.read_bytes()))["trial_id"]: found for path in paths}


@pytest.mark.parametrize("sweep", SWEEPS)
def test_every_row_of_the_table_is_there(project: Path, sweep: str) -> None:
    bring_in(project, sweep)

    done = run_import("keras-tuner", "past")

    assert 0 == done.exit_code, done.stderr
    rows = rows_in(only_run(project))
    metrics = ("accuracy", "auc", "loss", "val_accuracy", "val_auc", "val_loss")
    assert [
        (row["trial_id"], row["epoch"], *(row[name] for name in metrics)) for row in logged(sweep)
    ] == [(row["trial_id"], row["epoch"], *(row[name] for name in metrics)) for row in rows]
    keys = [(row["trial_id"], row.get("execution"), row["epoch"]) for row in rows]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("with_table", [True, False], ids=["curves", "folder alone"])
@pytest.mark.parametrize("sweep", SWEEPS)
def test_every_trial_says_what_its_tuner_said(
    project: Path, sweep: str, *, with_table: bool
) -> None:
    past = bring_in(project, sweep)
    if not with_table:
        (past / f"moons_{sweep}_master_log.csv").unlink()

    run_import("keras-tuner", "past")

    trials = trials_in(only_run(project))
    known = tuned(sweep)
    assert [*known] == [*trials]
    for trial_id, document in known.items():
        trial = trials[trial_id]
        assert ("finished", document["score"]) == (trial.status, trial.score)
        values = document["hyperparameters"]["values"]  # type: ignore[index]  # as it is written
        shown = {
            name: str(item).lower() if isinstance(item, bool) else str(item)
            for name, item in values.items()
        }
        assert shown == trial.params


@pytest.mark.parametrize("sweep", ["random", "hyperband"])
def test_best_epoch_is_that_of_the_score(project: Path, sweep: str) -> None:
    """KerasTuner counts from 0 and from where a trial began; kt-masterlog's epochs begin with 1."""
    past = bring_in(project, sweep)
    run_import("keras-tuner", "past")
    curves = only_run(project)
    (past / f"moons_{sweep}_master_log.csv").unlink()
    run_import("keras-tuner", "past")
    from_folder = next(
        path for path in (project / "ledger").glob("*/*") if path.name != curves.name
    )

    values = {(row["trial_id"], row["epoch"]): row["val_accuracy"] for row in logged(sweep)}
    alone = trials_in(from_folder)
    for trial_id, trial in trials_in(curves).items():
        assert str(trial.score) == values[trial_id, str(trial.best_epoch)]
        assert trial.best_epoch is not None
        assert trial.best_epoch - 1 == alone[trial_id].best_epoch


@pytest.mark.parametrize(("sweep", "best"), [("random", "02"), ("hyperband", "0019")])
def test_record_says_what_the_sweep_was(project: Path, sweep: str, best: str) -> None:
    bring_in(project, sweep)

    run_import("keras-tuner", "past")

    record = record_in(only_run(project))
    assert ("val_accuracy", "max") == record.objective
    assert best == record["sweep"]["best_trial"]  # type: ignore[index,call-overload]  # JSON
    assert {"units", "activation", "lr", "dropout", "rate"} == {*record["sweep"]["space"]}  # type: ignore[index,call-overload,misc]
    assert 1 == record["imported_from"]["epoch_base"]  # type: ignore[index,call-overload]
    assert f"past/moons_{sweep}" == record["imported_from"]["uri"]  # type: ignore[index,call-overload]
    assert "kt-masterlog" == record["imported_from"]["tool"]  # type: ignore[index,call-overload]
    assert (None, None) == (record.git["commit"], record.git["dirty"])
    assert 7 == record["random"]["seed"]  # type: ignore[index,call-overload]
    assert [] == record["warnings"]
    assert record.started.startswith("2026-11-22T17:4")


def test_promotions_name_their_parent(project: Path) -> None:
    bring_in(project, "hyperband")

    run_import("keras-tuner", "past")

    trials = trials_in(only_run(project))
    assert ("0009", "0004", None) == tuple(trials[n].parent for n in ("0012", "0009", "0004"))
    promoted = {name: found["hyperparameters"] for name, found in tuned("hyperband").items()}
    assert {name: hps["values"].get("tuner/trial_id") for name, hps in promoted.items()} == {  # type: ignore[index]
        name: trial.parent for name, trial in trials.items()
    }


@pytest.mark.parametrize("name", ["csv", "manifest", "project", "folder"])
def test_whichever_way_it_is_given_it_is_the_same_run(project: Path, name: str) -> None:
    past = bring_in(project, "random")
    (manifest,) = past.glob("registry/*.json")
    given = {
        "csv": past / "moons_random_master_log.csv",
        "manifest": manifest,
        "project": past / "moons_random",
        "folder": past,
    }
    run_import("keras-tuner", past)
    before = only_run(project).name

    done = run_import("kt-masterlog", given[name])

    assert 0 == done.exit_code
    assert before == only_run(project).name
    assert f"is here as {before}" in done.stderr


def test_folder_alone_has_a_row_for_each_trial(project: Path) -> None:
    past = bring_in(project, "random_exec2")

    (past / "moons_random_exec2_master_log.csv").unlink()
    run_import("keras-tuner", past)

    record = record_in(only_run(project))
    rows = rows_in(only_run(project))
    assert [("0", "3", "0.824999988079071")] == [
        (row["trial_id"], row["epoch"], row["val_accuracy"]) for row in rows[:1]
    ]
    assert 4 == len(rows)
    assert ("val_accuracy", "max") == record.objective
    assert any("does not say when" in str(told) for told in record["warnings"])  # type: ignore[union-attr]
    assert "training_time_hours" not in record.metrics


def test_table_alone_has_its_trials(project: Path) -> None:
    past = bring_in(project, "random")
    shutil.rmtree(past / "moons_random")

    run_import("kt-masterlog", past)

    trials = trials_in(only_run(project))
    assert 10 == len(trials)
    assert {
        "units": "12",
        "activation": "relu",
        "lr": "0.0014025726538129193",
        "dropout": "true",
    } == (trials["00"].params)
    assert (None, 3) == (trials["00"].status, trials["00"].best_epoch)
    assert not any(math.isnan(float(row["val_accuracy"])) for row in rows_in(only_run(project)))


def test_times_come_from_the_manifests_of_the_user(project: Path, tmp_path: Path) -> None:
    past = bring_in(project, "random")
    (manifest,) = past.glob("registry/*.json")
    document = json.loads(manifest.read_bytes())
    shutil.rmtree(past / "registry")
    registry = tmp_path / "registry"
    registry.mkdir()
    table = past / "moons_random_master_log.csv"
    (registry / "a.json").write_text("{torn", encoding="utf-8")
    for name, path in (("b", table), ("c", project / "other.csv")):
        found = {**document, "csv_path": str(path)}
        (registry / f"{name}.json").write_text(json.dumps(found), encoding="utf-8")

    run_import("keras-tuner", past)

    assert record_in(only_run(project)).started.startswith("2026-11-22T17:42:23")


def test_table_of_another_name_belongs_to_the_search_that_its_config_names(project: Path) -> None:
    past = bring_in(project, "random")
    for ending in ("_master_log.csv", "_config.json"):
        (past / f"moons_random{ending}").rename(past / f"evening{ending}")

    run_import("keras-tuner", past / "moons_random")

    assert 72 == len(rows_in(only_run(project)))

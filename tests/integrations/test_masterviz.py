"""kt-masterviz, as it is, opens what a sweep of ours leaves."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import TYPE_CHECKING

import pytest

import ledger
from ledger.integrations import masterlog


if TYPE_CHECKING:
    from pathlib import Path

kt_masterviz = pytest.importorskip(
    "kt_masterviz",
    reason="kt-masterviz is not installed: "
    "pip install --no-deps --ignore-requires-python --target DIR, and DIR in PYTHONPATH",
)


def test_the_latest_run_of_the_viewer_is_our_sweep(project: Path) -> None:
    space = {"lr": {"type": "Float"}, "rate": {"type": "Float"}}
    with ledger.start("sweep") as run:
        run.sweep.describe(tuner="RandomSearch", space=space, objective=("val_loss", "min"))
        manifest = masterlog.announce(run.id, run.dir / "metrics.csv", os.environ)
        assert manifest is not None
        for trial_id, params in (("00", {"lr": 0.1}), ("01", {"lr": 0.2, "rate": 0.5})):
            attempt = run.sweep.begin(trial_id, params)
            for epoch in (0, 1):
                attempt.log({"val_loss": 0.5 - epoch / 4}, params=params, epoch=epoch)
            attempt.end(score=0.25)
        masterlog.write(manifest, "completed")

    (listed,) = kt_masterviz.list_runs()
    assert kt_masterviz.latest_run() == listed
    assert (listed.project_name, listed.status) == (run.id, "completed")
    table = kt_masterviz.load_master_csv(listed.csv_path)
    assert len(table) == 4
    assert table["val_loss"].tolist() == [0.5, 0.25, 0.5, 0.25]
    assert {"lr", "rate"} <= set(kt_masterviz.detect_hyperparameter_columns(table))
    assert project in run.dir.parents


def test_its_command_lists_and_finds_the_search(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cli = importlib.import_module("kt_masterviz.cli")
    with ledger.start("sweep") as run:
        masterlog.announce(run.id, run.dir / "metrics.csv", os.environ)
        attempt = run.sweep.begin("00", {"lr": 0.1})
        attempt.log({"val_loss": 0.5}, params={"lr": 0.1}, epoch=0)

        monkeypatch.setattr(sys, "argv", ["kt-masterviz", "--list"])
        assert cli.main() == 0
        assert f"running     {kt_masterviz.latest_run().started_at}" in capsys.readouterr().out
        named = argparse.Namespace(csv_path=None, latest=True)
        assert cli._resolve_csv_path(named) == run.dir / "metrics.csv"
    assert project in run.dir.parents


def test_the_tables_of_several_processes_are_one_for_it(project: Path) -> None:
    folder = project / "run"
    folder.mkdir()
    (folder / "metrics.tuner0.csv").write_text("trial_id,epoch,lr,val_loss\n00,0,0.1,0.5\n")
    (folder / "metrics.tuner1.csv").write_text("trial_id,epoch,rate,lr,val_loss\n01,0,1,0.2,0.25\n")
    (folder / "trials.tuner0.csv").write_text("trial_id\n00\n")
    masterlog.merge(folder, project / "merged.csv")

    table = kt_masterviz.load_master_csv(project / "merged.csv")
    assert table.columns.tolist() == ["trial_id", "epoch", "lr", "val_loss", "rate"]
    assert table["val_loss"].tolist() == [0.5, 0.25]
    assert table["rate"].isna().tolist() == [True, False]

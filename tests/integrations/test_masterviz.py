"""kt-masterviz, as it is, opens what a sweep of ours leaves."""

from __future__ import annotations

import os
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

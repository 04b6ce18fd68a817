"""The Python door: what the published one-call forms got wrong stays right here."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ledger.errors import LedgerError, NoLedgerError, UnknownNameError
from ledger.reader.api import compare_runs, find_best_runs, load_run, runs
from unit.reader.builders import FIRST, add_run, epochs, make_project, small_ledger


if TYPE_CHECKING:
    from pathlib import Path


def test_best_runs_are_printed_and_returned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = small_ledger(tmp_path)

    best = find_best_runs(start=tmp_path)

    assert best[0] == {
        "rank": 1,
        "run_id": ids["small_lr"],
        "value": 0.921,
        "epoch": None,
        "status": "finished",
        "lr": 0.001,
        "batch_size": None,
    }
    assert capsys.readouterr().out == (
        "rank  run                                test_acc     lr  batch_size\n"
        "   1  2026-02-01_1730_small_lr-7572ice4  0.9210    0.001\n"
        "   2  2026-02-01_1630_baseline-ibai4j6a  0.8850     0.01\n"
    )


def test_a_loss_is_best_when_it_is_low(tmp_path: Path) -> None:
    ids = small_ledger(tmp_path)

    assert find_best_runs("loss", start=tmp_path)[0]["run_id"] == ids["small_lr"]
    assert find_best_runs("loss", direction="max", start=tmp_path)[0]["run_id"] == ids["diverged"]


def test_nan_never_wins_and_does_not_break_the_order(tmp_path: Path) -> None:
    make_project(tmp_path)
    for place, number in enumerate([0.9, "nan", 0.95]):
        started = FIRST + timedelta(hours=place)
        add_run(tmp_path, f"r{place}", started=started, metrics={"test_acc": number})

    assert [row["value"] for row in find_best_runs(start=tmp_path)] == [0.95, 0.9]


def test_a_metric_without_direction_asks(tmp_path: Path) -> None:
    make_project(tmp_path)
    add_run(tmp_path, "r", epochs(score=[1.0]))

    with pytest.raises(LedgerError, match="best score max"):
        find_best_runs("score", start=tmp_path)

    assert find_best_runs("score", direction="min", start=tmp_path)[0]["value"] == 1.0


def test_one_corrupt_record_stops_nothing(tmp_path: Path) -> None:
    ids = small_ledger(tmp_path)
    next(tmp_path.glob(f"ledger/*/{ids['diverged']}/run.json")).write_bytes(b"{")

    assert len(find_best_runs(start=tmp_path)) == 2
    assert len(runs(tmp_path)) == 3


def test_params_are_found_under_their_usual_names(tmp_path: Path) -> None:
    make_project(tmp_path)
    config = {"train": {"learning_rate": 0.5, "batch_size": 32}}
    add_run(tmp_path, "r", metrics={"test_acc": 0.5}, config={"lr": None, **config})

    row = find_best_runs(start=tmp_path)[0]

    assert (row["lr"], row["batch_size"]) == (None, 32)


def test_top_k_limits(tmp_path: Path) -> None:
    small_ledger(tmp_path)

    assert len(find_best_runs("val_acc", top_k=1, start=tmp_path)) == 1


def test_only_diverged_runs_is_an_empty_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_project(tmp_path)
    add_run(tmp_path, "r", epochs(test_acc=[math.nan]))

    assert find_best_runs(start=tmp_path) == []
    assert capsys.readouterr().out == "no run has a finite test_acc\n"


@pytest.mark.parametrize("has_run", [False, True])
def test_no_run_with_the_metric_is_an_empty_list_and_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    has_run: bool,
) -> None:
    make_project(tmp_path)
    if has_run:
        add_run(tmp_path, "r", epochs(loss=[0.5]))

    assert find_best_runs("test_acc", start=tmp_path) == []

    said = "no metric is called 'test_acc'" if has_run else "the ledger holds no run yet"
    out = capsys.readouterr().out
    assert out.startswith(said)
    assert out.count("\n") == 1


def test_only_broken_records_are_an_empty_list_that_names_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_project(tmp_path)
    run_id = add_run(tmp_path, "r", epochs(loss=[0.5]))
    next(tmp_path.glob(f"ledger/*/{run_id}/run.json")).write_bytes(b"{}")

    assert find_best_runs("loss", start=tmp_path) == []

    out = capsys.readouterr().out
    assert out.startswith("no record could be read: ledger/2026-02/")
    assert "run_id: is missing" in out


def test_compare_prints_old_and_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small_ledger(tmp_path)

    compare_runs("baseline", "small_lr", start=tmp_path)

    out = capsys.readouterr().out
    assert "optimizer.momentum  0.9   ->  N/A" in out
    assert "val_acc   best    0.9  ->  0.931   0.031  3.44  better" in out


def test_records_load_by_reference(tmp_path: Path) -> None:
    ids = small_ledger(tmp_path)

    assert load_run("@best:val_acc", tmp_path).run_id == ids["small_lr"]
    assert [record.run_id for record in runs(tmp_path)] == list(ids.values())


def test_no_project_and_no_run_are_said(tmp_path: Path) -> None:
    with pytest.raises(NoLedgerError):
        runs(tmp_path)
    make_project(tmp_path)
    assert runs(tmp_path) == []
    with pytest.raises(UnknownNameError):
        load_run("x", tmp_path)

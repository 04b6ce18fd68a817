"""Trials of sweeps in the views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.reader.index import open_index
from unit.reader.builders import add_run, make_project, open_at


if TYPE_CHECKING:
    from pathlib import Path

LOG = (
    b"trial_id,attempt,execution,status,score,best_epoch,started,ended,message,lr\n"
    b"00,0,0,finished,0.9,1,2026-02-01T16:31:00+00:00,2026-02-01T16:32:00+00:00,,0.1\n"
)


def rows_of(*trials: tuple[str, float, float]) -> list[dict[str, object]]:
    """Return two epochs of each (trial, lr, val_acc)."""
    return [
        {"trial_id": trial, "attempt": 0, "execution": 0, "epoch": epoch, "time": 1.0, "lr": lr}
        | {"val_acc": best - 0.1 * epoch}
        for trial, lr, best in trials
        for epoch in range(2)
    ]


def test_trials_of_the_log_and_of_the_table(tmp_path: Path) -> None:
    make_project(tmp_path)
    run_id = add_run(
        tmp_path,
        "sweep",
        rows_of(("00", 0.1, 0.9), ("01", 0.2, 0.8)),  # type: ignore[arg-type]  # cells
        params=["lr"],
        files={"trials.csv": LOG},
    )

    index = open_index(open_at(tmp_path), "curves")

    assert index.rows("SELECT trial_id, status, score, params['lr'] FROM trials ORDER BY ALL") == [
        ("00", "finished", 0.9, "0.1"),
        ("01", None, None, "0.2"),
    ]
    assert index.rows("SELECT trial_id, max(value) FROM metrics GROUP BY ALL ORDER BY ALL") == [
        ("00", 0.9),
        ("01", 0.8),
    ]
    assert index.rows("SELECT DISTINCT run_id FROM trials") == [(run_id,)]
    assert index.warnings == ()


def test_a_trial_that_nobody_ended_has_crashed_once_the_run_is_sealed(tmp_path: Path) -> None:
    make_project(tmp_path)
    log = LOG.replace(
        b"finished,0.9,1,2026-02-01T16:31:00+00:00,2026-02-01T16:32:00+00:00", b"running,,,,"
    )
    for name, is_sealed in (("sealed", True), ("open", False)):
        options = {"params": ["lr"], "files": {"trials.worker.csv": log}, "is_sealed": is_sealed}
        add_run(tmp_path, name, rows_of(("00", 0.1, 0.9)), **options)  # type: ignore[arg-type]  # cells

    index = open_index(open_at(tmp_path), "curves")

    found = dict(index.rows("SELECT run_id, status FROM trials"))
    assert {"sealed": "crashed", "open": "running"} == {k[16:-9]: v for k, v in found.items()}


def test_a_broken_log_is_named_once_and_the_rest_answers(tmp_path: Path) -> None:
    make_project(tmp_path)
    rows = rows_of(("00", 0.1, 0.9))
    add_run(tmp_path, "good", rows, params=["lr"], files={"trials.csv": LOG})  # type: ignore[arg-type]  # cells
    bad = add_run(tmp_path, "bad", rows, params=["lr"], files={"trials.csv": b"x\n1\n"})  # type: ignore[arg-type]  # cells

    index = open_index(open_at(tmp_path), "curves")

    assert index.rows("SELECT count(*) FROM trials") == [(1,)]
    (line,) = index.warnings
    assert line.startswith(f"ledger/2026-02/{bad}/trials.csv:1: has no column trial_id")

"""A process that records its part of a run which another one owns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ledger
from ledger.contract.trials import decode_trials
from ledger.writer.current import join_running
from unit.writer.recording import begin_training, end_of, read_record, read_rows, run_dirs


if TYPE_CHECKING:
    from pathlib import Path

OWNER = """
import ledger
with ledger.start("sweep", config={"n": 2}) as run:
    run.sweep.describe(tuner="random", objective=("loss", "min"))
    print(run.id, flush=True)
    input()
"""


def test_the_owner_takes_the_part_of_a_worker_over(project: Path) -> None:
    owner = begin_training(project, OWNER)
    assert owner.stdout is not None
    run_id = owner.stdout.readline().strip()

    part = join_running(run_id, "tuner0")
    assert part is not None
    attempt = part.sweep.begin("00", {"lr": 1})
    attempt.log({"loss": 0.5}, params={"lr": 1}, epoch=0)
    attempt.end(score=0.5, best_epoch=0)
    part.finish()
    code, _, said = end_of(_answered(owner))

    assert code == 0, said
    (folder,) = run_dirs(project)
    names = {path.name for path in folder.iterdir()}
    assert {"metrics.tuner0.csv", "trials.tuner0.csv", "worker.tuner0.json"} <= names
    (row,) = read_rows(folder)
    assert (row["trial_id"], row["loss"], row["lr"]) == ("00", "0.5", "1")
    (trial,) = decode_trials((folder / "trials.tuner0.csv").read_bytes())
    assert trial.status == "finished"
    record = read_record(folder)
    assert record["sweep"] == {
        "tuner": "random",
        "n_trials": 1,
        "n_failed": 0,
        "best_trial": "00",
    }
    assert record["columns"]["loss"] == {"role": "metric"}


def _answered(owner):  # noqa: ANN001, ANN202
    owner.stdin.write("\n")
    owner.stdin.flush()
    return owner


def test_nothing_is_joined_that_nobody_records(project: Path) -> None:
    assert join_running("2026-02-01_1630_none-aaaaaaaa", "tuner0") is None
    run = ledger.start("done")
    run.finish()
    assert join_running(run.id, "tuner0") is None
    assert not list(run.dir.glob("worker.*"))
    assert len(run_dirs(project)) == 1

"""What is sent of a run is decided once, from its record alone."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest

from ledger.errors import LedgerError, MalformedError
from ledger.sync.plan import plan_run
from ledger.sync.subject import Best, Subject
from unit.reader.builders import (
    COMMIT,
    DATA_HASH,
    FILLED_NOTE,
    FIRST,
    add_packages,
    add_run,
    epochs,
    make_project,
    open_at,
    table_bytes,
)


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.sync.plan import Plan

START_MS = round(FIRST.timestamp() * 1000)


def plan_of(root: Path, run_id: str, **options: Any) -> Plan:
    ledger = open_at(root, **options)
    return plan_run(ledger, ledger.load(run_id))


def planned(root: Path, *rows: Any, **record: Any) -> Plan:
    make_project(root)
    return plan_of(root, add_run(root, "small", *rows, **record))


def test_params_are_the_whole_config_by_dotted_path(tmp_path: Path) -> None:
    plan = planned(tmp_path, config={"opt": {"name": "sgd", "betas": [0.9, 0.99]}, "a.b": 1})

    told = {"opt.name": "sgd", "opt.betas": [0.9, 0.99], '"a.b"': 1, "lr": 0.01, "model": "mlp"}
    assert told == plan.run.params
    assert {"opt", "a.b", "lr", "model"} == plan.config.keys()


def test_tags_say_where_the_code_was(tmp_path: Path) -> None:
    plan = planned(tmp_path, tags=["base"])

    told = {
        "git.commit": COMMIT,
        "git.branch": "main",
        "git.dirty": "false",
        "git.remote": "https://example.com/digits.git",
        "ledger.status": "finished",
        "ledger.data_hash": DATA_HASH,
        "ledger.tags": "base",
        "ledger.command": "python train.py",
    }
    assert told.items() <= plan.run.tags.items()
    assert ("main", ("base",), "digits") == (plan.branch, plan.labels, plan.project)


def test_dirty_that_cannot_be_told_is_neither_true_nor_false(tmp_path: Path) -> None:
    plan = planned(tmp_path, git={"commit": COMMIT, "branch": None, "dirty": None})

    assert "unknown" == plan.run.tags["git.dirty"]
    assert "git.branch" not in plan.run.tags


def test_no_tag_holds_a_credential(tmp_path: Path) -> None:
    """A record written by hand may: the writer would have redacted it."""
    token = "ghp_" + "a1B2" * 9
    git = {"commit": COMMIT, "dirty": False, "remote": f"https://me:{token}@example.com/x.git"}
    plan = planned(tmp_path, git=git, command={"argv": ["t.py", f"token={token}"], "cwd": "."})

    assert token not in repr(plan.run.tags)


def test_the_best_value_has_the_step_where_it_was_reached(tmp_path: Path) -> None:
    rows = epochs(val_acc=[0.8, 0.95, 0.9], loss=[0.5, math.nan, -math.inf])

    plan = planned(tmp_path, rows)

    told = [Best(metric="loss", number=0.5, step=0, goal="min")]
    told.append(Best(metric="val_acc", number=0.95, step=1, goal="max"))
    assert told == list(plan.run.best)


def test_best_goes_by_step_where_rows_have_both(tmp_path: Path) -> None:
    rows = [{"epoch": 0, "step": 10 * n, "val_acc": number} for n, number in enumerate([0.1, 0.9])]

    plan = planned(tmp_path, rows)

    assert [10] == [best.step for best in plan.run.best]


def test_a_metric_whose_direction_nobody_knows_has_no_best(tmp_path: Path) -> None:
    plan = planned(tmp_path, epochs(my_score=[1.0, 2.0]))

    assert () == plan.run.best


def test_stated_metrics_are_sent_beside_the_rows(tmp_path: Path) -> None:
    stated = {"test_acc": 0.7, "val_acc": 0.99, "loss": 0.4}
    rows = epochs(val_acc=[0.8, 0.9], loss=[0.5, 0.4])

    plan = planned(tmp_path, rows, metrics=stated, stated=["test_acc", "val_acc", "loss"])

    assert {"test_acc": 0.7, "final/val_acc": 0.99} == plan.run.finals


def test_a_number_beyond_every_float_is_infinite(tmp_path: Path) -> None:
    stated = {"huge": 10**400, "tiny": -(10**400)}

    plan = planned(tmp_path, metrics=stated, stated=["huge", "tiny"])

    assert {"huge": math.inf, "tiny": -math.inf} == plan.run.finals


def test_files_hold_record_note_patch_config_environment_and_packages(tmp_path: Path) -> None:
    make_project(tmp_path)
    packages = add_packages(tmp_path, "numpy==2.3.1")
    environment = {"python": "3.11.7", **packages}
    patch = {"changes.patch": b"diff --git a/t.py b/t.py\n", ".run.json.7.tmp": b"half"}
    rows = epochs(loss=[0.5])
    run_id = add_run(tmp_path, "full", rows, environment=environment, files=patch, note=FILLED_NOTE)

    plan = plan_of(tmp_path, run_id)

    files = {each.path: each.data for each in plan.files}
    told = ["changes.patch", "config.json", "environment.json", "metrics.csv", "packages.txt"]
    assert [*told, "run.json", "run.md"] == list(files)
    assert {"lr": 0.01, "model": "mlp"} == json.loads(files["config.json"])
    assert environment == json.loads(files["environment.json"])
    assert b"numpy==2.3.1\n" == files["packages.txt"]
    assert files["run.md"].decode() == plan.note
    assert "A smaller step converges later" in plan.note


def test_a_link_in_the_folder_of_a_run_is_not_followed(tmp_path: Path) -> None:
    """A record from somebody's branch must not send what it points at on this machine."""
    make_project(tmp_path)
    run_id = add_run(tmp_path, "linked", epochs(loss=[0.5]))
    private = tmp_path / "private"
    private.write_text("my key")
    (next(tmp_path.rglob("run.json")).parent / "changes.patch").symlink_to(private)

    plan = plan_of(tmp_path, run_id)

    assert "changes.patch" not in [each.path for each in plan.files]


def test_packages_that_are_not_those_of_the_record_are_left_out(tmp_path: Path) -> None:
    make_project(tmp_path)
    environment = {"python": "3.11.7", "pip_freeze_hash": "sha256:../../private"}

    plan = plan_of(tmp_path, add_run(tmp_path, "odd", environment=environment))

    assert "packages.txt" not in [each.path for each in plan.files]


@pytest.mark.parametrize("status", ["finished", "failed", "interrupted", "crashed"])
def test_status_and_times_are_those_of_the_record(tmp_path: Path, status: str) -> None:
    plan = planned(tmp_path, status=status)

    run = plan.run
    assert (status, START_MS, START_MS + 95_000) == (run.status, run.started_ms, run.ended_ms)


def test_a_run_without_an_end_ends_with_its_last_row(tmp_path: Path) -> None:
    timestamp = {"start": FIRST.isoformat(), "end": None}

    plan = planned(tmp_path, epochs(loss=[0.5, 0.4]), status="crashed", timestamp=timestamp)

    assert START_MS + 4000 == plan.run.ended_ms


def test_a_running_run_is_refused(tmp_path: Path) -> None:
    make_project(tmp_path)
    session = {"start": FIRST.isoformat(), "end": None, "hostname": "elsewhere"}
    run_id = add_run(
        tmp_path, "live", epochs(loss=[0.5]), status="running", is_sealed=False, sessions=[session]
    )
    ledger = open_at(tmp_path, now=FIRST)

    with pytest.raises(LedgerError, match=r"is still running .sync it when it has ended"):
        plan_run(ledger, ledger.load(run_id))


def test_a_broken_table_is_told_with_its_place(tmp_path: Path) -> None:
    make_project(tmp_path)
    run_id = add_run(tmp_path, "broken", epochs(loss=[0.5]))
    next(tmp_path.rglob("metrics.csv")).write_text("epoch,loss\n0,1,2\n")

    with pytest.raises(MalformedError, match=r"metrics\.csv:2"):
        plan_of(tmp_path, run_id)


def test_a_thinned_table_is_told_and_its_best_is_of_all_rows(tmp_path: Path) -> None:
    make_project(tmp_path)
    run_id = add_run(
        tmp_path,
        "thin",
        epochs(val_acc=[0.8, 0.95, 0.9]),
        thinned={
            "metrics.csv": {"path": "outputs/m.csv", "sha256": "a" * 64, "rows": 9, "bytes": 9}
        },
    )
    next(tmp_path.rglob("metrics.csv")).write_bytes(table_bytes(epochs(val_acc=[0.8])))

    plan = plan_of(tmp_path, run_id)

    assert [Best(metric="val_acc", number=0.95, step=1, goal="max")] == list(plan.run.best)
    assert ("metrics.csv: 3 of 9 rows, all of them in outputs/m.csv",) == plan.warnings


def test_the_digest_is_the_same_at_any_time_and_changes_with_the_record(tmp_path: Path) -> None:
    make_project(tmp_path)
    run_id = add_run(tmp_path, "same", epochs(loss=[0.5, 0.4]))
    first = plan_of(tmp_path, run_id).digest

    assert first == plan_of(tmp_path, run_id).digest

    note = next(tmp_path.rglob("run.md"))
    note.write_bytes(note.read_bytes() + b"\nmore\n")
    assert first != plan_of(tmp_path, run_id).digest


TRIALS = b"""\
trial_id,attempt,execution,status,score,best_epoch,started,ended,message,lr,units
00,1,,running,,,2026-02-01T16:30:01+00:00,,,0.1,8
00,1,,finished,0.9,1,,2026-02-01T16:30:09+00:00,,,
01,1,,running,,,2026-02-01T16:30:10+00:00,,,0.2,16
01,1,,failed,nan,,,2026-02-01T16:30:12+00:00,out of memory,,
02,1,,running,,,2026-02-01T16:30:13+00:00,,,0.3,32
"""


def sweep(root: Path) -> tuple[Subject, ...]:
    make_project(root)
    rows = [
        {"trial_id": trial, "attempt": 1, "epoch": epoch, "time": 2.0 + epoch, "val_acc": number}
        for trial, epoch, number in [("00", 0, 0.8), ("00", 1, 0.9), ("01", 0, 0.1)]
    ]
    run_id = add_run(root, "sweep", rows, files={"trials.csv": TRIALS})
    return plan_of(root, run_id).trials


def test_trials_are_subjects_with_params_times_status_and_score(tmp_path: Path) -> None:
    first, second, third = sweep(tmp_path)

    assert ["00", "01", "02"] == [trial.trial_id for trial in (first, second, third)]
    assert {"lr": 0.1, "units": 8} == first.params
    assert {"score": 0.9} == first.finals
    assert (START_MS + 1000, START_MS + 9000) == (first.started_ms, first.ended_ms)
    assert [Best(metric="val_acc", number=0.9, step=1, goal="max")] == list(first.best)
    assert ("failed", "out of memory") == (second.status, second.tags["ledger.message"])
    assert math.isnan(second.finals["score"])
    assert "crashed" == third.status, "it never ended, though its run did"


def test_a_trial_that_was_ended_early_is_finished_and_names_its_parent(tmp_path: Path) -> None:
    make_project(tmp_path)
    log = b"trial_id,attempt,status,parent\n00,0,finished,\n01,0,pruned,00\n"
    run_id = add_run(tmp_path, "sweep", files={"trials.csv": log})
    _, second = plan_of(tmp_path, run_id).trials
    assert ("finished", "00") == (second.status, second.tags["ledger.parent_trial"])


def test_a_sweep_of_thousands_is_cut_and_told(tmp_path: Path) -> None:
    make_project(tmp_path)
    head = "trial_id,attempt,execution,status,score,best_epoch,started,ended,message\n"
    lines = "".join(f"t{n},1,,finished,0.5,,,,\n" for n in range(1003))
    run_id = add_run(tmp_path, "huge", files={"trials.csv": (head + lines).encode()})

    plan = plan_of(tmp_path, run_id)

    assert 1000 == len(plan.trials)
    assert ("the first 1000 of 1003 trials; trials.csv has all of them",) == plan.warnings

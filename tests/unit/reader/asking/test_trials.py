"""Questions about the trials of sweeps: as rows of a ranking, listed and counted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ledger.errors import UnknownNameError
from ledger.reader.asking.door import ask_text
from ledger.reader.asking.sheets import sheets_of
from unit.reader.builders import FIRST, add_run, epochs, make_project, open_at


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.contract.metrics import Cell

TRIALS_CSV = b"""\
trial_id,attempt,execution,status,score,best_epoch,started,ended,message,lr,opt
00,0,0,running,,,2026-02-01T16:30:00+00:00,,,0.1,sgd
00,0,0,finished,0.7,1,2026-02-01T16:30:00+00:00,2026-02-01T16:31:00+00:00,,0.1,sgd
1,0,0,failed,,,2026-02-01T16:32:00+00:00,2026-02-01T16:33:00+00:00,out of memory,1e-2,adam
1,1,0,finished,0.9,0,2026-02-01T16:34:00+00:00,2026-02-01T16:35:00+00:00,,1e-2,adam
2,0,0,finished,nan,,2026-02-01T16:36:00+00:00,2026-02-01T16:37:00+00:00,,0.001,adam
"""


def rows_of(
    trial: str, lr: str, *values: float, execution: int = 0, attempt: int = 0
) -> list[dict[str, Cell]]:
    return [
        {
            "trial_id": trial,
            "attempt": attempt,
            "execution": execution,
            "epoch": epoch,
            "time": 2.0 * epoch,
            "lr": lr,
            "val_acc": number,
        }
        for epoch, number in enumerate(values)
    ]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_project(tmp_path)
    rows = [
        *rows_of("00", "0.1", 0.5, 0.7, 0.6),
        *rows_of("1", "1e-2", 0.2, attempt=0),
        *rows_of("1", "1e-2", 0.9, 0.8, attempt=1),
        *rows_of("2", "0.001", float("nan")),
    ]
    files = {"trials.csv": TRIALS_CSV}
    config = {"lr": None, "model": "mlp", "units": 8}
    add_run(tmp_path, "sweep", rows, params=["lr"], files=files, config=config)  # type: ignore[arg-type]
    started = FIRST + timedelta(hours=1)
    add_run(tmp_path, "bare", rows_of("a", "0.1", 0.95), params=["lr"], started=started)
    add_run(tmp_path, "plain", epochs(val_acc=[0.99]), started=started, config={"lr": 0.1})
    return tmp_path


def rows(root: Path, text: str, **options: Any) -> list[Any]:
    return list(ask_text(open_at(root), text, **options).answer.rows)


def ids(root: Path, text: str) -> list[str | None]:
    return [row.trial_id for row in rows(root, text)]


def test_a_ranked_sweep_names_the_trial_that_holds_its_value(root: Path) -> None:
    found = {row.run_id.split("_")[2]: row for row in rows(root, "best val_acc")}

    assert {name.split("-")[0]: row.trial_id for name, row in found.items()} == {
        "plain": None,
        "bare": "a",
        "sweep": "1",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("best val_acc per trial", ["a", "1", "00"]),
        ("worst val_acc per trial", ["1", "00", "a"]),
        ("last val_acc per trial", ["a", "1", "00"]),
        ("first val_acc per trial", ["a", "00", "1"]),
        ("best val_acc per trial limit 1", ["a"]),
        ("best val_acc where lr = 0.01 per trial", ["1"]),
        ("best val_acc where lr != 0.1 per trial", ["1"]),
        ("best val_acc where model = mlp and opt = sgd per trial", ["00"]),
        ("best val_acc where units = 8 per trial", ["1", "00"]),
        ("best val_acc where val_acc < 0.7 per trial", ["00"]),
        ("best val_acc where score > 0.8 per trial", ["1"]),
        ("best val_acc where trial = 00 per trial", ["00"]),
    ],
)
def test_trials_are_rows_of_a_ranking(root: Path, text: str, expected: list[str]) -> None:
    assert ids(root, text) == expected


def test_a_ranked_trial_has_its_own_epoch_params_and_status(root: Path) -> None:
    best, other, third = rows(root, "best val_acc per trial")

    assert (best.value, best.epoch, best.last, best.status) == (0.95, 0, 0.95, "finished")
    assert (other.value, other.epoch, other.last) == (0.9, 0, 0.8)
    assert (third.value, third.epoch, third.step, third.last) == (0.7, 1, None, 0.6)
    assert [row.config["lr"] for row in (best, other, third)] == [0.1, 0.01, 0.1]


def test_trials_without_a_finite_value_are_left_out_and_counted(root: Path) -> None:
    assert ask_text(open_at(root), "best val_acc per trial").answer.left_out == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("trials", ["00", "1", "2", "a"]),
        ("trials where lr in (0.1, 1)", ["00", "a"]),
        ("trials where lr < 0.05", ["1", "2"]),
        ("trials where status = finished and not opt = sgd", ["1", "2"]),
        ("trials where started >= 2026-02-01T16:35:00+00:00", ["2"]),
        ("trials where name = sweep limit 2", ["00", "1"]),
        ("trials where seed = 42 and val_acc > 0.75", ["1", "a"]),
    ],
)
def test_trials_are_listed(root: Path, text: str, expected: list[str]) -> None:
    assert ids(root, text) == expected


def test_a_listed_trial_tells_its_last_attempt(root: Path) -> None:
    row = rows(root, "trials where trial_id = 1")[0]

    assert row.to_json() == {
        "run_id": row.run_id,
        "trial_id": "1",
        "status": "finished",
        "score": 0.9,
        "best_epoch": 0,
        "attempt": 1,
        "started": "2026-02-01T16:34:00+00:00",
        "ended": "2026-02-01T16:35:00+00:00",
        "message": None,
        "parent": None,
        "params": {"lr": 0.01, "opt": "adam"},
    }


def test_a_trial_tells_the_one_it_continues(root: Path) -> None:
    head, first, rest = TRIALS_CSV.split(b"\n", 2)
    others = [line + (b",00" if line.startswith(b"1,") else b",") for line in rest.splitlines()]
    wide = [head + b",parent", first + b",", *others]
    files = {"trials.csv": b"\n".join(wide) + b"\n"}
    add_run(root, "promoted", rows_of("1", "0.1", 0.5), files=files)

    found = rows(root, "trials where name = promoted")
    assert [(row.trial_id, row.parent) for row in found] == [("00", None), ("1", "00"), ("2", None)]
    assert ids(root, "trials where parent = 00") == ["1"]
    (sheet,) = sheets_of(ask_text(open_at(root), "trials where name = promoted"))
    assert sheet.header[:4] == ("run", "trial", "parent", "status")
    (sheet,) = sheets_of(ask_text(open_at(root), "trials where name = sweep"))
    assert "parent" not in sheet.header


def test_a_trial_that_only_has_rows_tells_its_params(root: Path) -> None:
    row = rows(root, "trials where name = bare")[0]

    assert (row.status, row.score, dict(row.params)) == (None, None, {"lr": 0.1})


def test_trials_are_counted_by_their_own_params_or_their_runs(root: Path) -> None:
    counts = [(dict(row.group), row.n) for row in rows(root, "count trials by lr, model")]

    assert counts == [
        ({"lr": 0.1, "model": "mlp"}, 2),
        ({"lr": 0.001, "model": "mlp"}, 1),
        ({"lr": 0.01, "model": "mlp"}, 1),
    ]
    assert rows(root, "count trials")[0].n == 4
    assert rows(root, "count runs")[0].n == 3


def test_retracted_sweeps_are_left_out(root: Path) -> None:
    folder = next(root.glob("ledger/*/*_bare-*"))
    (folder / "retraction.md").write_text("no", encoding="utf-8")

    assert ids(root, "best val_acc per trial") == ["1", "00"]
    assert ids(root, "trials") == ["00", "1", "2"]
    assert len(rows(root, "trials", with_retracted=True)) == 4


def test_a_key_that_neither_trials_nor_runs_have_is_unknown(root: Path) -> None:
    with pytest.raises(UnknownNameError, match="no field, param or metric is called 'lrr'"):
        rows(root, "trials where lrr = 1")


@pytest.mark.parametrize(("is_sealed", "status"), [(True, "crashed"), (False, "running")])
def test_a_trial_that_runs_in_a_sealed_run_was_killed(
    root: Path, *, is_sealed: bool, status: str
) -> None:
    head, first, _ = TRIALS_CSV.split(b"\n", 2)
    files = {"trials.csv": head + b"\n" + first + b"\n"}
    add_run(root, "killed", rows_of("00", "0.1", 0.5), files=files, is_sealed=is_sealed)

    assert [row.status for row in rows(root, "trials where name = killed")] == [status]

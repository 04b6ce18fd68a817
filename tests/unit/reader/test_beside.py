"""Several runs side by side when some of them are odd or broken."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ledger.contract.json_text import encode_number
from ledger.reader.beside import compare_together
from ledger.reader.reference import find_run
from unit.reader.builders import (
    FIRST,
    add_manifest,
    add_packages,
    add_run,
    epochs,
    make_project,
    open_at,
)


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.reader.answers import Answer
    from ledger.reader.beside import Beside, Together

CONFLICT = b"epoch,val_acc\n<<<<<<< HEAD\n0,0.5\n=======\n0,0.6\n>>>>>>> other\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_project(tmp_path)
    return tmp_path


def together(root: Path, *names: str) -> tuple[Together, Answer[Beside]]:
    ledger = open_at(root)
    return compare_together(ledger, [find_run(ledger, name) for name in names], question="")


def rows_of(answer: Answer[Beside]) -> dict[tuple[str, str | None], Beside]:
    return {(row.key, row.reading): row for row in answer.rows}


def test_a_table_with_conflict_markers_is_named_once_and_the_rest_answers(root: Path) -> None:
    """It is that of the first run, which every other one is compared with."""
    add_run(root, "torn", is_sealed=False, status="failed", files={"metrics.csv": CONFLICT})
    for name in ("one", "two", "three"):
        add_run(root, name, epochs(val_acc=[0.1, 0.9]), config={"lr": len(name)})

    side_by_side, answer = together(root, "torn", "one", "two", "three")

    (told,) = [line for line in answer.warnings if "conflict" in line]
    assert "torn" in told
    assert "metrics.csv" in told
    assert rows_of(answer)["val_acc", "best"].values == (None, 0.9, 0.9, 0.9)
    assert rows_of(answer)["val_acc", "best"].there == (False, True, True, True)
    assert rows_of(answer)["lr", None].values == (0.01, 3, 3, 5)
    assert side_by_side.sheets()


def test_zero_negative_and_endless_values_have_no_false_percent(root: Path) -> None:
    metrics = {"zero": "max", "minus": "max", "endless": "max"}
    add_run(root, "one", epochs(zero=[0.0], minus=[-2.0], endless=[float("inf")]), metrics={})
    add_run(root, "two", epochs(zero=[0.5], minus=[-1.0], endless=[1.0]))
    add_run(root, "three", epochs(zero=[0.0], minus=[-3.0], endless=[float("nan")]))
    ledger = open_at(root, metrics=metrics)
    runs = [find_run(ledger, name) for name in ("one", "two", "three")]

    side_by_side, answer = compare_together(ledger, runs, question="")

    found = rows_of(answer)
    assert found["zero", "last"].percents == (None, None, None)
    assert found["zero", "last"].better == (None, True, None)
    assert found["minus", "last"].percents == (None, 50.0, -50.0)
    assert found["minus", "last"].better == (None, True, False)
    assert found["endless", "last"].changes == (None, None, None)
    assert found["endless", "last"].to_json()["values"] == [
        encode_number(number) for number in (float("inf"), 1.0, float("nan"))
    ]
    (shown,) = [sheet for sheet in side_by_side.sheets() if sheet.header[0] == "metrics"]
    cells = {(row[0], row[1]): row[2:] for row in shown.rows}
    assert cells["zero", "last"] == (0.0, "0.5 (+0.5 better)", 0.0)
    assert cells["minus", "last"] == (-2.0, "-1 (+50.00 % better)", "-3 (-50.00 % worse)")


def test_the_order_is_that_of_the_names_not_of_the_runs(root: Path) -> None:
    for hour, name in enumerate(("a", "b", "c", "d")):
        started = FIRST + timedelta(hours=hour)
        config = {name: 1, "zwei": name, "größe": f"{name}\u202e"}
        add_run(root, f"run_{name}", epochs(loss=[1.0]), config=config, started=started)

    once, answer = together(root, "run_c", "run_a", "run_d", "run_b")
    again, _ = together(root, "run_c", "run_a", "run_d", "run_b")

    assert once.rows == again.rows
    assert rows_of(answer)["zwei", None].values == ("c", "a", "d", "b")
    assert [each.rpartition("_")[2][0] for each in once.runs] == ["c", "a", "d", "b"]
    keys = [row.key for row in answer.rows if row.section == "config"]
    assert keys == ["a", "b", "c", "d", "größe", "zwei"]


def test_twenty_runs_have_a_column_each(root: Path) -> None:
    names = [f"run{place:02}" for place in range(20)]
    for place, name in enumerate(names):
        add_run(root, name, epochs(val_acc=[place / 20]))

    side_by_side, answer = together(root, *names)

    assert rows_of(answer)["val_acc", "last"].values == tuple(place / 20 for place in range(20))
    assert side_by_side.flat().header[3:] == side_by_side.runs


def test_a_run_is_shown_its_own_final_value_and_not_that_of_the_first(root: Path) -> None:
    """Only the second run's final value is not its last: the others differ all the same."""
    add_run(root, "one", epochs(val_acc=[0.5]))
    add_run(root, "two", epochs(val_acc=[0.6]), metrics={"val_acc": 0.7}, stated=["val_acc"])
    add_run(root, "three", epochs(val_acc=[0.9]))

    _, answer = together(root, "one", "two", "three")

    final = rows_of(answer)["val_acc", "final"]
    assert final.values == (0.5, 0.7, 0.9)
    assert final.changes[2] == pytest.approx(0.4)


def test_a_metric_that_is_text_in_one_run_keeps_the_numbers_of_the_others(root: Path) -> None:
    add_run(root, "one", epochs(val_acc=[0.5]))
    add_run(root, "two", metrics={"val_acc": "diverged"}, stated=["val_acc"])
    add_run(root, "three", epochs(val_acc=[0.9]))

    _, answer = together(root, "one", "two", "three")

    found = rows_of(answer)
    assert found["val_acc", None].values == (0.5, "diverged", 0.9)
    assert found["val_acc", "last"].values == (0.5, None, 0.9)
    assert found["val_acc", "last"].there == (True, False, True)


def test_the_best_is_that_of_each_run_where_one_alone_says_the_direction(root: Path) -> None:
    add_run(root, "one", epochs(odd=[0.7, 0.5]), objective=None)
    add_run(root, "two", epochs(odd=[0.8, 0.6]), objective=("odd", "max"))
    add_run(root, "three", epochs(odd=[0.9, 0.4]), objective=None)

    _, answer = together(root, "one", "two", "three")

    assert rows_of(answer)["odd", "best"].values == (0.7, 0.8, 0.9)


def test_what_is_not_known_of_a_run_is_not_what_the_first_one_has(root: Path) -> None:
    packages = [add_packages(root, f"numpy=={version}") for version in ("1.0", "2.0", "3.0")]
    codes = [add_manifest(root, {"train.py": letter * 40}) for letter in "abc"]
    for name, environment, code in zip(("one", "two", "lost"), packages, codes, strict=True):
        add_run(root, name, epochs(loss=[1.0]), environment=environment, git={"code": code})
    lost = str(packages[2]["pip_freeze_hash"]).removeprefix("sha256:")
    (root / "ledger" / "environments" / f"{lost}.txt").unlink()
    (root / "ledger" / "code" / f"{codes[2].removeprefix('sha256:')}.manifest").unlink()

    _, answer = together(root, "one", "two", "lost")

    found = rows_of(answer)
    for key, ours, theirs in (("numpy", "1.0", "2.0"), ("path:train.py", "a" * 40, "b" * 40)):
        assert found[key, None].values == (ours, theirs, None)
        assert found[key, None].there == (True, True, False)

"""What differs between two runs: nothing vanishes, nothing divides by zero."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.reader.compare import Comparison, compare
from ledger.reader.difference import Difference, number_difference
from ledger.reader.reference import find_run
from ledger.reader.sheets import comparison_sheets
from ledger.reader.text import plain_lines
from unit.reader.builders import FIRST, add_run, epochs, make_project, open_at, small_ledger


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.contract.json_text import Json


def compared(root: Path, old: str = "old", new: str = "new") -> Comparison:
    ledger = open_at(root)
    return compare(ledger, find_run(ledger, old), find_run(ledger, new))


def pair(root: Path, old: dict[str, object], new: dict[str, object]) -> Comparison:
    make_project(root)
    add_run(root, "old", **old)  # type: ignore[arg-type]
    add_run(root, "new", **{"started": FIRST + timedelta(hours=1), **new})  # type: ignore[arg-type]
    return compared(root)


def keys(comparison: Comparison, section: str) -> dict[str, tuple[Json, Json, bool, bool]]:
    return {d.key: (d.old, d.new, d.in_old, d.in_new) for d in comparison.section(section)}


def test_nested_config_is_compared_leaf_by_leaf(tmp_path: Path) -> None:
    comparison = pair(
        tmp_path,
        {"config": {"optimizer": {"name": "sgd", "momentum": 0.9}, "lr": "0.01", "a.b": 1}},
        {"config": {"optimizer": {"name": "adam"}, "lr": 0.01, "a": {"b": 1}}},
    )

    assert keys(comparison, "config") == {
        '"a.b"': (1, None, True, False),
        "a.b": (None, 1, False, True),
        "lr": ("0.01", 0.01, True, True),
        "optimizer.momentum": (0.9, None, True, False),
        "optimizer.name": ("sgd", "adam", True, True),
    }


def test_a_missing_value_is_not_the_text_na(tmp_path: Path) -> None:
    comparison = pair(tmp_path, {"config": {"x": "N/A", "y": None}}, {"config": {}})
    text = "\n".join("\n".join(plain_lines(sheet)) for sheet in comparison_sheets(comparison))

    assert keys(comparison, "config")["x"] == ("N/A", None, True, False)
    assert keys(comparison, "config")["y"] == (None, None, True, False)
    assert 'x       "N/A"  ->  N/A' in text
    assert "y       null   ->  N/A" in text


def test_metrics_of_one_run_only_are_kept(tmp_path: Path) -> None:
    comparison = pair(tmp_path, {"rows": epochs(loss=[1.0])}, {"rows": epochs(val_acc=[0.5])})

    assert keys(comparison, "metrics") == {
        "loss": (1.0, None, True, False),
        "val_acc": (None, 0.5, False, True),
    }


def test_a_metric_that_is_text_in_one_run_is_shown_without_a_change(tmp_path: Path) -> None:
    comparison = pair(tmp_path, {"metrics": {"score": 0.5}}, {"metrics": {"score": "diverged"}})

    assert comparison.section("metrics") == (
        Difference(
            section="metrics",
            key="score",
            reading=None,
            old=0.5,
            new="diverged",
            in_old=True,
            in_new=True,
        ),
    )


def test_last_and_best_are_told_apart(tmp_path: Path) -> None:
    comparison = pair(
        tmp_path,
        {"rows": epochs(val_acc=[0.5, 0.9, 0.7])},
        {"rows": epochs(val_acc=[0.5, 0.8, 0.8])},
    )

    readings = {d.reading: (d.old, d.new, d.is_better) for d in comparison.section("metrics")}
    assert readings == {"last": (0.7, 0.8, True), "best": (0.9, 0.8, False)}


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ((0.5, 0.75, "max"), (0.25, 50.0, True)),
        ((0.5, 0.75, "min"), (0.25, 50.0, False)),
        ((-2.0, -1.0, "max"), (1.0, 50.0, True)),
        ((-2.0, -3.0, "min"), (-1.0, -50.0, True)),
        ((0.0, 1.0, "max"), (1.0, None, True)),
        ((0, 1, None), (1, None, None)),
        ((0.5, 0.5, "max"), (0.0, 0.0, None)),
        ((0.5, math.nan, "max"), (None, None, None)),
        ((math.inf, 1.0, "min"), (None, None, None)),
        ((None, 1.0, "max"), (None, None, None)),
        ((5e-324, 1.0, "max"), (1.0, None, True)),
        ((1e308, -1e308, "max"), (None, None, None)),
        ((10**400, 0.5, "max"), (None, None, None)),
    ],
)
def test_changes(case: tuple[float | None, float | None, str | None], expected: object) -> None:
    old, new, goal = case

    found = number_difference("m", "last", old, new, goal)  # type: ignore[arg-type]

    assert (found.change, found.percent, found.is_better) == expected


@given(st.floats(), st.floats())
def test_percent_has_the_sign_of_the_change(old: float, new: float) -> None:
    found = number_difference("m", "last", old, new, "max")

    if found.percent:
        assert found.change is not None
        assert (found.percent > 0) == (found.change > 0)


def test_environment_packages_code_and_notes(tmp_path: Path) -> None:
    small_ledger(tmp_path)

    comparison = compared(tmp_path, "baseline", "small_lr")

    assert keys(comparison, "packages") == {
        "joblib": ("1.5.1", None, True, False),
        "numpy": ("2.3.1", "2.4.6", True, True),
        "threadpoolctl": (None, "3.6.0", False, True),
    }
    code = keys(comparison, "code")
    assert sorted(code) == ["commit", "dirty", "path:aug.py", "path:old.py", "path:train.py"]
    assert code["path:aug.py"][2:] == (False, True)
    assert keys(comparison, "environment") == {}
    assert keys(comparison, "note")["Result"][1] == "val_acc 0.931, the best so far."
    assert comparison.is_same_data is True


def test_data_is_the_same_by_multisets_of_name_and_hash(tmp_path: Path) -> None:
    a: Json = {"name": "a", "hash": "sha256:aa"}
    b: Json = {"name": "b", "hash": "sha256:bb"}

    same = pair(tmp_path, {"data": a, "extra_data": [b]}, {"data": b, "extra_data": [a]})

    assert same.is_same_data is True
    assert same.section("data") == ()


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ({"name": "a", "hash": "sha256:cc"}, False),
        ({"name": "z", "hash": "sha256:aa"}, False),
        ({"name": "a", "hash": None}, None),
        (None, None),
    ],
)
def test_data_that_differs_or_is_unknown(
    tmp_path: Path,
    new: Json,
    expected: bool | None,  # one cell of the table
) -> None:
    comparison = pair(tmp_path, {"data": {"name": "a", "hash": "sha256:aa"}}, {"data": new})

    assert comparison.is_same_data is expected
    assert comparison.section("data")


def test_missing_and_broken_side_files_are_warnings(tmp_path: Path) -> None:
    small_ledger(tmp_path)
    for path in (tmp_path / "ledger" / "environments").iterdir():
        path.unlink()
    for path in (tmp_path / "ledger" / "code").iterdir():
        path.write_bytes(b"nonsense")

    comparison = compared(tmp_path, "baseline", "small_lr")

    assert len(comparison.warnings) == 4
    assert sorted(keys(comparison, "code")) == ["commit", "dirty"]


def test_a_run_compared_with_itself_differs_in_nothing(tmp_path: Path) -> None:
    small_ledger(tmp_path)

    comparison = compared(tmp_path, "baseline", "baseline")

    assert {each.section for each in comparison.differences} == {"metrics", "note"}
    assert {each.change for each in comparison.section("metrics")} == {0.0}


def test_the_plain_dict_nests_metrics_by_reading(tmp_path: Path) -> None:
    small_ledger(tmp_path)

    document = compared(tmp_path, "baseline", "small_lr").to_json()

    config, metrics = document["config"], document["metrics"]
    assert isinstance(config, dict)
    assert isinstance(metrics, dict)
    lr, val_acc = config["lr"], metrics["val_acc"]
    assert isinstance(lr, dict)
    assert isinstance(val_acc, dict)
    assert (lr["old"], lr["new"]) == (0.01, 0.001)
    best = val_acc["best"]
    assert isinstance(best, dict)
    assert best["better"] is True


def test_the_order_does_not_depend_on_the_process(tmp_path: Path) -> None:
    """Sets iterate differently from process to process; comparisons must not."""
    small_ledger(tmp_path)
    program = "import ledger.reader.api as api; api.compare_runs('baseline', 'small_lr', start='.')"
    printed = {
        subprocess.run(  # our own interpreter
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert len(printed) == 1

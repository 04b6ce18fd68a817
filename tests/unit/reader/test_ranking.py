"""Which runs answer, in which order: against a brute-force oracle, and case by case."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ledger.errors import LedgerError, UnknownNameError
from ledger.reader.question import Ranking, parse_question
from ledger.reader.ranking import ask
from unit.reader.builders import DATA_HASH, FIRST, add_run, epochs, make_project, open_at


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.contract.json_text import Json
    from ledger.reader.answers import Answer, RankedRow

NAN, INF = math.nan, math.inf


def answer(root: Path, text: str, **options: int) -> Answer[RankedRow]:
    return ask(open_at(root), parse_question(text), text=text, **options)  # type: ignore[arg-type]


def names(root: Path, text: str) -> list[str]:
    ledger = open_at(root)
    rows = ask(ledger, parse_question(text), text=text).rows
    return [ledger.by_id[row.run_id].record.name for row in rows]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    make_project(tmp_path)
    rows = epochs(val_acc=[0.5, 0.9, 0.7], loss=[1.0, 0.4, 0.6])
    add_run(tmp_path, "up_down", rows, tags=["baseline"], config={"lr": 1e-2, "amp": True})
    add_run(
        tmp_path,
        "steady",
        epochs(val_acc=[0.6, 0.7, 0.8], loss=[0.9, 0.8, 0.5]),
        started=FIRST + timedelta(hours=1),
        config={"lr": "1e-3", "model": "big net", "optimizer": {"name": "adam"}, "a.b": 1},
        metrics={"test_acc": 0.77},
        stated=["test_acc"],
    )
    add_run(
        tmp_path,
        "diverged",
        epochs(val_acc=[0.3, NAN, NAN], loss=[2.0, INF, NAN]),
        started=FIRST + timedelta(hours=2),
        status="failed",
        config={"lr": 1, "a": {"b": 2}, "seed": 9007199254740993},
        random={"seed": 9007199254740993},
    )
    add_run(
        tmp_path,
        "handmade",
        started=FIRST + timedelta(hours=3),
        metrics={"val_acc": 0.85, "loss": "nan"},
        objective=None,
        config={"layers": [64, 32], "scheduler": None},
    )
    return tmp_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("best val_acc", ["up_down", "handmade", "steady", "diverged"]),
        ("worst val_acc", ["diverged", "up_down", "steady", "handmade"]),
        ("last val_acc", ["handmade", "steady", "up_down"]),
        ("final val_acc", ["handmade", "steady", "up_down"]),
        ("first val_acc", ["handmade", "steady", "up_down", "diverged"]),
        ("best loss", ["up_down", "steady", "diverged"]),
        ("last loss", ["steady", "up_down"]),
        ("best loss max", ["diverged", "up_down", "steady"]),
        ("final test_acc", ["steady"]),
        ("top 2 by val_acc", ["up_down", "handmade"]),
    ],
)
def test_readings(ledger: Path, text: str, expected: list[str]) -> None:
    assert names(ledger, text) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("lr < 1e-2", ["steady"]),
        ('lr <= "0.01"', ["up_down", "handmade", "steady"]),
        ("lr = 0.001", ["steady"]),
        ("amp = true", ["up_down"]),
        ("amp != true", ["handmade", "steady", "diverged"]),
        ("model = 'big net'", ["steady"]),
        ("model contains NET", ["steady"]),
        ("optimizer.name = adam", ["steady"]),
        ("param.optimizer.name = adam", ["steady"]),
        ("a.b = 2", ["diverged"]),
        ("""'"a.b"' = 1""", ["steady"]),
        ("layers contains 32", ["handmade"]),
        ("scheduler = null", ["handmade"]),
        ("seed = 9007199254740993", ["diverged"]),
        ("seed = 9007199254740992", []),
        ("status = failed", ["diverged"]),
        ("status != failed", ["up_down", "handmade", "steady"]),
        ("name contains dow", ["up_down"]),
        ("tag = baseline", ["up_down"]),
        ("tag != baseline", ["handmade", "steady", "diverged"]),
        ("branch = main and lr > 0.5", ["diverged"]),
        ("dirty = false", ["up_down", "handmade", "steady", "diverged"]),
        ("commit = 4f2a", ["up_down", "handmade", "steady", "diverged"]),
        ("commit = 4f2", []),
        ("data = digits", ["up_down", "handmade", "steady", "diverged"]),
        (f"data = {DATA_HASH[:12]}", ["up_down", "handmade", "steady", "diverged"]),
        ("started >= 2026-02-01T18", ["handmade", "diverged"]),
        ("val_acc >= 0.85", ["up_down", "handmade"]),
        ("loss < 0.55", ["steady"]),
        ("loss != 0.5", ["up_down", "handmade", "diverged"]),
        ("loss = warm", []),
        ("lr > big", []),
    ],
)
def test_conditions(ledger: Path, condition: str, expected: list[str]) -> None:
    assert names(ledger, f"best val_acc where {condition}") == expected


def test_best_tells_epoch_last_and_the_params_that_differ(ledger: Path) -> None:
    first, second = (
        answer(ledger, "best val_acc where tag = baseline or".removesuffix(" or")).rows[0],
        answer(ledger, "best val_acc").rows[2],
    )

    assert (first.value, first.epoch, first.step, first.last) == (0.9, 1, None, 0.7)
    assert first.config == {}
    assert second.config == {
        '"a.b"': 1,
        "lr": "1e-3",
        "model": "big net",
        "optimizer.name": "adam",
    }


def test_a_run_without_a_finite_value_is_left_out_and_named(ledger: Path) -> None:
    found = answer(ledger, "last val_acc")

    assert found.left_out == 1
    assert any("diverged" in line and "left out" in line for line in found.warnings)


def test_a_run_that_had_non_finite_values_is_flagged(ledger: Path) -> None:
    found = answer(ledger, "best val_acc")

    assert found.rows[3].n_nonfinite == 2
    assert any("diverged" in line and "2 of its values" in line for line in found.warnings)


def test_ties_go_to_the_earlier_start_then_the_run_id(tmp_path: Path) -> None:
    make_project(tmp_path)
    for name, hours in (("late", 2), ("b_same", 1), ("a_same", 1)):
        started = FIRST + timedelta(hours=hours)
        add_run(tmp_path, name, epochs(val_acc=[0.9]), started=started)

    assert names(tmp_path, "best val_acc") == ["a_same", "b_same", "late"]


def test_a_retracted_run_is_left_out_and_counted(tmp_path: Path) -> None:
    make_project(tmp_path)
    add_run(tmp_path, "good", epochs(val_acc=[0.8]))
    files = {"retraction.md": b"wrong split\n"}
    add_run(tmp_path, "bad", epochs(val_acc=[0.99]), started=FIRST + timedelta(1), files=files)

    found = answer(tmp_path, "best val_acc")

    assert [row.value for row in found.rows] == [0.8]
    assert found.left_out == 1


def test_ten_rows_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    make_project(tmp_path)
    for place in range(12):
        add_run(tmp_path, f"r{place}", epochs(val_acc=[place / 100]))

    assert len(answer(tmp_path, "best val_acc").rows) == 10
    assert len(answer(tmp_path, "top 3 by val_acc").rows) == 3
    assert len(answer(tmp_path, "top 3 by val_acc", limit=11).rows) == 11


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("best val_ac", "val_acc"),
        ("best optimizer", "there are loss, test_acc, val_acc"),
        ("best val_acc where name.x = 1", "name"),
        ("best val_acc where optimiser = adam", "optimizer.name"),
    ],
)
def test_an_unknown_name_suggests_the_nearest(ledger: Path, text: str, hint: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        answer(ledger, text)

    assert caught.value.exit_code == 1
    assert hint in caught.value.hint


def test_a_metric_may_be_called_select_or_hold_any_letters(tmp_path: Path) -> None:
    make_project(tmp_path)
    columns: dict[str, list[Json]] = {
        "select": [1.0],
        "größe/ß": [2.0],
        'a"b': [3.0],
        "; DROP": [4.0],
    }
    add_run(tmp_path, "odd", epochs(**columns))  # type: ignore[arg-type]

    found = [
        answer(tmp_path, f"{Ranking(verb='best', metric=name, goal='max').to_text()}").rows[0].value
        for name in columns
    ]

    assert found == [1.0, 2.0, 3.0, 4.0]


def test_an_empty_ledger_says_how_to_record_the_first_run(tmp_path: Path) -> None:
    make_project(tmp_path)

    with pytest.raises(UnknownNameError, match=r"ledger\.start") as caught:
        answer(tmp_path, "best val_acc")

    assert caught.value.exit_code == 1


def test_a_running_run_answers_with_its_finished_rows(tmp_path: Path) -> None:
    make_project(tmp_path)
    run_id = add_run(
        tmp_path, "live", epochs(val_acc=[0.5, 0.7]), is_sealed=False, status="running"
    )
    table = next(tmp_path.glob(f"ledger/*/{run_id}/metrics.csv"))
    table.write_bytes(table.read_bytes() + b"2,6.0,0.99")

    row = answer(tmp_path, "best val_acc").rows[0]

    assert (row.value, row.epoch, row.status) == (0.7, 1, "crashed")


def test_json_of_a_row_has_the_documented_keys(ledger: Path) -> None:
    document = answer(ledger, "best val_acc").to_json()
    rows = document["rows"]

    assert list(document) == [
        "answer_version",
        "verb",
        "question",
        "metric",
        "direction",
        "direction_source",
        "rows",
        "warnings",
        "left_out",
    ]
    assert isinstance(rows, list)
    assert isinstance(rows[3], dict)
    assert " ".join(rows[3]) == (
        "rank run_id trial_id value epoch step last status commit dirty data_hash config"
    )
    assert rows[3]["last"] == "nan"


def test_conflicting_objectives_are_an_error_that_asks(tmp_path: Path) -> None:
    make_project(tmp_path)
    add_run(tmp_path, "a", epochs(score=[1.0]), objective=("score", "max"))
    add_run(tmp_path, "b", epochs(score=[2.0]), objective=("score", "min"))

    with pytest.raises(LedgerError, match="disagree") as caught:
        answer(tmp_path, "best score")

    assert caught.value.exit_code == 2
    assert answer(tmp_path, "best score min").rows[0].value == 1.0


def test_integers_beyond_128_bits_are_numbers_like_any_other(tmp_path: Path) -> None:
    make_project(tmp_path)
    add_run(tmp_path, "big", metrics={"loss": 10**40}, config={"n": 10**40})

    assert answer(tmp_path, "best loss where n > 1e39").rows[0].value == 1e40
    assert names(tmp_path, f"best loss where n = {10**40}") == ["big"]

"""Trials of a sweep compared as if each were a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.errors import LedgerError, UnknownNameError
from ledger.reader.api import compare_runs
from ledger.reader.asking.door import ask_text
from ledger.reader.compare import compare
from ledger.reader.subject import find_subject
from unit.reader.builders import add_run, epochs, make_project, open_at


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.contract.metrics import Cell
    from ledger.reader.ledger import Ledger

TRIALS_CSV = b"""\
trial_id,attempt,execution,status,score,best_epoch,started,ended,message,optimizer.lr,units
00,0,0,finished,0.7,1,2026-02-01T16:30:00+00:00,2026-02-01T16:31:00+00:00,,0.1,8
01,0,0,failed,,,2026-02-01T16:32:00+00:00,2026-02-01T16:33:00+00:00,out of memory,1e-2,16
01,1,0,finished,0.9,0,2026-02-01T16:34:00+00:00,2026-02-01T16:35:00+00:00,,1e-2,16
"""


def rows_of(trial: str, *values: float, attempt: int = 0) -> list[dict[str, Cell]]:
    names = ("trial_id", "attempt", "execution", "epoch")
    return [
        dict(zip(names, (trial, attempt, 0, epoch), strict=True)) | {"val_acc": number}
        for epoch, number in enumerate(values)
    ]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    make_project(tmp_path)
    rows = [
        *rows_of("00", 0.5, 0.7, 0.6),
        *rows_of("01", 0.2),
        *rows_of("01", 0.9, 0.8, attempt=1),
    ]
    config = {"optimizer": {"name": "sgd", "lr": None}}
    add_run(tmp_path, "sweep", rows, files={"trials.csv": TRIALS_CSV}, config=config)  # type: ignore[arg-type]
    add_run(tmp_path, "plain", epochs(val_acc=[0.1, 0.3]), config={"lr": 0.1})
    add_run(tmp_path, "sweep#01", epochs(val_acc=[0.4]), run_id="2026-02-01_1630_odd-abcdefgh")
    return open_at(tmp_path)


def test_a_trial_has_its_own_rows_and_its_params_over_the_config_of_the_sweep(
    ledger: Ledger,
) -> None:
    found = compare(ledger, find_subject(ledger, "sweep#00"), find_subject(ledger, "sweep-#01"))

    config = {each.key: (each.old, each.new) for each in found.section("config")}
    assert config == {"optimizer.lr": (0.1, 0.01), "units": (8, 16)}
    metrics = {each.reading: (each.old, each.new) for each in found.section("metrics")}
    assert metrics == {"last": (0.6, 0.8), "best": (0.7, 0.9)}
    assert (found.section("run"), found.section("code"), found.section("data")) == ((), (), ())


def test_the_tables_of_a_sweep_are_read_once_for_each_trial(ledger: Ledger) -> None:
    read: list[str] = []
    whole = ledger.source.read

    def counted(path: str) -> bytes:
        read.append(path.rpartition("/")[2])
        return whole(path)

    ledger.source.read = counted  # type: ignore[method-assign]  # counts, and reads
    compare(ledger, find_subject(ledger, "sweep#00"), find_subject(ledger, "sweep-#01"))

    assert read.count("metrics.csv") == 2


def test_trials_and_runs_stand_side_by_side(ledger: Ledger) -> None:
    answered = ask_text(ledger, "compare plain sweep-#00 sweep-#01")

    rows = {(row["key"], row["reading"]): row for row in answered.answer.to_json()["rows"]}  # type: ignore[index,union-attr,call-overload]  # its rows
    assert rows["val_acc", "best"]["values"] == [0.3, 0.7, 0.9]  # type: ignore[index,call-overload]  # as above
    assert answered.together is not None
    assert [each.rpartition("#")[2] for each in answered.together.runs[1:]] == ["00", "01"]
    (curves,) = answered.curves
    assert [len(str(cell)) for cell in curves.rows[0][1:]] == [2, 3, 3]


def test_a_run_whose_name_holds_the_sign_goes_before_a_trial(ledger: Ledger) -> None:
    assert find_subject(ledger, "sweep#01").run_id == "2026-02-01_1630_odd-abcdefgh"


def test_the_one_call_form_takes_trials(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    found = compare_runs("sweep-#00", "sweep-#01", start=ledger.project.root)

    units = found["config"]["units"]  # type: ignore[index,call-overload]  # nested
    assert (units["old"], units["new"]) == (8, 16)  # type: ignore[index,call-overload]  # as above
    assert "units" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("sweep-#7", "has no trial '7' (did you mean 00 or 01?)"),
        ("sweep-#0", "has no trial '0' (did you mean 00 or 01?)"),
        ("plain#00", "has no trials: it is no sweep"),
        ("swoop#00", "no run is called 'swoop'"),
        ("#00", "no run is called '#00'"),
        ("sweep-#", "has no trial ''"),
    ],
)
def test_an_unknown_trial_is_told_with_those_there_are(
    ledger: Ledger, reference: str, said: str
) -> None:
    with pytest.raises(UnknownNameError) as caught:
        find_subject(ledger, reference)

    assert said in str(caught.value)


def test_a_trial_named_twice_is_refused_and_two_of_one_sweep_are_not(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="#00 is named twice"):
        ask_text(ledger, "compare sweep-#00 sweep-#01 sweep-#00")

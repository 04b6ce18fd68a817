"""Boards of real runs, of tables that other tools wrote, and of whole ledgers, while they grow."""

from __future__ import annotations

import math
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import ledger
from ledger.errors import LedgerError
from ledger.project import find_project
from ledger.report.boards.follow import Following
from ledger.report.boards.places import Places
from ledger.report.boards.rows import Plan, number_in
from ledger.report.boards.runs import LedgerBoard
from ledger.report.boards.sweep import SweepBoard
from ledger.report.boards.table import CsvBoard
from unit.reader.builders import add_run, epochs
from unit.reader.builders import make_project as make_ledger
from unit.writer.recording import begin_training, make_project


if TYPE_CHECKING:
    from collections.abc import Iterator

REAL = Path(__file__).parents[2] / "reader" / "foreign" / "kerastuner"


def clock() -> datetime:
    return datetime.now(tz=UTC)


def candidates(board: Any) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in board.document()["candidates"]}


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ledger.Run]:
    monkeypatch.chdir(make_project(tmp_path))
    monkeypatch.setenv("LEDGER_QUIET", "1")
    run = ledger.start("search", objective=("val_loss", "min"))
    run.wait_for_capture()  # what comes late would be news
    run.sweep.describe(tuner="Random", max_trials=9, space={"lr": {"type": "Float"}})
    yield run
    run.finish()


def board_of(run: ledger.Run) -> SweepBoard:
    return SweepBoard(find_project([run.dir]), run.id, clock)


def test_a_sweep_tells_its_trials_row_by_row(sweep: ledger.Run) -> None:
    first = sweep.sweep.begin("00", {"lr": 0.1})
    first.log({"val_loss": 0.5, "loss": 0.4}, params={"lr": 0.1}, epoch=0)
    board = board_of(sweep)
    board.look()
    assert [0.5, 0, 0.5, 0, 0.5, 1, 0] == candidates(board)["00"]["summary"]["val_loss"]
    first.log({"val_loss": math.nan}, params={"lr": 0.1}, epoch=1)
    change = board.look()
    assert [({"val_loss": "nan"}, 1)] == [(r.to_json()["m"], r.to_json()["e"]) for r in change.rows]
    first.end(score=0.5, params={"lr": 0.1})
    second = sweep.sweep.begin("01", {"lr": 0.2})
    assert {"00", "01"} == {*board.look().candidates}
    found = candidates(board)
    assert ("finished", "running") == (found["00"]["status"], found["01"]["status"])
    assert {"lr": 0.2} == found["01"]["params"]
    second.end("failed", message="ValueError: boom")
    board.look()
    assert "ValueError: boom" == candidates(board)["01"]["message"]


def test_a_sweep_says_what_it_is_about(sweep: ledger.Run) -> None:
    sweep.sweep.begin("00", {"lr": 0.1}).log({"val_loss": 0.5}, params={"lr": 0.1}, epoch=0)
    board = board_of(sweep)
    board.look()
    about = board.document()
    assert {"metric": "val_loss", "goal": "min", "source": "objective"} == about["objective"]
    assert ("sweep", 9, "running") == (about["kind"], about["max_trials"], about["status"])
    assert ("lr",) == about["params"]
    sweep.finish()
    assert board.look().is_state
    assert "finished" == board.document()["status"]


def test_a_sweep_that_another_branch_takes_away_is_told_and_comes_back(
    sweep: ledger.Run, tmp_path: Path
) -> None:
    sweep.sweep.begin("00", {"lr": 0.1}).log({"val_loss": 0.5}, epoch=0)
    sweep.finish()
    board = board_of(sweep)
    board.look()
    home = sweep.dir
    where = home.rename(tmp_path / "away")
    change = board.look()
    assert change.is_anew
    said = board.document()["said"]
    assert sweep.id in said[0]
    assert "Errno" not in said[0]
    assert not board.look()  # told once
    where.rename(home)
    board.look()
    document = board.document()
    assert [(), ["00"]] == [document["said"], [e["id"] for e in document["candidates"]]]


def test_a_column_that_comes_late_begins_the_sweep_anew(sweep: ledger.Run) -> None:
    attempt = sweep.sweep.begin("00", {})
    attempt.log({"val_loss": 0.5}, epoch=0)
    board = board_of(sweep)
    board.look()
    attempt.log({"val_loss": 0.4, "extra": 7.0}, epoch=1)
    assert board.look().is_anew
    assert {"val_loss", "extra"} == {*candidates(board)["00"]["summary"]}
    assert 2 == candidates(board)["00"]["n_rows"]


SEARCH = """
import ledger, sys
run = ledger.start("search")
run.sweep.begin("00", {}).log({"val_loss": 0.5}, epoch=0)
print(run.dir, flush=True)
sys.stdin.read()
"""


def test_a_trial_of_a_run_whose_process_is_gone_has_crashed(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    with begin_training(project, SEARCH) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        board = SweepBoard(find_project([folder]), folder.name, clock)
        board.look()
        assert "running" == candidates(board)["00"]["status"]
        process.kill()
    assert board.look().is_state
    assert "crashed" == candidates(board)["00"]["status"]


@pytest.mark.parametrize(
    ("name", "best", "trial"), [("random", 0.855, None), ("hyperband", 0.89, "0019")]
)
def test_the_best_of_a_real_sweep_is_the_one_its_tuner_knew(
    name: str, best: float, trial: str | None
) -> None:
    board = CsvBoard(REAL / name)
    board.look()
    found = {k: each["summary"]["val_accuracy"][2] for k, each in candidates(board).items()}
    assert best == pytest.approx(max(found.values()), abs=1e-6)
    assert trial in {None, max(found, key=lambda k: found[k])}
    assert {"metric": "val_accuracy", "goal": "max", "source": "objective"} == board.document()[
        "objective"
    ]
    assert 1 == board.document()["epoch_base"]


def test_executions_without_a_column_are_curves_of_their_own() -> None:
    board = CsvBoard(REAL / "random_exec2")
    board.look()
    assert {2} == {len(each) for each in board.curves("val_accuracy", "epoch").values()}


def test_names_alone_make_no_metric(tmp_path: Path) -> None:
    rows = [f"0{t},{e},{t + 1},0.{t},{1 / (e + t + 1)}" for t in range(3) for e in range(4)]
    head = "trial_id,epoch,grad_accum,loss_weight,perplexity"
    (tmp_path / "s.csv").write_text("\n".join([head, *rows, ""]))
    board = CsvBoard(tmp_path / "s.csv")
    board.look()
    about = board.document()
    assert (("grad_accum", "loss_weight"), ("perplexity",)) == (about["params"], about["metrics"])
    assert any("no record says what the columns are" in line for line in about["said"])


def test_a_table_is_waited_for_and_then_followed(tmp_path: Path) -> None:
    path = tmp_path / "sweep_master_log.csv"
    board = CsvBoard(path)
    board.look()
    assert board.document()["is_waiting"]
    path.write_text("trial_id,epoch,lr,val_loss\n00,1,0.1,0.5\n00,2,0.1,0.4\n")
    assert board.look().is_state
    assert not board.document()["is_waiting"]
    with path.open("a") as file:
        file.write("01,1,0.2,0.3\n01,2,0.2,0.")
    change = board.look()
    assert (["01"], 1) == ([*change.candidates], len(change.rows))
    shutil.copy(REAL / "random" / "moons_random_master_log.csv", path)
    assert board.look().is_anew
    path.unlink()
    assert board.look().is_anew
    assert board.document()["is_waiting"]


def test_a_ledger_tells_its_runs_and_what_is_new(tmp_path: Path) -> None:
    project = make_ledger(tmp_path)
    add_run(tmp_path, "a", epochs(val_acc=[0.5, 0.9, 0.7]))
    board = LedgerBoard(project, clock)
    board.look()
    (first,) = candidates(board).values()
    assert [0.5, 0, 0.9, 1, 0.7, 3, 0] == first["summary"]["val_acc"]
    assert ("a", 42, "finished") == (first["label"], first["seed"], first["status"])
    assert not board.look()
    second = tmp_path / "ledger/2026-02" / add_run(tmp_path, "b", epochs(val_acc=[0.8]))
    change = board.look()
    assert ((second.name,), True) == (
        change.candidates,
        change.is_state,
    )  # it may have other params
    assert 3 == len(board.curves("val_acc", "epoch")[first["id"]][0]["y"])
    (second / "run.json").write_text("{")
    board.look()
    assert any("run.json" in line for line in board.document()["said"])
    assert {first["id"]} == {*candidates(board)}


def test_a_run_that_goes_on_is_told_row_by_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(make_project(tmp_path))
    monkeypatch.setenv("LEDGER_QUIET", "1")
    with ledger.start("plain", config={"epochs": 5}, objective=("acc", "max")) as run:
        run.wait_for_capture()
        run.log(epoch=0, acc=0.5)
        board = LedgerBoard(find_project([run.dir]), clock)
        board.look()
        run.log(epoch=1, acc=0.75)
        (row,) = board.look().rows
        assert (run.id, {"acc": 0.75}) == (row.candidate, row.values)
        found = candidates(board)[run.id]
        assert (1, 5, 2) == (found["position"], found["planned"], found["n_rows"])
    board.look()
    assert "finished" == candidates(board)[run.id]["status"]


def test_a_run_that_was_taken_back_is_not_shown(tmp_path: Path) -> None:
    project = make_ledger(tmp_path)
    folder = tmp_path / "ledger/2026-02" / add_run(tmp_path, "a", epochs(val_acc=[0.5]))
    board = LedgerBoard(project, clock)
    board.look()
    (folder / "retraction.md").write_text("wrong data\n")
    assert board.look().is_anew
    assert {} == candidates(board)


def test_a_link_to_a_table_means_the_same_after_a_restart(tmp_path: Path) -> None:
    keys = []
    for _ in range(2):
        places = Places(None, {"LEDGER_STATE_DIR": str(tmp_path)})
        places.choose(str(tmp_path / "a.csv"))
        places.choose(str(tmp_path / f"{len(keys)}.csv"))
        places.choose(str(tmp_path / "a.csv"))
        keys.append(places.first)
    assert 1 == len({*keys})


def test_of_very_many_columns_a_few_are_named(tmp_path: Path) -> None:
    names = ",".join(f"c{place}" for place in range(300))
    rows = [
        f"{t},{e}," + ",".join(str(place * t) for place in range(300)) + f",{1 / (e + t + 1)}"
        for t in range(3)
        for e in range(3)
    ]
    (tmp_path / "wide.csv").write_text("\n".join([f"trial_id,epoch,{names},val_loss", *rows, ""]))
    board = CsvBoard(tmp_path / "wide.csv")
    board.look()
    assert 300 == len(board.document()["params"])
    assert "c11 and 288 more; metrics: val_loss" in board.document()["said"][0]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param("trial_id,epoch,a\n0,0,1\n".encode("utf-16"), "UTF-16", id="utf-16"),
        pytest.param("trial_id,epoch,n\xe4me\n".encode("latin-1"), "UTF-8", id="latin-1"),
        pytest.param(b"hello world\nthis is none\n", "no column of numbers", id="text"),
        pytest.param(b"", "is empty", id="empty"),
    ],
)
def test_what_cannot_be_followed_says_why(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    board = CsvBoard(tmp_path / "a.csv")
    board.look()
    assert board.document()["is_waiting"]
    assert said in board.document()["said"][0]


def test_semicolons_and_a_table_without_trials_are_followed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("epoch;loss;val_loss\n0;1;2\n1;0.5;1.5\n")
    board = CsvBoard(tmp_path / "a.csv")
    board.look()
    assert [1.5, 1, 2.0, 0, 1.5, 2, 0] == candidates(board)["a"]["summary"]["val_loss"]


def test_where_no_run_has_been_started_the_first_one_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    places = Places(None, os.environ, follows=True)
    places.choose(None)
    board = places.open(places.first)
    assert not board.look()
    assert board.document()["is_waiting"]
    with pytest.raises(LedgerError, match="no run has been started yet"):
        places.ledger_of(places.first)
    monkeypatch.chdir(make_project(tmp_path))
    monkeypatch.setenv("LEDGER_QUIET", "1")
    with ledger.start("first") as run:
        run.wait_for_capture()
        assert board.look().is_anew
        assert board.look().is_anew, "a page may have come between"
        found = places.open(places.first)
        found.look()
        assert {run.id} == {*candidates(found)}


@pytest.mark.parametrize("step", ["1e300", "99999999999999999999", "-9223372036854775809"])
def test_a_step_beyond_every_counter_is_none(tmp_path: Path, step: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"epoch,step,loss,val_loss\n0,{step},1,2\n1,{step},0.5,1.5\n")
    board = CsvBoard(path)
    board.look()
    with path.open("a") as file:
        file.write(f"2,{step},0.4,1.4\n")
    assert [(2, -1)] == [row.at for row in board.look().rows]
    assert [0, 1, 2] == board.curves("val_loss", "epoch")["a"][0]["x"]


def test_a_column_that_comes_late_begins_the_runs_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(make_project(tmp_path))
    monkeypatch.setenv("LEDGER_QUIET", "1")
    with ledger.start("plain") as run:
        run.wait_for_capture()
        run.log(epoch=0, loss=0.5)
        board = LedgerBoard(find_project([run.dir]), clock)
        board.look()
        assert not board.look().is_anew
        run.log(epoch=1, loss=0.4, val_loss=0.6)
        assert board.look().is_anew
        assert [0.6] == board.curves("val_loss", "epoch")[run.id][0]["y"]
        assert not board.look().is_anew


def test_a_record_that_cannot_be_read_is_told_once(tmp_path: Path) -> None:
    make_ledger(tmp_path)
    run_id = add_run(tmp_path, "search", epochs(val_loss=[0.5]))
    board = SweepBoard(find_project([tmp_path]), run_id, clock)
    board.look()
    (tmp_path / "ledger" / "2026-02" / run_id / "run.json").write_text("{")
    assert board.look().is_state
    assert any("run.json" in line for line in board.document()["said"])
    assert not board.look()


def test_a_table_that_can_be_read_again_is_not_told_to_be_broken(tmp_path: Path) -> None:
    def plan(_: str, header: tuple[str, ...]) -> Plan:
        return Plan(index={"epoch": 0}, params=(), metrics=((header[1], 1),), number_of=number_in)

    path = tmp_path / "metrics.csv"
    path.mkdir()
    following = Following(plan)
    following.look({"metrics.csv": str(path)})
    assert ["metrics.csv"] == [*following.broken]
    path.rmdir()
    path.write_text("epoch,loss\n0,0.5\n")
    following.look({"metrics.csv": str(path)})
    assert ({}, [0.5]) == (following.broken, following.curves("loss", "epoch")[""][0]["y"])

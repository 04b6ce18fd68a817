"""Tables of other tools: real sweeps of kt-masterlog, and everything a CSV can be."""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.errors import LedgerError
from ledger.reader.asking.door import ask_text
from ledger.reader.foreign.opened import open_table
from ledger.reader.index import open_index


REAL = Path(__file__).parent / "kerastuner"
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def opened_index(path: Path, *layers: str):  # noqa: ANN201
    """Return the views of the table ``path``."""
    return open_index(open_table(path, NOW).ledger, *(layers or ("curves",)))  # type: ignore[arg-type]  # names


def best_by_hand(path: Path) -> list[tuple[str, float]]:
    """Return (trial, best val_accuracy) of every trial, best first, by a plain loop."""
    best: dict[str, float] = {}
    for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
        value = float(row["val_accuracy"])
        best[row["trial_id"]] = max(best.get(row["trial_id"], 0.0), value)
    return sorted(best.items(), key=lambda each: (-each[1], each[0]))


@pytest.mark.parametrize("name", ["random", "random_exec2", "hyperband"])
def test_the_trials_of_real_sweeps_are_ranked_as_by_hand(name: str) -> None:
    (path,) = (REAL / name).glob("*.csv")
    opened = open_table(path, NOW)

    answer = ask_text(opened.ledger, "best val_accuracy", is_of_trials=True, limit=99).answer

    found = [(row.trial_id, row.value) for row in answer.rows]  # type: ignore[attr-defined]  # ranked rows
    assert sorted(found, key=lambda each: (-each[1], each[0])) == best_by_hand(path)
    assert [value for _, value in found] == [value for _, value in best_by_hand(path)]
    assert (answer.direction, answer.direction_source) == ("max", "objective")


@pytest.mark.parametrize("name", ["random", "random_exec2", "hyperband"])
@pytest.mark.parametrize("given", ["table", "folder", "manifest"])
def test_a_sweep_is_found_by_its_table_its_folder_and_its_manifest(name: str, given: str) -> None:
    folder = REAL / name
    path = {"folder": folder, "table": next(folder.glob("*.csv"))}.get(given) or next(
        folder.glob("registry/*.json")
    )

    index = opened_index(path)

    assert index.rows("SELECT tool, status, objective, goal FROM runs") == [
        ("kt-masterlog", "finished", "val_accuracy", "max")
    ]
    assert index.rows("SELECT DISTINCT epoch_base FROM metrics") == [(1,)]
    n_trials = len(best_by_hand(next(folder.glob("*.csv"))))
    assert index.rows("SELECT count(*) FROM trials") == [(n_trials,)]


def test_what_is_inferred_is_said() -> None:
    said = open_table(REAL / "random_exec2", NOW).said

    assert "params units, activation, lr, dropout" in said[0]
    assert "metrics accuracy, auc, loss, val_accuracy, val_auc, val_loss" in said[0]
    assert "neither dataset, tag; epochs from 1" in said[0]
    assert "epochs begin again within a trial: read as up to 2 executions" in said[1]


def test_rows_of_two_executions_are_both_kept() -> None:
    index = opened_index(REAL / "random_exec2")

    assert index.rows("SELECT count(*) FROM metrics WHERE metric = 'loss'") == [(40,)]
    assert index.rows("SELECT DISTINCT execution FROM metrics ORDER BY ALL") == [(0,), (1,)]


HEAD = "trial,epoch,lr,opt,acc,note\n"
ROWS = "a,0,0.1,sgd,0.5,x\na,1,0.1,sgd,0.6,y\nb,0,1e-2,adam,NaN,x\nb,1,1e-2,adam,0.9,z\n"


def table(tmp_path: Path, data: str | bytes) -> Path:
    """Write a table."""
    path = tmp_path / "any table.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    return path


def test_roles_of_any_table(tmp_path: Path) -> None:
    index = opened_index(table(tmp_path, HEAD + ROWS))

    assert index.rows("SELECT metric, count(*) FROM metrics GROUP BY ALL") == [("acc", 4)]
    assert index.rows("SELECT trial_id, params['lr'], params['opt'] FROM trials ORDER BY ALL") == [
        ("a", "0.1", "sgd"),
        ("b", "1e-2", "adam"),
    ]
    assert index.rows("SELECT high, n_nonfinite FROM summary") == [(0.9, 1)]
    assert index.rows("SELECT run_id, tool FROM runs") == [("any_table", "csv")]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (("\ufeff" + HEAD + ROWS).encode(), None),
        ((HEAD + ROWS).encode("utf-16"), "UTF-16"),
        ((HEAD + ROWS).replace(",", ";").encode(), "separated by semicolons"),
        ((HEAD + ROWS).replace(",", "\t").encode(), "separated by tabs"),
        ((HEAD + ROWS).replace("\n", "\r\n").encode(), None),
        ((HEAD + ROWS + "b,2,1e-2,adam,0.9").encode(), "the last line has no end yet"),
        ((HEAD + ROWS).replace("x", '"x, ""y""\nz"').encode(), None),
        ((HEAD + ROWS).replace("acc", "select").encode(), None),
        ((HEAD + ROWS).replace("acc", "größe ß").encode(), None),
        ((HEAD + ROWS).replace("opt", "time_s").encode(), None),
    ],
)
def test_any_spelling_of_a_table_is_read(tmp_path: Path, data: bytes, said: str | None) -> None:
    opened = open_table(table(tmp_path, data), NOW)

    index = open_index(opened.ledger, "curves")
    assert index.rows("SELECT count(*), count(DISTINCT trial_id) FROM metrics") == [(4, 2)]
    assert index.warnings == ()
    assert said is None or said in opened.said[-1]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "is empty"),
        (HEAD, "has no row yet"),
        (HEAD.replace("lr", "opt") + ROWS, "the column 'opt' stands twice"),
        (HEAD + ROWS + "c,0\n", ":6: has 2 cells, the header has 6"),
        (HEAD + "<<<<<<< HEAD\n" + ROWS, ":2: holds a merge conflict marker"),
        ((HEAD + ROWS).encode() + b"c,0,0.1,\xe4,0.5,x\n", ":6: is not UTF-8"),
        (HEAD + "a,one,0.1,sgd,0.5,x\n", ":2: 'one' is no epoch"),
        ("trial;epoch;opt\na;0;0,5\na;1;0,6\n", "writes numbers with a comma"),
        ("name,city\na,b\nc,d\n", "no column of numbers"),
        (HEAD + 'a,0,0.1,sgd,0.5,"x\n', "is no CSV"),
        (HEAD.encode() + b"a,0,0.1,s\0gd,0.5,x\n", ":2: holds a NUL"),
    ],
)
def test_what_is_not_certain_is_refused_with_its_place(
    tmp_path: Path, data: str | bytes, said: str
) -> None:
    path = table(tmp_path, data)

    with pytest.raises(LedgerError) as caught:
        open_table(path, NOW)

    assert said in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_hundred_thousand_columns(tmp_path: Path) -> None:
    n = 100_000
    head = "epoch," + ",".join(f"m{place}" for place in range(n))
    rows = "".join(f"{epoch}," + ",".join([str(epoch)] * n) + "\n" for epoch in range(2))

    index = opened_index(table(tmp_path, f"{head}\n{rows}"), "records")

    assert index.rows("SELECT count(*), max(high) FROM summary") == [(n, 1.0)]


def test_nothing_and_too_much_are_told(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no such file"):
        open_table(tmp_path / "none.csv", NOW)
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(HEAD + ROWS, encoding="utf-8")
    with pytest.raises(LedgerError, match="holds 2 CSV files"):
        open_table(tmp_path, NOW)
    (tmp_path / "m.json").write_text('{"csv_path": "/nowhere/x.csv"}', encoding="utf-8")
    with pytest.raises(LedgerError, match="which is not there"):
        open_table(tmp_path / "m.json", NOW)


def test_the_command_ranks_trials_of_a_table_anywhere(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ledger", "query", "--csv", REAL / "hyperband", "best val_accuracy"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[0].split()[:4] == ["rank", "run", "trial", "val_accuracy"]
    assert done.stdout.splitlines()[1].split()[:4] == [
        "1",
        "moons_hyperband_master_log",
        "0019",
        "0.89",
    ]
    assert done.stderr.startswith("ledger: moons_hyperband_master_log.csv: 74 rows")

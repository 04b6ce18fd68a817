"""Whatever happens to the files, the index says what they say now."""

from __future__ import annotations

import json
import os
import random
import shutil
from typing import TYPE_CHECKING

import pytest

from ledger.reader.index import open_index
from unit.reader.builders import add_run, epochs, open_at
from unit.reader.index.many import (
    N_RUNS,
    add_one,
    copy_of,
    index_dir,
    make_many,
    paths_read,
    plain_views,
    settle,
    views,
)


if TYPE_CHECKING:
    from pathlib import Path


def test_the_stored_index_says_what_the_files_say(tmp_path: Path) -> None:
    make_many(tmp_path)
    expected = plain_views(tmp_path)

    assert views(open_at(tmp_path)) == expected  # built
    assert views(open_at(tmp_path)) == expected  # read
    assert len(expected["runs"]) == N_RUNS
    assert len(expected["metrics"]) == N_RUNS * 6


def test_what_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    make_many(tmp_path)
    settle()
    views(open_at(tmp_path))

    assert _read_by_a_question(tmp_path) == set()
    added = add_one(tmp_path, N_RUNS)
    assert _read_by_a_question(tmp_path) == {added}


def _read_by_a_question(root: Path) -> set[str]:
    """Return the runs whose files are read to answer from all layers."""
    return {path.split("/")[2] for path in paths_read(root)}


CHANGES = (
    "add",
    "many",
    "rewrite",
    "in place",
    "retract",
    "remove",
    "move",
    "break",
    "note",
    "no note",
    "row",
    "unseal",
    "running",
    "touch",
)


@pytest.mark.parametrize("seed", range(6))
def test_after_any_changes_the_index_says_what_the_files_say(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    make_many(tmp_path)
    views(open_at(tmp_path))
    number = N_RUNS
    for _ in range(7):
        for change in rng.sample(CHANGES, rng.randint(1, 4)):
            number += 1
            _change(tmp_path, change, number, rng)
        assert views(open_at(tmp_path)) == plain_views(tmp_path)


def _change(root: Path, change: str, number: int, rng: random.Random) -> None:  # noqa: C901, PLR0912
    folders = sorted(path for path in root.glob("ledger/2*/*") if (path / "run.json").exists())
    folder = rng.choice(folders)
    record = folder / "run.json"
    if change == "add":
        add_one(root, number)
    elif change == "many":
        for each in range(50):
            add_one(root, 1000 * number + each)
    elif change in {"rewrite", "in place", "unseal", "running"}:
        try:
            document = json.loads(record.read_bytes())
        except ValueError:
            return
        document["name"] = f"renamed {number}"
        if change in {"unseal", "running"}:
            document.pop("files", None)
            document.pop("summary", None)
            document["status"] = "running" if change == "running" else "interrupted"
        data = json.dumps(document, indent=2).encode()
        if change == "in place":
            with record.open("r+b") as file:
                file.write(data)
                file.truncate()
        else:
            (folder / "new").write_bytes(data)
            (folder / "new").replace(record)
    elif change == "retract":
        (folder / "retraction.md").write_text("wrong data\n", encoding="utf-8")
    elif change == "remove":
        shutil.rmtree(folder)
    elif change == "move":
        other = root / "ledger" / "2026-03" / folder.name
        other.parent.mkdir(exist_ok=True)
        if not other.exists():
            folder.rename(other)
    elif change == "break":
        record.write_bytes(b"{")
    elif change == "note":
        with (folder / "run.md").open("a", encoding="utf-8") as note:
            note.write(f"\nmore {number}\n")
    elif change == "no note":
        (folder / "run.md").unlink(missing_ok=True)
    elif change == "row":
        table = folder / "metrics.csv"
        if table.exists():
            with table.open("a", encoding="utf-8") as file:
                file.write(f"{number},9.0,0.5,0.25\n")
    elif change == "touch":
        os.utime(record)


def test_a_copy_of_a_repository_reads_its_own_files(tmp_path: Path) -> None:
    """The copied index is another project's: its files have other places."""
    make_many(tmp_path / "one")
    views(open_at(tmp_path / "one"))
    two = copy_of(tmp_path / "one", tmp_path / "two")
    folder = next(two.glob("ledger/2*/*"))
    shutil.rmtree(folder)

    assert views(open_at(two)) == plain_views(two)
    assert len(list((two / ".git/ledger/index").iterdir())) == 2


def test_an_id_in_two_months_counts_once_and_is_told(tmp_path: Path) -> None:
    ids = make_many(tmp_path)
    first = next(tmp_path.glob(f"ledger/*/{ids[0]}"))
    shutil.copytree(first, tmp_path / "ledger" / "2026-03" / ids[0])

    index = open_index(open_at(tmp_path))

    assert index.rows("SELECT count(*), count(DISTINCT run_id) FROM runs") == [(N_RUNS, N_RUNS)]
    assert [each.path for each in index.broken] == [f"ledger/2026-03/{ids[0]}"]


def test_unsealed_runs_follow_their_tables(tmp_path: Path) -> None:
    make_many(tmp_path)
    rows = epochs(val_acc=[0.1, 0.2])
    run_id = add_run(tmp_path, "open", rows, is_sealed=False, status="interrupted")
    best = f"SELECT high FROM summary WHERE run_id = '{run_id}' AND metric = 'val_acc'"

    assert open_index(open_at(tmp_path)).rows(best) == [(0.2,)]
    table = next(tmp_path.glob(f"ledger/*/{run_id}/metrics.csv"))
    table.write_bytes(table.read_bytes() + b"2,6.0,0.9\n")
    assert open_index(open_at(tmp_path)).rows(best) == [(0.9,)]


def test_runs_that_pass_do_not_make_a_new_generation_for_every_question(tmp_path: Path) -> None:
    make_many(tmp_path, 5)
    for number in range(N_RUNS):
        add_run(tmp_path, f"broken{number}", is_sealed=False, status="running")
    settle()
    views(open_at(tmp_path))
    names = sorted(os.listdir(index_dir(tmp_path)))

    assert views(open_at(tmp_path)) == plain_views(tmp_path)
    assert sorted(os.listdir(index_dir(tmp_path))) == names


def test_without_git_nothing_is_kept(tmp_path: Path) -> None:
    from unit.reader.builders import make_project

    make_project(tmp_path)
    for number in range(N_RUNS):
        add_one(tmp_path, number)
    before = sorted(path for path in tmp_path.rglob("*"))

    assert views(open_at(tmp_path)) == plain_views(tmp_path)
    assert sorted(path for path in tmp_path.rglob("*")) == before

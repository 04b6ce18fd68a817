"""Few runs with very many rows: what is stored of them, and that it says what the files say."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from unit.reader.builders import add_run, epochs, make_project, open_at
from unit.reader.index.many import add_one, paths_read, plain_views, settle, views
from unit.reader.places import commit, make_place, opened


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.contract.metrics import Cell

LOG = b"trial_id,attempt,execution,status,score,best_epoch,started,ended,message\n"
N_METRICS = 40


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a repository with two small runs."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    make_project(tmp_path)
    for number in range(2):
        add_one(tmp_path, number)
    return tmp_path


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Call heavy what has a hundred rows, so that the tables of a test may be small."""
    monkeypatch.setattr("ledger.reader.index.refresh.HEAVY", 100)


def _sweep(n_trials: int) -> list[dict[str, Cell]]:
    return [
        {"trial_id": f"{trial:03}", "execution": 0, "epoch": epoch}
        | {f"m{place}": trial + epoch / 8 + place for place in range(N_METRICS)}
        for trial in range(n_trials)
        for epoch in range(4)
    ]


def _stored(root: Path) -> list[str]:
    """Return the names of what an index keeps, each led by its layer."""
    return sorted(path.name for path in root.glob(".git/ledger/index/*/*.duckdb"))


@pytest.mark.usefixtures("light")
def test_one_heavy_sweep_is_stored_and_answers_the_same(root: Path) -> None:
    add_run(root, "sweep", _sweep(5), files={"trials.csv": LOG})  # type: ignore[arg-type]  # cells
    settle()
    expected = plain_views(root)

    assert views(open_at(root)) == expected  # stored, and read from what was stored
    (name,) = _stored(root)
    assert name.startswith("curves-")
    assert {each.rpartition("/")[2] for each in paths_read(root)} == {
        "run.json",
        "run.md",
    }  # no table
    assert _stored(root) == [name]


@pytest.mark.usefixtures("light")
@pytest.mark.parametrize("is_plain", [True, False])
def test_a_run_that_grows_is_not_stored_at_every_question(root: Path, is_plain: bool) -> None:
    rows = _sweep(5) if not is_plain else epochs(loss=[1 / (n + 1) for n in range(2000)])
    files = {} if is_plain else {"trials.csv": LOG}
    add_run(root, "open", rows, files=files, is_sealed=False, status="running")
    settle()

    assert views(open_at(root)) == plain_views(root)
    assert _stored(root) == []


@pytest.mark.usefixtures("light")
def test_a_heavy_plain_table_that_only_seems_plain_is_stored_with_care(root: Path) -> None:
    values = [1 / (n + 1) for n in range(1000)]
    twice = [*epochs(loss=values), *epochs(loss=values[::-1])]  # the last row of an epoch counts
    add_run(root, "twice", twice)
    settle()
    expected = plain_views(root)

    assert views(open_at(root)) == expected
    assert len(_stored(root)) == 1
    assert views(open_at(root)) == expected


@pytest.mark.usefixtures("light")
def test_a_heavy_run_that_changes_is_read_again(root: Path) -> None:
    run_id = add_run(root, "sweep", _sweep(20), files={"trials.csv": LOG})  # type: ignore[arg-type]  # cells
    settle()
    views(open_at(root))
    table = next(root.glob(f"ledger/*/{run_id}/metrics.csv"))
    lines = table.read_bytes().splitlines(keepends=True)
    table.write_bytes(b"".join(lines[:-1]))

    assert views(open_at(root)) == plain_views(root)  # young: for this question alone
    settle()
    assert views(open_at(root)) == plain_views(root)
    assert len(_stored(root)) == 2  # the last but one stays for who was told of it


@pytest.mark.usefixtures("light")
def test_a_heavy_run_answers_where_nothing_can_be_stored(root: Path) -> None:
    add_run(root, "sweep", _sweep(5), files={"trials.csv": LOG})  # type: ignore[arg-type]  # cells
    settle()
    expected = plain_views(root)
    (root / ".git" / "ledger").mkdir(exist_ok=True)
    (root / ".git" / "ledger" / "index").write_bytes(b"in the way")

    assert views(open_at(root)) == expected


@pytest.mark.usefixtures("light")
def test_a_heavy_run_of_a_commit_is_stored_by_its_content(tmp_path: Path) -> None:
    repo = make_place(tmp_path, "small")
    add_run(repo, "sweep", _sweep(5), files={"trials.csv": LOG})  # type: ignore[arg-type]  # cells
    commit(repo)
    plain = opened(repo, at="main")
    plain.index_dir = None
    expected = views(plain)

    assert views(opened(repo, at="main")) == expected
    (name,) = _stored(repo)
    assert views(opened(repo, at="main")) == expected
    assert _stored(repo) == [name]


def test_forty_eight_small_runs_are_not_stored(root: Path) -> None:
    for number in range(2, 48):
        add_run(root, f"run{number}", epochs(loss=[1 / (n + 1) for n in range(10)]))
    settle()
    views(open_at(root))

    assert _stored(root) == []

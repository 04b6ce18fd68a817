"""An index that is damaged, foreign, locked or cannot be written is never believed, never fatal."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from ledger.reader.index import open_index, opened
from ledger.reader.index.generation import alone
from ledger.reader.index.refresh import refresh
from ledger.reader.index.sources import RecordsSource
from unit.reader.builders import open_at
from unit.reader.index.many import (
    N_RUNS,
    add_one,
    all_rows,
    index_dir,
    make_many,
    plain_views,
    views,
)


COUNT = "SELECT count(*), sum(high) FROM summary"


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Return a project whose index is stored."""
    make_many(tmp_path)
    views(open_at(tmp_path))
    return tmp_path


def stored(root: Path, ending: str, layer: str = "records") -> Path:
    """Return the newest file of a layer."""
    return max(index_dir(root).glob(f"{layer}*{ending}"), key=lambda path: path.stat().st_mtime_ns)


DAMAGE = {
    "empty": lambda _: b"",
    "half": lambda data: data[: len(data) // 2],
    "zeros": lambda data: bytes(len(data)),
    "garbage": lambda data: random.Random(1).randbytes(len(data)),
    "longer": lambda data: data + b"more",
}


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("ending", [".current", ".known", ".duckdb"])
@pytest.mark.parametrize("layer", ["records", "curves"])
def test_a_damaged_index_is_made_anew_with_a_word(
    many: Path, how: str, ending: str, layer: str
) -> None:
    expected = plain_views(many)
    path = stored(many, ending, layer)
    path.write_bytes(DAMAGE[how](path.read_bytes()))

    index = open_index(open_at(many), "notes", "curves")

    assert index.warnings == ("the index was damaged and was made anew",)
    assert all_rows(index) == expected
    after = open_index(open_at(many), "notes", "curves")
    assert after.warnings == ()
    assert after.rows(COUNT) == index.rows(COUNT)


@pytest.mark.parametrize("seed", range(8))
def test_a_flipped_block_is_noticed_when_it_is_read(many: Path, seed: int) -> None:
    expected = plain_views(many)
    path = stored(many, ".duckdb")
    data = bytearray(path.read_bytes())
    rng = random.Random(seed)
    at = rng.randrange(len(data) - 4096)
    data[at : at + 512] = rng.randbytes(512)
    path.write_bytes(data)

    assert views(open_at(many)) == expected
    assert views(open_at(many)) == expected


@pytest.mark.parametrize("maker", ["0 0.0.1 1 2.0.0", "", 7])
def test_an_index_of_another_version_is_not_believed(many: Path, maker: object) -> None:
    expected = plain_views(many)
    path = stored(many, ".current")
    about = json.loads(path.read_bytes())
    path.write_text(json.dumps(about | {"maker": maker}), encoding="utf-8")

    index = open_index(open_at(many))

    assert index.rows(COUNT) == [(N_RUNS * 2, sum(row[6] for row in expected["summary"]))]
    assert json.loads(stored(many, ".current").read_bytes())["maker"] == about["maker"]


def test_who_finds_another_at_work_does_not_wait(tmp_path: Path) -> None:
    make_many(tmp_path)
    expected = plain_views(tmp_path)
    ledger = open_at(tmp_path)
    assert ledger.index_dir is not None

    with alone(ledger.index_dir) as is_alone:
        assert is_alone
        assert views(ledger) == expected

    assert os.listdir(ledger.index_dir) == ["lock"]


def test_a_place_that_cannot_be_written_costs_only_speed(tmp_path: Path) -> None:
    make_many(tmp_path)
    (tmp_path / ".git" / "ledger").write_text("a file where the folder would be", encoding="utf-8")

    assert views(open_at(tmp_path)) == plain_views(tmp_path)


def test_a_full_disk_costs_only_speed(tmp_path: Path) -> None:
    """A file-size limit stands for the disk: what the build writes fails with an error."""
    make_many(tmp_path)
    program = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"
        "from ledger.cli.main import run; sys.argv = ['ledger', 'ls', '--format', 'json']; run()"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)["rows"]) == N_RUNS
    assert [name for name in os.listdir(index_dir(tmp_path)) if name != "lock"] == []


def test_old_generations_go_and_the_last_two_stay(many: Path) -> None:
    for round_ in range(4):
        for number in range(50):
            add_one(many, 1000 * (round_ + 1) + number)
        views(open_at(many))

    names = [name for name in os.listdir(index_dir(many)) if name.startswith("records-")]
    assert len(names) == 4  # rows and what is known, twice
    assert views(open_at(many)) == plain_views(many)


def test_what_others_swept_meanwhile_is_not_called_damaged(many: Path) -> None:
    ledger = open_at(many)
    views(ledger)
    told = {"records": refresh(ledger, RecordsSource(ledger))}
    path = Path(told["records"].generation.path)
    content = path.read_bytes()

    path.unlink()
    with pytest.raises(opened._SweptError):
        opened._connected(told)

    path.write_bytes(b"x" * len(content))
    with pytest.raises(duckdb.Error):
        opened._connected(told)


def test_what_a_killed_build_left_is_swept_when_it_is_old(many: Path) -> None:
    left = index_dir(many) / ".records-1-2.runs.csv"
    fresh = index_dir(many) / ".records-3-4.runs.csv"
    for path in (left, fresh):
        path.write_bytes(b"x")
    os.utime(left, (1, 1))
    for number in range(50):
        add_one(many, 1000 + number)

    views(open_at(many))

    assert not left.exists()
    assert fresh.exists()


def test_a_swept_generation_is_no_damage(many: Path) -> None:
    shutil.rmtree(index_dir(many))

    index = open_index(open_at(many))

    assert index.warnings == ()
    assert index.rows("SELECT count(*) FROM runs") == [(N_RUNS,)]

"""Reading a ledger: what is broken is told, and never stops the rest."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ledger.reader.index import open_index
from ledger.reader.ledger import Ledger
from ledger.reader.question import parse_question
from ledger.reader.ranking import ask
from ledger.reader.source import DiskSource
from unit.reader.builders import FIRST, NOW, add_run, epochs, make_project, open_at


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ledger.reader.source import RunFolder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_project(tmp_path)
    add_run(tmp_path, "good", epochs(val_acc=[0.8]))
    return tmp_path


def add_bad(root: Path) -> Path:
    """Add a run that would win, and return its folder, to be damaged."""
    run_id = add_run(root, "bad", epochs(val_acc=[0.99]), started=FIRST + timedelta(hours=1))
    return next(root.glob(f"ledger/*/{run_id}"))


def edit(change: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        document = json.loads((folder / "run.json").read_bytes())
        change(document)
        (folder / "run.json").write_text(json.dumps(document), encoding="utf-8")

    return damage


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "run.json").write_bytes(b"{"), "is not JSON"),
        (lambda folder: (folder / "run.json").write_bytes(b""), "is not JSON"),
        (lambda folder: (folder / "run.json").write_bytes(b"\xff\xfe"), "is not UTF-8"),
        (lambda folder: (folder / "run.json").unlink(), "no readable run.json"),
        (edit(lambda doc: doc.pop("git")), "git: is missing"),
        (edit(lambda doc: doc.update(status="done")), "status: must be"),
        (edit(lambda doc: doc.update(run_id="other")), "run_id: is 'other'"),
        (edit(lambda doc: doc.update(schema_version=99)), "upgrade"),
        (
            edit(lambda doc: doc.update(timestamp={"start": "2026-13-45T00:00:00Z"})),
            "timestamp.start: ",
        ),
        (edit(lambda doc: doc.update(timestamp={"start": "9999-12-31T23:59:59Z"})), "is no date"),
    ],
)
def test_a_broken_record_is_named_with_its_field_and_the_rest_answers(
    root: Path, damage: Callable[[Path], None], said: str
) -> None:
    folder = add_bad(root)
    damage(folder)
    ledger = open_at(root)

    answer = ask(ledger, parse_question("best val_acc"), text="best val_acc")

    assert [row.value for row in answer.rows] == [0.8]
    assert len(answer.warnings) == 1
    assert answer.warnings[0].startswith(f"ledger/2026-02/{folder.name}")
    assert said in answer.warnings[0]
    assert "\n" not in answer.warnings[0]


def test_a_record_that_is_a_folder_is_broken(root: Path) -> None:
    folder = add_bad(root)
    (folder / "run.json").unlink()
    (folder / "run.json").mkdir()

    assert "cannot be read" in str(open_at(root).broken[0])


def test_a_run_outside_a_month_folder_is_named(root: Path) -> None:
    folder = add_bad(root)
    folder.rename(root / "ledger" / folder.name)

    assert "month folder" in str(open_at(root).broken[0])


def test_shared_and_hidden_folders_and_stray_files_are_no_runs(root: Path) -> None:
    for name in ("environments/x", "code/y", "data/z", ".cache/run", "2026-02/.tmp"):
        (root / "ledger" / name).mkdir(parents=True)
    (root / "ledger" / "README.md").write_text("hello")
    (root / "ledger" / "2026-02" / "stray.txt").write_text("hello")

    ledger = open_at(root)

    assert len(ledger.runs) == 1
    assert ledger.broken == ()


def test_a_folder_that_vanishes_while_it_is_read_is_no_run(root: Path) -> None:
    class Vanishing(DiskSource):
        """Removes each folder after it was listed."""

        def folders(self) -> Iterator[RunFolder]:
            for folder in list(super().folders()):
                shutil.rmtree(root / folder.path)
                yield folder

    ledger = Ledger(open_at(root).project, Vanishing(str(root), "ledger"), NOW)

    assert (ledger.runs, ledger.broken) == ((), ())


def test_no_ledger_folder_is_an_empty_ledger(tmp_path: Path) -> None:
    make_project(tmp_path)
    (tmp_path / "ledger").rmdir()

    assert open_at(tmp_path).runs == ()


def test_runs_are_by_start_whatever_offset_the_records_write(root: Path) -> None:
    add_run(root, "later", run_id="later", timestamp={"start": "2026-02-01T18:00:00+01:00"})
    add_run(root, "first", run_id="first", timestamp={"start": "2026-02-01T16:00"})

    assert [run.record.name for run in open_at(root).runs] == ["first", "good", "later"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            b"epoch,val_acc\n0,0.5\n<<<<<<< ours\n1,0.9\n=======\n1,0.8\n>>>>>>> theirs\n",
            "conflict",
        ),
        (b"epoch,val_acc\n0,0.5\n1,0.9,3\n", "cells"),
        (b"epoch,val_acc,val_acc\n0,0.5,0.6\n", "twice"),
        (b"epoch,val_acc\n0,\xff\n", "UTF-8"),
        (b"epoch,val_acc\n0,good\n", "not a number"),
        (b'epoch,val_acc\n0,"0.5"x\n', "csv"),
        (b"epoch,val_acc\n--5,0.5\n", ""),
    ],
)
def test_a_broken_table_of_an_open_run_is_named_and_the_rest_answers(
    root: Path, table: bytes, said: str
) -> None:
    rows = epochs(val_acc=[0.99])
    started = FIRST + timedelta(hours=1)
    run_id = add_run(root, "bad", rows, started=started, is_sealed=False, status="interrupted")
    path = next(root.glob(f"ledger/*/{run_id}/metrics.csv"))
    path.write_bytes(table)

    answer = ask(open_at(root), parse_question("best val_acc"), text="best val_acc")

    assert 0.8 in [row.value for row in answer.rows]
    if said:
        assert any("metrics.csv" in line and said in line for line in answer.warnings)


@pytest.mark.parametrize(
    "table", [b"", b"epoch,val_acc", b"epoch,val_acc\n", b"epoch,val_acc\n0,0."]
)
def test_an_empty_or_torn_table_has_no_rows_and_is_no_error(root: Path, table: bytes) -> None:
    started = FIRST + timedelta(hours=1)
    rows = epochs(val_acc=[0.99])
    run_id = add_run(root, "open", rows, started=started, is_sealed=False, status="interrupted")
    next(root.glob(f"ledger/*/{run_id}/metrics.csv")).write_bytes(table)

    answer = ask(open_at(root), parse_question("best val_acc"), text="best val_acc")

    assert [row.value for row in answer.rows] == [0.8]
    assert (answer.left_out, answer.warnings) == (1, ())


def test_a_config_in_a_file_of_its_own_is_read_whole(tmp_path: Path) -> None:
    """The record then holds only scalars that fit, by dotted path."""
    make_project(tmp_path)
    whole = {"optimizer": {"lr": 0.1, "betas": [0.9, 0.99]}, "text": "x" * 70_000}
    config = {
        "resolved": {"optimizer.lr": 0.1},
        "resolved_path": "config_resolved.yaml",
    }
    data = json.dumps(whole).encode()
    run_id = add_run(tmp_path, "large", files={"config_resolved.yaml": data})
    path = next(tmp_path.glob(f"ledger/*/{run_id}/run.json"))
    document = json.loads(path.read_bytes())
    path.write_text(json.dumps(document | {"config": config}), encoding="utf-8")

    assert open_at(tmp_path).load(run_id).record.config == whole
    found = open_index(open_at(tmp_path)).rows("SELECT key, text FROM params WHERE key LIKE 'opt%'")
    assert sorted(found) == [("optimizer.betas", "[0.9, 0.99]"), ("optimizer.lr", "0.1")]
    (path.parent / "config_resolved.yaml").write_bytes(b"not: json")
    assert open_at(tmp_path).load(run_id).record.config == {"optimizer.lr": 0.1}

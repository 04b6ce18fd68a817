"""Run pointers: written with a run, found whatever the folder, and never in anybody's way."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import ledger
from ledger.contract.pointer import parse_pointer
from ledger.errors import MalformedError
from ledger.reader.pointers import pointed_runs
from ledger.writer.announce import MOST
from unit.writer.recording import make_project


if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """Go into a project of a user who has no pointer yet."""
    monkeypatch.chdir(make_project(tmp_path))
    monkeypatch.setenv("LEDGER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("KT_MASTERLOG_REGISTRY_DIR", str(tmp_path / "registry"))
    monkeypatch.setenv("LEDGER_QUIET", "1")
    return os.environ


def test_a_run_is_found_while_it_goes_on_and_afterwards(environ: Mapping[str, str]) -> None:
    with ledger.start("wide", objective=("acc", "max")) as run:
        (found,) = pointed_runs(environ)
        assert (run.id, "running") == (found.pointer.run_id, found.status)
        assert str(run.dir) == found.pointer.run_dir
        assert {"metric": "acc", "goal": "max"} == found.pointer.objective
    (found,) = pointed_runs(environ)
    assert "finished" == found.status
    assert found.pointer.ended_at is not None


def test_the_newest_comes_first(environ: Mapping[str, str]) -> None:
    ids = []
    for name in ("a", "b"):
        with ledger.start(name) as run:
            ids.append(run.id)
    assert ids[::-1] == [each.pointer.run_id for each in pointed_runs(environ)]


def test_a_run_whose_process_is_gone_has_crashed(environ: Mapping[str, str]) -> None:
    with ledger.start("a"):
        (found,) = pointed_runs(environ)
        document = json.loads(found.path.read_text())
        found.path.write_text(json.dumps(document | {"pid": 999999999}))
        (found,) = pointed_runs(environ)
        assert "crashed" == found.status


def test_a_table_of_another_tool_is_found_and_ours_not_twice(environ: Mapping[str, str]) -> None:
    registry = Path(environ["KT_MASTERLOG_REGISTRY_DIR"])
    registry.mkdir()
    facts = {"project_name": "moons", "pid": 1, "hostname": "elsewhere", "status": "completed"}
    facts |= {"started_at": "2026-02-01T10:00:00+00:00", "ended_at": None}
    with ledger.start("a") as run:
        pass
    for name, path in (("theirs", "/data/moons.csv"), ("ours", str(run.dir / "metrics.csv"))):
        (registry / f"{name}.json").write_text(json.dumps({**facts, "csv_path": path}))
    (registry / "torn.json").write_text('{"csv_path": "/da')
    ours, theirs = pointed_runs(environ)
    assert (True, False) == (ours.is_ours, theirs.is_ours)
    assert ("/data/moons.csv", "finished") == (theirs.pointer.csv_path, theirs.status)


def test_a_run_whose_folder_is_gone_is_not_told(environ: Mapping[str, str]) -> None:
    with ledger.start("a") as run:
        pass
    run.dir.rename(run.dir.with_name("elsewhere"))
    assert [] == pointed_runs(environ)


def test_old_pointers_go(environ: Mapping[str, str]) -> None:
    folder = Path(environ["LEDGER_STATE_DIR"], "runs")
    folder.mkdir(parents=True)
    for number in range(MOST + 5):
        (folder / f"{number}.json").write_text("{}")
        os.utime(folder / f"{number}.json", (number, number))
    with ledger.start("a"):
        pass
    names = {path.name for path in folder.glob("*.json")}
    assert MOST == len(names)
    assert "5.json" not in names
    assert "6.json" in names


def test_where_no_pointer_can_be_written_the_run_goes_on(
    environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_STATE_DIR", "/dev/null/nowhere")
    with ledger.start("a") as run:
        run.log(acc=1.0)
    assert "incomplete" not in run.document
    assert [] == pointed_runs(environ)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"csv_path": "x"}', b"\xff"])
def test_what_is_no_pointer_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_pointer(data)

"""run.json while its run lives."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

from ledger.storage import files
from ledger.writer.home import Home
from ledger.writer.record_file import RecordFile
from unit.writer.recording import read_record


if TYPE_CHECKING:
    from pathlib import Path

    import pytest

MINIMAL = {
    "run_id": "r",
    "status": "running",
    "sessions": [{"start": "2026-02-01T16:30:00+00:00"}],
    "timestamp": {"start": "2026-02-01T16:30:00+00:00"},
    "git": {},
    "config": {},
    "data": None,
    "environment": {},
    "random": {},
    "metrics": {},
    "artifacts": {},
}


def make_record(folder: Path) -> RecordFile:
    record = RecordFile(Home(folder), json.loads(json.dumps(MINIMAL)))
    record.create()
    return record


def test_every_write_is_a_heartbeat(tmp_path: Path) -> None:
    record = make_record(tmp_path)
    record.update({"tags": ["a"]})
    assert read_record(tmp_path)["sessions"][0]["heartbeat"].endswith("+00:00")


def test_unknown_keys_survive(tmp_path: Path) -> None:
    record = make_record(tmp_path)
    record.update({"of_the_future": {"x": [1]}})
    record.update({"tags": []})
    assert {"x": [1]} == read_record(tmp_path)["of_the_future"]


def test_a_closed_record_is_written_no_more(tmp_path: Path) -> None:
    record = make_record(tmp_path)
    record.update({"status": "finished"}, closes=True)
    record.update({"status": "failed"})
    assert "finished" == read_record(tmp_path)["status"]


def test_keys_can_be_dropped(tmp_path: Path) -> None:
    record = make_record(tmp_path)
    record.update({"files": {}, "tags": ["a"]})
    record.update({}, drops=("files", "not there"))
    assert "files" not in read_record(tmp_path)
    assert ["a"] == read_record(tmp_path)["tags"]


def test_a_write_that_fails_is_said_once_and_marked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    record = make_record(folder)
    folder.rename(tmp_path / "away")
    record.update({"tags": ["a"]})
    record.update({"tags": ["b"]})
    (tmp_path / "away").rename(folder)
    record.update({"tags": ["c"]})
    assert 1 == capsys.readouterr().err.count("\n")
    found = read_record(folder)
    assert (["c"], "run.json could not be written: No such file or directory") == (
        found["tags"],
        found["incomplete"],
    )


def test_reasons_of_different_parts_stand_side_by_side(tmp_path: Path) -> None:
    record = make_record(tmp_path)
    record.mark_incomplete("rows", "1 row")
    record.mark_incomplete("capture", "no code")
    record.mark_incomplete("rows", "2 rows")
    record.update({})
    assert "2 rows; no code" == read_record(tmp_path)["incomplete"]


def test_what_is_no_json_becomes_json(tmp_path: Path) -> None:
    record = make_record(tmp_path)
    record.update({"x": {1, 2}, "y\ud800": tmp_path, "z": [("\udcff",)]})  # type: ignore[dict-item]  # careless callers
    found = read_record(tmp_path)
    assert ([1, 2], str(tmp_path), [["?"]]) == (found["x"], found["y?"], found["z"])


def test_writers_of_several_threads_lose_nothing(tmp_path: Path) -> None:
    record = make_record(tmp_path)

    def write(thread: int) -> None:
        for number in range(20):
            record.update({f"k{thread}": number})

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = read_record(tmp_path)
    assert [19] * 4 == [found[f"k{n}"] for n in range(4)]


def test_a_write_within_a_write_leaves_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The handler of a signal seals the run while its own thread is writing the record."""
    record = make_record(tmp_path)
    replace = files.replace_file
    nested: list[str] = []

    def interrupted(path: str, data: bytes) -> None:
        if not nested:
            nested.append("once")
            record.update({"status": "interrupted"})
        replace(path, data)

    monkeypatch.setattr("ledger.writer.home.replace_file", interrupted)
    record.update({"tags": ["a"]})
    found = read_record(tmp_path)
    assert ("interrupted", ["a"]) == (found["status"], found["tags"])

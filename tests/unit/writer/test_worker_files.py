"""Claiming, reading and leaving the files of workers."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from ledger.capture.process import this_process
from ledger.contract.layout import worker_file, worker_of
from ledger.contract.worker import encode_worker
from ledger.writer.worker_files import (
    claim_named,
    claim_worker,
    is_sealed,
    living_worker,
    part_with,
    read_workers,
    wait_for_workers,
)
from make_repo import write_files


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.contract.json_text import Json


def facts(**changes: Json) -> bytes:
    """Return the file of a worker that is this very process."""
    started = "2026-02-01T16:30:00+00:00"
    known: dict[str, Json] = {"columns": {}, "started": started, "status": "running"}
    return encode_worker(known | this_process().to_json() | changes)


def test_names_are_given_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda _: claim_worker(tmp_path, b"{}"), range(20)))
    assert {"child", *(f"child{n}" for n in range(2, 21))} == set(names)
    assert 20 == len(names)


def test_a_folder_that_takes_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        claim_worker(tmp_path / "gone", b"{}")


def test_workers_are_read_in_their_order(tmp_path: Path) -> None:
    for _ in range(10):
        claim_worker(tmp_path, facts())
    write_files(tmp_path, {"worker.child3.json": "{", "worker.a.b.json": "{}", "metrics.csv": ""})
    names = ["child", "child2", *(f"child{n}" for n in range(4, 11))]
    assert names == [worker.name for worker in read_workers(tmp_path)]
    assert () == read_workers(tmp_path / "gone")


def test_waiting_for_workers_ends_with_the_last_of_them_or_with_the_time(tmp_path: Path) -> None:
    assert wait_for_workers(tmp_path, 0.0)
    path = tmp_path / worker_file("rank1")
    path.write_bytes(facts())
    assert not wait_for_workers(tmp_path, 0.0)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_for_workers, tmp_path, 60.0)
        path.write_bytes(facts(status="finished"))
        assert waiting.result()


@pytest.mark.parametrize(
    ("changes", "is_living"),
    [
        ({}, True),
        ({"status": "finished"}, False),
        ({"pid_start": "1"}, False),
        ({"hostname": "elsewhere"}, False),
        ({"pid": None}, False),
    ],
)
def test_a_worker_lives_while_its_process_does(
    tmp_path: Path, changes: dict[str, Json], is_living: bool
) -> None:
    claim_worker(tmp_path, facts(**changes))
    assert is_living == (living_worker(tmp_path) is not None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [('{"files": {}}', True), ('{"status": "running"}', False), ("{", False), (None, False)],
)
def test_a_sealed_record_has_its_files(tmp_path: Path, text: str | None, expected: bool) -> None:
    if text is not None:
        write_files(tmp_path, {"run.json": text})
    assert expected == is_sealed(tmp_path)


def test_what_a_worker_appends_after_the_parting_goes_to_nobodys_file(tmp_path: Path) -> None:
    claim_worker(tmp_path, facts())
    write_files(tmp_path, {"metrics.csv": "a\n1\n2", "metrics.child2.csv": "a\n5\n"})
    handles = [
        os.open(tmp_path / name, os.O_WRONLY | os.O_APPEND)
        for name in ("metrics.csv", "metrics.child2.csv")
    ]
    (worker,) = read_workers(tmp_path)

    part_with(tmp_path, worker)

    for handle in handles:
        os.write(handle, b"9\n")
        os.close(handle)
    assert "a\n1\n" == (tmp_path / "metrics.csv").read_text()
    assert "a\n5\n9\n" == (tmp_path / "metrics.child2.csv").read_text()


def test_a_worker_keeps_the_name_it_is_given(tmp_path: Path) -> None:
    names = ["tuner0", "tuner0", "0", "a b/c", "child", "console", "", "x" * 60]
    found = [claim_named(tmp_path, name, b"{}\n") for name in names]

    assert found[:6] == [
        "tuner0",
        "tuner0-2",
        "worker-0",
        "a_b_c",
        "worker-child",
        "worker-console",
    ]
    assert len(set(found)) == len(names)
    for name in found:
        assert worker_of(worker_file(name)) == name

"""A record that says running: whether its writer still can be."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from ledger.capture.process import this_process
from ledger.contract.metrics import decode_table
from ledger.contract.record import encode_record, parse_record
from ledger.reader.status import shown_status
from ledger.value import as_dict
from unit.reader.builders import make_record, table_bytes


START = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)


def status(
    *,
    hours: float,
    times: list[float] | None = None,
    modified: float | None = None,
    **session: object,
) -> str:
    """Return the status ``hours`` after the start of a run that says running."""
    document = make_record("r", started=START, status="running")
    document["sessions"] = [{"start": START.isoformat(), **session}]  # type: ignore[dict-item]
    document["timestamp"] = {"start": START.isoformat(), "end": None}
    record = parse_record(encode_record(document))
    table = decode_table(table_bytes([{"epoch": 0, "time": time} for time in times or []]))
    now = START + timedelta(hours=hours)
    return shown_status(record, tables=[table], modified=modified, now=now)


def test_a_living_writer_on_this_host_runs_however_silent() -> None:
    assert status(hours=1000, **as_dict(this_process())) == "running"


def test_a_writer_that_is_gone_from_this_host_has_crashed() -> None:
    identity = as_dict(this_process()) | {"pid_start": "1"}

    assert status(hours=0.01, **identity) == "crashed"


def test_an_earlier_boot_of_this_host_has_crashed() -> None:
    identity = as_dict(this_process()) | {"boot_id": "another"}
    if this_process().boot_id is None:
        pytest.skip("this system tells no boot id")

    assert status(hours=0.01, **identity) == "crashed"


ELSEWHERE = {"pid": os.getpid(), "hostname": "another-host.example"}


@pytest.mark.parametrize(("hours", "expected"), [(0.9, "running"), (1.1, "crashed")])
def test_elsewhere_an_hour_of_silence_is_a_crash(hours: float, expected: str) -> None:
    assert status(hours=hours, **ELSEWHERE) == expected


def test_elsewhere_a_fresh_heartbeat_runs() -> None:
    heartbeat = (START + timedelta(hours=9.5)).isoformat()

    assert status(hours=10, heartbeat=heartbeat, **ELSEWHERE) == "running"


def test_elsewhere_a_slow_training_may_be_silent_for_ten_of_its_gaps() -> None:
    times = [0.0, 3600.0, 7200.0]

    assert status(hours=11.9, times=times, **ELSEWHERE) == "running"
    assert status(hours=12.1, times=times, **ELSEWHERE) == "crashed"


def test_a_checkout_does_not_revive_a_run() -> None:
    """Its table has a new modification time; the rows' own times are older."""
    modified = (START + timedelta(hours=99.9)).timestamp()

    assert status(hours=100, times=[1.0, 2.0], modified=modified, **ELSEWHERE) == "crashed"


def test_rows_without_times_count_by_when_the_table_changed() -> None:
    modified = (START + timedelta(hours=99.9)).timestamp()

    assert status(hours=100, modified=modified, **ELSEWHERE) == "running"


def test_a_session_that_names_no_process_goes_by_its_times() -> None:
    assert status(hours=0.5) == "running"
    assert status(hours=2) == "crashed"

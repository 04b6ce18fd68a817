"""A deadline: nothing before it, an interruption after it, again until the end."""

from __future__ import annotations

import threading

from ledger.reader import deadline
from ledger.reader.deadline import Deadline


def test_what_ends_in_time_is_left_alone() -> None:
    calls: list[str] = []

    with Deadline(60, interrupt=lambda: calls.append("interrupt")) as watched:
        pass

    assert calls == []
    assert not watched.is_over


def test_without_a_limit_there_is_no_thread() -> None:
    before = threading.active_count()

    with Deadline(None, interrupt=lambda: None):
        assert threading.active_count() == before


def test_an_interruption_that_was_lost_comes_again() -> None:
    heard = threading.Semaphore(0)

    with Deadline(0.001, interrupt=heard.release) as watched:
        for _ in range(3):
            assert heard.acquire(timeout=30)

    assert watched.is_over


def test_what_does_not_listen_is_given_up_once() -> None:
    gave_up = threading.Semaphore(0)

    with Deadline(0.001, interrupt=lambda: None, give_up=gave_up.release):
        assert gave_up.acquire(timeout=30)
        assert not gave_up.acquire(timeout=3 * deadline._AGAIN_S)

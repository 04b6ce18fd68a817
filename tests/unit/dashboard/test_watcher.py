"""What a page that listens is told, whatever the files hold."""

from __future__ import annotations

from ledger.dashboard.watcher import Event, Watcher
from ledger.report.boards.waiting import WaitingBoard


def test_half_a_character_does_not_end_the_stream() -> None:
    """JSON may hold one half of a surrogate pair, and so may the name of a file."""
    event = Event(version=7, kind="about", data={"title": "a\ud800b"})
    assert b'id: 7\nevent: about\ndata: {"title":"a?b"}\n\n' == event.to_text().encode()


def test_a_fault_is_told_once_and_the_looking_goes_on() -> None:
    answers = iter([False, 1 / 3, 1 / 3, False])

    def has_begun() -> bool:
        answer = next(answers)
        return bool({}[answer]) if answer else False

    watcher = Watcher(WaitingBoard("next", has_begun))
    told = [[(each.kind, each.data) for each in watcher.look()] for _ in range(3)]
    assert [[("trouble", {"why": f"KeyError: {1 / 3}"})], [], [("anew", {})]] == told

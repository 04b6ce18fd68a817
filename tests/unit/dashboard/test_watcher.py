"""What a page that listens is told, whatever the files hold."""

from __future__ import annotations

from ledger.dashboard.watcher import Event


def test_half_a_character_does_not_end_the_stream() -> None:
    """JSON may hold one half of a surrogate pair, and so may the name of a file."""
    event = Event(version=7, kind="about", data={"title": "a\ud800b"})
    assert b'id: 7\nevent: about\ndata: {"title":"a?b"}\n\n' == event.to_text().encode()

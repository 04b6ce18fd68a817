"""Short lines on stderr, which never harm anybody."""

from __future__ import annotations

import io
import sys

import pytest

from ledger.writer.narrate import say, warn, warn_once


@pytest.mark.parametrize(("quiet", "n_lines"), [("1", 0), ("yes", 0), ("0", 1), ("", 1), (None, 1)])
def test_quiet_silences_news(
    quiet: str | None,
    n_lines: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("LEDGER_QUIET", raising=False)
    if quiet is not None:
        monkeypatch.setenv("LEDGER_QUIET", quiet)
    say("news")
    said = capsys.readouterr()
    assert ("", n_lines) == (said.out, said.err.count("ledger: news\n"))


def test_quiet_does_not_silence_a_loss(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEDGER_QUIET", "1")
    warn("lost")
    assert "ledger: lost\n" == capsys.readouterr().err


def test_what_would_be_said_of_each_training_is_said_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for line in ("no ledger here", "no ledger there", "no ledger here"):
        warn_once(line)
    assert "ledger: no ledger here\nledger: no ledger there\n" == capsys.readouterr().err


class Reentrant(io.StringIO):
    """What stderr is while a signal interrupts a write to it."""

    def write(self, _: str, /) -> int:
        message = "reentrant call inside <_io.BufferedWriter name='<stderr>'>"
        raise RuntimeError(message)


@pytest.mark.parametrize("kind", ["closed", "gone", "reentrant", "ascii"])
def test_a_stderr_that_cannot_be_written_to_harms_nothing(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = io.StringIO()
    closed.close()
    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    streams = {"closed": closed, "gone": None, "reentrant": Reentrant(), "ascii": ascii_only}
    monkeypatch.setattr(sys, "stderr", streams[kind])
    warn("→")

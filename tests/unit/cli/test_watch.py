"""``ledger watch --latest`` before there is anything to watch."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import ledger
from ledger.cli import watch
from ledger.report.boards.places import Places
from unit.writer.recording import make_project


if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_first_run_of_all_is_waited_for_until_it_has_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LEDGER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("LEDGER_QUIET", "1")
    monkeypatch.setattr(watch, "_SECONDS", 0.01)
    places = Places(None, os.environ, follows=True)
    places.choose(None)
    monkeypatch.chdir(make_project(tmp_path))
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(watch._waited_for, places)
        with ledger.start("first") as run:
            run.log(epoch=0, loss=0.5)
            board = waiting.result(timeout=30)
    assert [run.id] == [*board.curves("loss", "epoch", [run.id])]
    assert "waiting for the first row" in capsys.readouterr().err

"""What takes long is made once while nothing changed, one at a time, beside the event loop."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from ledger.dashboard.hub import Hub
from ledger.dashboard.reviews import Reviews
from ledger.errors import LedgerError
from ledger.project import find_project
from ledger.report.boards.places import Places
from unit.reader.builders import add_run, epochs, make_project


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.contract.direction import Goal
    from ledger.contract.json_text import Json


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_project(tmp_path)
    add_run(tmp_path, "a", epochs(val_acc=[0.5, 0.9]))
    return tmp_path


class Counted:
    """Counts the runs of a board, and how often it was asked to, alone or not."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.meanwhile: Callable[[], object] = lambda: None
        self._alone = threading.Lock()

    def __call__(
        self, places: Places, board: str, metric: str, *, goal: Goal | None
    ) -> dict[str, Json]:
        assert self._alone.acquire(blocking=False), "two at once"
        try:
            self.asked.append(metric if goal is None else f"{metric} {goal}")
            n_runs = len(places.ledger_of(board)[0].runs)
            self.meanwhile()
            return {"n": n_runs}
        finally:
            self._alone.release()


def reviews_of(root: Path) -> tuple[Reviews, Counted, Hub]:
    places = Places(find_project([root]), {})
    places.choose(None)
    hub, counted = Hub(places), Counted()
    return Reviews(hub, counted), counted, hub


def test_what_did_not_change_is_reviewed_once(root: Path) -> None:
    async def asks() -> None:
        reviews, counted, hub = reviews_of(root)
        both = await asyncio.gather(*(reviews.of("", metric) for metric in ("m", "m", "other")))
        assert [1, 1, 1] == [each["n"] for each in both]
        assert both[0] == await reviews.of("runs", "m")
        assert ["m", "other"] == counted.asked
        add_run(root, "b", epochs(val_acc=[0.7]))
        found = await reviews.of("", "m")
        assert 2 == found["n"]
        assert found["version"] > both[0]["version"]
        assert ["m", "other", "m"] == counted.asked
        await hub.close()

    asyncio.run(asks())


def test_an_answer_that_was_overtaken_is_of_its_own_version_and_made_again(root: Path) -> None:
    async def asks() -> None:
        reviews, counted, hub = reviews_of(root)
        counted.meanwhile = lambda: add_run(root, "b", epochs(val_acc=[0.7]))
        older = await reviews.of("", "m")
        counted.meanwhile = lambda: None
        watcher = await hub.watcher("")
        assert older["version"] < await watcher.now()
        assert [1, 2] == [older["n"], (await reviews.of("", "m"))["n"]]
        await hub.close()

    asyncio.run(asks())


def test_what_cannot_be_reviewed_is_no_answer_and_stands_in_nobodys_way(root: Path) -> None:
    async def asks() -> None:
        reviews, counted, hub = reviews_of(root)
        counted.meanwhile = lambda: hub.places.ledger_of("nobody")
        with pytest.raises(LedgerError, match="nobody"):
            await reviews.of("", "m")
        counted.meanwhile = lambda: None
        assert 1 == (await reviews.of("", "m"))["n"]
        await hub.close()

    asyncio.run(asks())

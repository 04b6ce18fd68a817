"""The boards that pages look at, each watched once however many pages there are."""

from __future__ import annotations

import asyncio
import contextlib

from ledger.dashboard.watcher import Watcher
from ledger.errors import LedgerError
from ledger.report.boards.places import NEXT


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.json_text import Json
    from ledger.report.boards.places import Places

SECONDS = 2.0
"""Between two looks for a newer run."""
MOST = 20
"""Boards that are watched at once; the one that was opened first is let go for another."""


class Hub:
    """Opens boards by key, and watches them.

    Args:
        places: knows what can be opened.
    """

    def __init__(self, places: Places) -> None:
        self.places = places
        self._watchers: dict[str, Watcher] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._offered: dict[str, Json] | None = None
        self._opening = asyncio.Lock()
        self._begun: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Open the first board while the browser still starts; call it where ``watcher`` is."""
        self._begun = asyncio.create_task(self._open_first())

    async def watcher(self, key: str) -> Watcher:
        """Return who watches the board called ``key``, "" for the one the page opens with.

        Raises:
            LedgerError: there is no such board.
        """
        key = key or self.places.first
        if key not in self._watchers:
            async with self._opening:
                if key not in self._watchers:  # another page may have asked for it meanwhile
                    await self._open(key)
        return self._watchers[key]

    async def close(self) -> None:
        """Stop watching, and end what is being told to pages."""
        for watcher in self._watchers.values():
            watcher.close()
        tasks = [*self._tasks.values(), *([self._begun] if self._begun else [])]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _open(self, key: str) -> None:
        board = await asyncio.to_thread(self.places.open, key)
        watcher = await asyncio.to_thread(Watcher, board)
        await self._let_go()
        self._watchers[key] = watcher
        self._tasks[key] = asyncio.create_task(watcher.run())
        if self.places.follows and len(self._tasks) == 1:
            self._tasks[""] = asyncio.create_task(self._offer())

    async def _open_first(self) -> None:
        with contextlib.suppress(LedgerError):  # told to the page that asks for it
            await self.watcher("")

    async def _offer(self) -> None:
        """Tell every page when a run is newer than the one that was newest before."""
        self._offered = await asyncio.to_thread(self.places.newest)
        while True:
            await asyncio.sleep(SECONDS)
            newest = await asyncio.to_thread(self.places.newest)
            # the first run of all is not offered: the page that waits for it goes there by itself
            known = {self.places.first, (self._offered or {}).get("key")}
            if newest is not None and newest["key"] not in known and self.places.first != NEXT:
                self._offered = newest
                for watcher in self._watchers.values():
                    watcher.say("newer", newest)

    async def _let_go(self) -> None:
        others = [key for key in self._watchers if key != self.places.first]
        if len(others) >= MOST:
            self._watchers.pop(others[0]).close()
            self._tasks.pop(others[0]).cancel()

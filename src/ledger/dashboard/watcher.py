"""Looks at a board again and again, and tells what changed to whoever listens."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import deque

from ledger.errors import LedgerError
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from ledger.contract.json_text import Json
    from ledger.report.boards.board import Board, Change

SECONDS = 0.5
"""Between two looks."""
_REMEMBERED = 2000
"""Events that a page which was away for a moment can still be told."""
_ROWS = 400
"""Rows of one event."""
_QUIET_SECONDS = 15.0
"""After so long without news a comment keeps the connection alive."""


@value
class Event:
    """One message: rows, candidates, about, anew or trouble."""

    version: int
    kind: str
    data: Json

    def to_text(self) -> str:
        """Return it as a server-sent event."""
        body = json.dumps(self.data, separators=(",", ":"), ensure_ascii=False)
        text = f"id: {self.version}\nevent: {self.kind}\ndata: {body}\n\n"
        return text.encode("utf-8", "replace").decode()  # half a character would end the stream


class Watcher:
    """Looks at ``board`` while it is alive; every method may be called from any thread."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._lock = threading.Lock()  # of the board, which may take a moment to answer
        self._telling = threading.Lock()  # of the events, for which nobody waits
        self._events: deque[Event] = deque(maxlen=_REMEMBERED)
        # later than any number of a server that was here before, whose page still asks
        self._version = time.time_ns() // 1_000_000
        self._changed = self._version
        self._news = asyncio.Event()
        self._trouble = ""
        self._is_closed = False
        self.look()

    def look(self) -> list[Event]:
        """Look once; return the events that tell what was found."""
        with self._lock:
            try:
                found = self._told(self._board.look())
                if self._trouble:
                    self._trouble = ""
                    found.append(("anew", {}))
            except Exception as error:  # noqa: BLE001  # told; a page that froze would say nothing
                is_foreseen = isinstance(error, (LedgerError, OSError))
                why = str(error) if is_foreseen else f"{type(error).__name__}: {error}"
                found = [] if why == self._trouble else [("trouble", {"why": why})]
                self._trouble = why
            events = [self._add(kind, data) for kind, data in found]
            self._changed = events[-1].version if events else self._changed
            return events

    def say(self, kind: str, data: Json) -> None:
        """Tell the pages something that is not of the board; call it where ``run`` runs."""
        self._add(kind, data)
        self._wake()

    def document(self) -> dict[str, Json]:
        """Return the board and the version it is of; ``events`` goes on from there."""
        with self._lock:
            return {"version": self._version, **self._board.document()}

    def curves(self, metric: str, axis: str, only: Collection[str] | None) -> dict[str, Json]:
        """Return the curves of the candidates, and the version they are of."""
        with self._lock:
            series = self._board.curves(metric, axis, only)
            return {"version": self._version, "metric": metric, "axis": axis, "series": series}

    async def now(self) -> int:
        """Look once, tell what was found, and return the version of the last change."""
        if await asyncio.to_thread(self.look):
            self._wake()
        return self._changed

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(SECONDS)
            await self.now()

    async def events(self, since: int) -> AsyncIterator[str]:
        """Yield what happened after version ``since``, and then what happens, until closed."""
        while not self._is_closed:
            news = self._news
            for event in self._after(since):
                since = event.version
                yield event.to_text()
            try:
                await asyncio.wait_for(news.wait(), _QUIET_SECONDS)
            except TimeoutError:
                yield ": quiet\n\n"

    def close(self) -> None:
        """End what ``events`` yields; call it where ``run`` runs."""
        self._is_closed = True
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _after(self, since: int) -> list[Event]:
        with self._telling:
            found = [event for event in self._events if event.version > since]
            is_whole = since == self._version or (found and found[0].version == since + 1)
            if is_whole:
                return found
            return [Event(version=self._version, kind="anew", data={})]

    def _add(self, kind: str, data: Json) -> Event:
        with self._telling:
            self._version += 1
            event = Event(version=self._version, kind=kind, data=data)
            self._events.append(event)
            return event

    def _told(self, change: Change) -> list[tuple[str, Json]]:
        if change.is_anew:
            return [("anew", {})]
        found: list[tuple[str, Json]] = []
        if change.is_state:
            about = {k: v for k, v in self._board.document().items() if k != "candidates"}
            found.append(("about", about))
        rows = [row.to_json() for row in change.rows]
        found += [("rows", [*rows[at : at + _ROWS]]) for at in range(0, len(rows), _ROWS)]
        if change.candidates:  # after their rows, which they count already
            found.append(
                ("candidates", [self._board.candidate(each) for each in change.candidates])
            )
        return found

"""What was answered about a board that takes seconds, kept while nothing of the board changed."""

from __future__ import annotations

import asyncio

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol, TypeAlias

    from ledger.contract.direction import Goal
    from ledger.contract.json_text import Json
    from ledger.dashboard.hub import Hub
    from ledger.report.boards.places import Places

    Key: TypeAlias = tuple[str, str, Goal | None]
    """Board, metric, and which way somebody said that it is better."""

    class Make(Protocol):
        """Returns a review."""

        def __call__(
            self, places: Places, board: str, metric: str, *, goal: Goal | None
        ) -> dict[str, Json]:
            """Return the review of a board by a metric."""
            ...


_MOST = 20
"""Answers that are kept; the one that was made first is let go for another."""


@value
class _Kept:
    version: int
    answer: dict[str, Json]


class Reviews:
    """Reviews boards, one at a time and beside the event loop.

    Args:
        hub: watches the boards.
        make: returns the review of a board by a metric, called in a thread.
    """

    def __init__(self, hub: Hub, make: Make) -> None:
        self._hub = hub
        self._make = make
        self._kept: dict[Key, _Kept] = {}
        self._turn = asyncio.Lock()

    async def of(self, board: str, metric: str, goal: Goal | None = None) -> dict[str, Json]:
        """Return the review of a board as its files are now, and the version that it is of.

        What changes while it is made makes the board's version a later one than the answer's.

        Raises:
            LedgerError: there is no such board, or it cannot be reviewed by this metric.
        """
        key = board or self._hub.places.first, metric, goal
        watcher = await self._hub.watcher(key[0])
        version = await watcher.now()
        if not self._is_kept(key, version):
            async with self._turn:
                version = await watcher.now()  # it may have been long until it was our turn
                if not self._is_kept(key, version):
                    self._keep(key, _Kept(version=version, answer=await self._made(key)))
        kept = self._kept[key]
        return {**kept.answer, "version": kept.version}

    async def _made(self, key: Key) -> dict[str, Json]:
        board, metric, goal = key
        return await asyncio.to_thread(self._make, self._hub.places, board, metric, goal=goal)

    def _is_kept(self, key: Key, version: int) -> bool:
        kept = self._kept.get(key)
        return kept is not None and kept.version == version

    def _keep(self, key: Key, kept: _Kept) -> None:
        self._kept.pop(key, None)
        self._kept[key] = kept
        if len(self._kept) > _MOST:
            del self._kept[next(iter(self._kept))]

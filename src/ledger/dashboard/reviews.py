"""What was answered about a board that takes seconds, kept while nothing of the board changed."""

from __future__ import annotations

import asyncio

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.contract.json_text import Json
    from ledger.dashboard.hub import Hub
    from ledger.report.boards.places import Places

    Make = Callable[[Places, str, str], dict[str, Json]]

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
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._turn = asyncio.Lock()

    async def of(self, board: str, metric: str) -> dict[str, Json]:
        """Return the review of a board as its files are now, and the version that it is of.

        What changes while it is made makes the board's version a later one than the answer's.

        Raises:
            LedgerError: there is no such board, or it cannot be reviewed by this metric.
        """
        board = board or self._hub.places.first
        watcher = await self._hub.watcher(board)
        version = await watcher.now()
        if not self._is_kept(board, metric, version):
            async with self._turn:
                version = await watcher.now()  # it may have been long until it was our turn
                if not self._is_kept(board, metric, version):
                    answer = await asyncio.to_thread(self._make, self._hub.places, board, metric)
                    self._keep(board, metric, _Kept(version=version, answer=answer))
        kept = self._kept[board, metric]
        return {**kept.answer, "version": kept.version}

    def _is_kept(self, board: str, metric: str, version: int) -> bool:
        kept = self._kept.get((board, metric))
        return kept is not None and kept.version == version

    def _keep(self, board: str, metric: str, kept: _Kept) -> None:
        self._kept.pop((board, metric), None)
        self._kept[board, metric] = kept
        if len(self._kept) > _MOST:
            del self._kept[next(iter(self._kept))]

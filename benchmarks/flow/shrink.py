"""Makes a history short while it still fails in the same way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from step import History


def shrink(history: History, still_fails: Callable[[History], bool], limit: int = 120) -> History:
    """Return a history from which no step can be dropped without the failure going with it.

    Args:
        history: fails.
        still_fails: plays a history, and says whether it fails in the same way.
        limit: of histories played; the shortest so far is returned when it is reached.
    """
    n_played = 0
    size = max(1, len(history) // 2)
    while size:
        start = len(history)
        while start > 0 and n_played < limit:
            start = max(0, start - size)
            shorter = history[:start] + history[start + size :]
            n_played += 1
            if shorter and still_fails(shorter):
                history = shorter
        size = 0 if n_played >= limit else size // 2
    return history

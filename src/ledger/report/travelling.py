"""What a report takes along beside the board: the review, the best few whole, the best two."""

from __future__ import annotations

import gzip
import json
from functools import partial

from ledger.errors import LedgerError
from ledger.report.details import compared, one_run, reviewed
from ledger.report.document import goal_of
from ledger.report.markdown import ranked


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.contract.json_text import Json
    from ledger.report.boards.board import Board
    from ledger.report.boards.places import Places

FEW = 3
"""Runs of which a report has the page."""
MOST = 24_000
"""Compressed bytes that each document may take; a larger one stays out, and the page says so."""


def documents_of(places: Places, board: Board, metric: str) -> dict[str, Json]:
    """Return what the report's page may be asked for, by name: review, runs, compare.

    What cannot be had is ``{"error": why}``, which its tab then shows.

    Args:
        places: that ``board`` was opened by, with its first key.
        board: looked at already.
        metric: ranked and reviewed by.
    """
    document, key = board.document(), places.first
    run = str(document.get("key"))  # of a board of runs the one that was named, or ""
    goal = goal_of(document, metric)
    best = ranked(document, metric, goal)[:FEW]
    names = [str(each.candidate["id"]) for each in best]
    found: dict[str, Json] = {"review": _had(partial(reviewed, places, key, metric, run))}
    found["runs"] = {name: _had(partial(one_run, places, key, name)) for name in names}
    if len(names) > 1:
        pair = names[:2]
        found["compare"] = {"of": [*pair], "found": _had(partial(compared, places, key, pair))}
    return found


def _had(ask: Callable[[], Json]) -> Json:
    try:
        found = ask()
    except LedgerError as error:
        return {"error": str(error)}
    if len(gzip.compress(json.dumps(found).encode("utf-8", "replace"))) > MOST:
        return {"error": "this is too large for a report; `ledger dash` shows it"}
    return found

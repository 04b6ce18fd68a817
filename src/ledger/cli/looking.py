"""What the verbs that look at a board share: which one is meant, and by which metric."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.errors import NoLedgerError, UnknownNameError
from ledger.project import find_project
from ledger.report.boards.places import Places


if TYPE_CHECKING:
    from ledger.project import Project
    from ledger.report.boards.board import Board


def places_of(run: str | None, *, latest: bool) -> Places:
    """Return what can be looked at, opened with the run or table that the arguments name.

    Raises:
        LedgerError: nothing is called so.
        click.UsageError: both a name and --latest are given.
    """
    if latest and run is not None:
        message = "--latest names a run already"
        raise click.UsageError(message)
    places = Places(_project(), os.environ, follows=latest)
    places.choose(run)
    return places


def listed_places() -> list[str]:
    """Return a line for each run that run pointers tell of."""
    return Places(_project(), os.environ).lines()


def chosen_metric(board: Board, asked: str | None) -> str:
    """Return what a board is ranked by: what was asked for, else its objective.

    Raises:
        UnknownNameError: there is no such metric, or none at all.
    """
    document = board.document()
    metrics = document.get("metrics")
    names = [str(each) for each in metrics] if isinstance(metrics, list | tuple) else []
    if not names:
        said = document.get("said")
        why = f": {said[0]}" if isinstance(said, list | tuple) and said else ""
        message = f"there is no row with a metric yet in {document.get('where')}{why}"
        raise UnknownNameError(message, hint="look again later, or use `ledger dash`, which waits")
    if asked is not None and asked not in names:
        from ledger.reader.names import unknown

        kind = "metric"
        raise unknown(kind, asked, names)
    objective = document.get("objective")
    stated = objective.get("metric") if isinstance(objective, dict) else None
    return asked or (str(stated) if stated else names[0])


def _project() -> Project | None:
    try:
        return find_project([Path.cwd()])
    except NoLedgerError:
        return None

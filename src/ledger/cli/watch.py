"""``ledger watch [RUN | CSV]``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from ledger.cli import render
from ledger.cli.looking import chosen_metric, places_of
from ledger.errors import LedgerError
from ledger.report.terminal import board_table


if TYPE_CHECKING:
    from ledger.report.boards.board import Board
    from ledger.report.boards.places import Places

_SECONDS = 1.0


@click.command()
@click.argument("run", required=False, metavar="[RUN | CSV]")
@click.option("--latest", is_flag=True, help="Watch the newest run of any project.")
@click.option("--metric", metavar="M", help="Ranked and drawn, instead of the objective.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=15,
    show_default=True,
    metavar="N",
    help="So many of the best; those that run are shown in any case.",
)
@click.option("--once", is_flag=True, help="Print it once and end.")
def command(run: str | None, *, latest: bool, metric: str | None, limit: int, once: bool) -> None:
    """Look at runs, or at the trials of a sweep, in the terminal while they go on.

    As `ledger dash`, for a machine without a browser; Ctrl-C ends it. With --latest it waits for
    the first row, also of the first run of all.
    """
    try:
        from rich.console import Console
        from rich.live import Live
    except ImportError as error:
        message = f"{error.name} is not installed"
        hint = 'pip install "experiment-ledger[dashboard]"'
        raise LedgerError(message, hint=hint) from error
    places = places_of(run, latest=latest)
    console = Console()
    is_live = console.is_terminal and not once
    board = _waited_for(places) if is_live and latest else _opened(places)
    name = chosen_metric(board, metric)
    blocks = render.curve_blocks()
    if not is_live:
        console.print(board_table(board, metric=name, limit=limit, blocks=blocks))
        return
    shown = board_table(board, metric=name, limit=limit, blocks=blocks)
    with Live(shown, console=console, auto_refresh=False) as live:
        while True:
            time.sleep(_SECONDS)
            if board.look():
                live.update(
                    board_table(board, metric=name, limit=limit, blocks=blocks), refresh=True
                )


def _opened(places: Places) -> Board:
    board = places.open(places.first, is_alone=True)
    board.look()
    return board


def _waited_for(places: Places) -> Board:
    """Return the board of the newest run, or of the first of all, once it has a row."""
    board = _opened(places)
    if not board.document().get("metrics"):
        render.tell("ledger: waiting for the first row (Ctrl-C ends it)")
    while not board.document().get("metrics"):
        time.sleep(_SECONDS)
        is_other = board.look().is_anew
        board = _opened(places) if is_other else board
    return board

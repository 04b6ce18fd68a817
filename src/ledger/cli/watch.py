"""``ledger watch [RUN | CSV]``."""

from __future__ import annotations

import time

import click

from ledger.cli import render
from ledger.cli.looking import chosen_metric, places_of
from ledger.errors import LedgerError
from ledger.report.terminal import board_table


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

    As `ledger dash`, for a machine without a browser; Ctrl-C ends it.
    """
    try:
        from rich.console import Console
        from rich.live import Live
    except ImportError as error:
        message = f"{error.name} is not installed"
        hint = 'pip install "experiment-ledger[dashboard]"'
        raise LedgerError(message, hint=hint) from error
    places = places_of(run, latest=latest)
    board = places.open(places.first, is_alone=True)
    board.look()
    name = chosen_metric(board, metric)
    blocks = render.curve_blocks()
    console = Console()
    if once or not console.is_terminal:
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

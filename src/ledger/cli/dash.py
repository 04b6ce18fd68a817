"""``ledger dash [RUN | CSV]``."""

from __future__ import annotations

import click

from ledger.cli import render
from ledger.cli.looking import listed_places, places_of


@click.command()
@click.argument("run", required=False, metavar="[RUN | CSV]")
@click.option("--latest", is_flag=True, help="Open the newest run of any project, and follow it.")
@click.option("--list", "is_list", is_flag=True, help="List the runs that --latest looks at.")
@click.option("--metric", metavar="M", help="Show this metric first.")
@click.option("--port", type=click.IntRange(0, 65535), metavar="N", help="Listen on port N.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Listen here; anything but this machine asks for a token, which is in the address.",
)
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
def command(  # noqa: PLR0913  # one parameter for each option
    run: str | None,
    *,
    latest: bool,
    is_list: bool,
    metric: str | None,
    port: int | None,
    host: str,
    no_open: bool,
) -> None:
    """Look at runs while they go on: a table, their curves, a comparison, the notes.

    Without an argument all runs of this project; with RUN one run, or the trials of a sweep; with
    CSV a table of one row per epoch per trial, or a manifest, which need not be there yet. With
    --latest the page also waits for the first run of all. Nothing is written, and only this machine
    can look, unless --host says otherwise.
    """
    if is_list:
        for line in listed_places():
            render.put(line)
        return
    from ledger.dashboard.serve import serve

    places = places_of(run, latest=latest)
    serve(places, host=host, port=port, metric=metric, opens=not no_open, tell=render.tell)

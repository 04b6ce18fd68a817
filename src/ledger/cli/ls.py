"""``ledger ls``."""

from __future__ import annotations

import click

from ledger.cli import render
from ledger.cli.asking import format_option, limit_option, put_answer
from ledger.cli.healing import healed_ledger
from ledger.cli.places import Place, place_options
from ledger.contract.record_shape import STATUSES
from ledger.errors import UnknownNameError
from ledger.reader.listing import Filters, list_runs
from ledger.reader.sheets import listing_rows, listing_sheet


@click.command()
@click.option("--status", type=click.Choice(STATUSES), help="Only runs of this status.")
@click.option("--tag", metavar="TAG", help="Only runs with this tag.")
@click.option("--missing-note", is_flag=True, help="Only runs whose note waits for a person.")
@limit_option("without it all of them")
@format_option
@place_options
def command(  # noqa: PLR0913  # one for each option
    *,
    status: str | None,
    tag: str | None,
    missing_note: bool,
    limit: int | None,
    output_format: str,
    place: Place,
) -> None:
    """List the runs, the newest first.

    Runs whose process is gone are sealed as crashed; runs that git had taken away come back. That
    is not done where another place than the files here is asked.
    """
    filters = Filters(status=status, tag=tag, is_note_missing=missing_note)
    ledger = healed_ledger() if place.is_here else place.ledger()
    answer = list_runs(ledger, filters, limit=limit)
    put_answer(
        answer,
        output_format,
        sheets=[listing_sheet(answer.rows)] if answer.rows else [],
        flat=lambda: listing_rows(answer.rows),
    )
    if answer.left_out:
        render.tell(f"ledger: {answer.left_out} retracted, left out")
    if not answer.rows:
        message = "no run passes the filters"
        raise UnknownNameError(message, hint="see all with `ledger ls`")

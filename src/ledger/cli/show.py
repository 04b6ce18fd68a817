"""``ledger show RUN``."""

from __future__ import annotations

import click

from ledger.cli import render
from ledger.cli.asking import format_option, put_answer
from ledger.cli.places import Place, place_options
from ledger.reader.detail import show_run
from ledger.reader.reference import find_run
from ledger.reader.sheets import detail_rows, detail_sheets


@click.command()
@click.argument("run")
@format_option
@place_options
def command(run: str, output_format: str, place: Place) -> None:
    """Show one run: what it was, what came out, and what was noted.

    RUN is an id, the unique beginning of an id or of a name, @latest, or @best:val_acc.
    """
    ledger = place.ledger()
    answer = show_run(ledger, find_run(ledger, run), run)
    detail = answer.rows[0]
    put_answer(
        answer,
        output_format,
        sheets=detail_sheets(detail, render.curve_blocks()),
        flat=lambda: detail_rows(detail),
    )

"""``ledger why RUN``."""

from __future__ import annotations

import click

from ledger.cli.asking import format_option, put_answer
from ledger.cli.places import Place, place_options
from ledger.reader.reference import find_run
from ledger.reader.why import why


@click.command()
@click.argument("run")
@format_option
@place_options
def command(run: str, output_format: str, place: Place) -> None:
    """Say what changed since RUN's parent, and what came of it.

    Without a recorded parent the nearest earlier run is taken, and that is said. Several changes
    at once are named as such: nobody can tell their effects apart.
    """
    ledger = place.ledger()
    found, answer = why(ledger, find_run(ledger, run), run)
    put_answer(answer, output_format, sheets=found.sheets(), flat=found.flat)

"""``ledger compare OLD NEW``."""

from __future__ import annotations

import click

from ledger.cli.asking import format_option, put_answer
from ledger.cli.places import Place, place_options
from ledger.reader.compare import compare_answer
from ledger.reader.reference import find_run
from ledger.reader.sheets import comparison_rows, comparison_sheets


@click.command()
@click.argument("old")
@click.argument("new")
@format_option
@place_options
def command(old: str, new: str, output_format: str, place: Place) -> None:
    """Show what differs between two runs: config, metrics, environment, data and code.

    OLD and NEW are ids, unique beginnings of ids or names, @latest, or @best:val_acc.
    """
    ledger = place.ledger()
    comparison, answer = compare_answer(
        ledger, find_run(ledger, old), find_run(ledger, new), question=f"{old} {new}"
    )
    put_answer(
        answer,
        output_format,
        sheets=comparison_sheets(comparison),
        flat=lambda: comparison_rows(comparison),
    )

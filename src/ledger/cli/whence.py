"""``ledger whence "val_acc 0.931"``."""

from __future__ import annotations

import os

import click

from ledger.cli import render
from ledger.cli.asking import format_option, limit_option, put_answer
from ledger.cli.places import Place, place_options
from ledger.reader.whence import find_whence
from ledger.reader.whence.content import bytes_to_read
from ledger.reader.whence.sheet import whence_rows, whence_sheets


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("question", nargs=-1, required=True)
@limit_option("without it 10")
@format_option
@place_options
def command(
    *, question: tuple[str, ...], limit: int | None, output_format: str, place: Place
) -> None:
    r"""Find the runs that a number, a file, a hash or a piece of text comes from.

    \b
    ledger whence 0.931                  ledger whence "val_acc 93.1%"
    ledger whence "0.931 ± 0.004"        ledger whence outputs/model.pt
    ledger whence 4f2a9c1
    ledger whence "Table 4: ResNet-50, lr 1e-3, seed 3: 93.1 val_acc on cifar10"

    A number is compared as it is printed, rounding included. Each row says what fits, and ends with
    the commands that make the run again; they are printed, never run.
    """
    text = " ".join(question)
    folder = os.getcwd()
    ledger = place.ledger()
    size = bytes_to_read(text, ledger.project, folder)
    if size:
        render.tell(f"ledger: reading {text} whole ({size / 1e9:.1f} GB) for its hashes")
    answer = find_whence(ledger, text, folder=folder, **({"limit": limit} if limit else {}))
    rows = answer.rows
    put_answer(answer, output_format, sheets=whence_sheets(rows), flat=lambda: whence_rows(rows))

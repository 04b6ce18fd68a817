"""``ledger compare A B …``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from ledger.cli import render
from ledger.cli.asking import format_option, put_answer
from ledger.cli.places import Place, place_options
from ledger.reader.answers import Answer
from ledger.reader.beside import check_number, compare_together
from ledger.reader.code_patch import code_patch
from ledger.reader.compare import compare_answer
from ledger.reader.curves import curve_sheets
from ledger.reader.sheets import comparison_rows, comparison_sheets
from ledger.reader.subject import find_subject
from ledger.reader.text import Grid
from ledger.reader.working import working_tree


if TYPE_CHECKING:
    from ledger.reader.ledger import Ledger, StoredRun


@click.command()
@click.argument("runs", nargs=-1, required=True)
@click.option("--working", is_flag=True, help="Compare one run with the working tree.")
@click.option("--patch", is_flag=True, help="Show the patch between the code of two runs.")
@format_option
@place_options
def command(
    runs: tuple[str, ...], *, working: bool, patch: bool, output_format: str, place: Place
) -> None:
    """Show what differs between 2 to 20 runs: config, metrics, packages, data, code, notes.

    RUNS are ids, unique beginnings of ids or names, @latest, or @best:val_acc; the first is what
    the others are measured against. With --working name one run.
    """
    ledger = place.ledger()
    found = [find_subject(ledger, each) for each in runs]
    if working:
        found.append(_working(ledger, found))
    check_number([run.run_id for run in found])
    question = " ".join(runs)
    if len(found) > 2:  # noqa: PLR2004  # old and new have a form of their own
        together, answer = compare_together(ledger, found, question=question)
        sheets = [*together.sheets(), *curve_sheets(ledger, found, render.curve_blocks())]
        put_answer(answer, output_format, sheets=sheets, flat=together.flat)
        return
    old, new = found
    comparison, pair = compare_answer(ledger, old, new, question=question)
    if working:
        comparison = comparison.without("metrics")
        pair = Answer(verb="compare", question=question, rows=comparison.differences)
    sheets = comparison_sheets(comparison)
    if output_format in {"table", "md"}:
        sheets += curve_sheets(ledger, found, render.curve_blocks())
        lines = code_patch(ledger, old, new, comparison, is_whole=False)
        if lines:
            sheets.append(Grid(header=("git diff --stat",), rows=tuple((line,) for line in lines)))
    put_answer(pair, output_format, sheets=sheets, flat=lambda: comparison_rows(comparison))
    if patch:
        lines = code_patch(ledger, old, new, comparison, is_whole=True)
        if lines:
            render.put("\n" + "\n".join(lines))
        else:
            render.tell("ledger: git holds no code of both runs that differs")


def _working(ledger: Ledger, found: list[StoredRun]) -> StoredRun:
    """Return the working tree as if it were a run, and tell what cannot be compared."""
    if len(found) != 1:
        message = "--working compares one run with the working tree"
        raise click.UsageError(message)
    tree = working_tree(ledger, found[0], environ=os.environ, modules=sys.modules)
    for line in tree.untold:
        render.tell(f"ledger: {line}")
    ledger.held |= tree.held
    return tree.run

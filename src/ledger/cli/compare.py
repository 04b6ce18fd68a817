"""``ledger compare A B …``."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from ledger.cli import render
from ledger.cli.asking import format_option, put_answer
from ledger.cli.places import Place, place_options
from ledger.reader.beside import check_number, compare_together
from ledger.reader.code_patch import code_patch, patch_sheets
from ledger.reader.compare import answer_of, compare_answer
from ledger.reader.curves import curve_sheets
from ledger.reader.sheets import comparison_rows, comparison_sheets
from ledger.reader.subject import find_subject
from ledger.reader.working import working_tree


if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.reader.answers import Answer
    from ledger.reader.beside import Beside
    from ledger.reader.compare import Comparison
    from ledger.reader.difference import Difference
    from ledger.reader.ledger import Ledger, StoredRun


@click.command()
@click.argument("runs", nargs=-1, required=True)
@click.option("--working", is_flag=True, help="Compare one run with the working tree.")
@click.option(
    "--patch", is_flag=True, help="Show the patch from the first run's code to each other one's."
)
@click.option(
    "--all", "is_complete", is_flag=True, help="Show what is equal too, less unchanged files."
)
@format_option
@place_options
def command(  # noqa: PLR0913  # one parameter for each option
    runs: tuple[str, ...],
    *,
    working: bool,
    patch: bool,
    is_complete: bool,
    output_format: str,
    place: Place,
) -> None:
    """Show what differs between 2 to 20 runs: config, metrics, packages, data, code, notes.

    RUNS are ids, unique beginnings of ids or names, @latest, or @best:val_acc; RUN#TRIAL is one
    trial of a sweep. The first is what the others are measured against. With --working name one
    run.
    """
    if patch and output_format != "table":
        message = f"--patch is no part of --format {output_format}"
        raise click.UsageError(message)
    ledger = place.ledger()
    found = [find_subject(ledger, each) for each in runs]
    if working:
        found.append(_working(ledger, found))
    check_number([run.run_id for run in found])
    question = " ".join(runs)
    answer: Answer[Beside] | Answer[Difference]
    if len(found) > 2:  # noqa: PLR2004  # old and new have a form of their own
        together, answer = compare_together(
            ledger, found, question=question, is_complete=is_complete
        )
        comparisons, sheets, flat = together.comparisons, together.sheets(), together.flat
    else:
        pair, answer = compare_answer(ledger, *found, question=question, is_complete=is_complete)
        if working:
            pair = pair.without("metrics", "note")
            answer = answer_of(pair, question)
        comparisons, sheets, flat = (pair,), comparison_sheets(pair), partial(comparison_rows, pair)
    if output_format in {"table", "md"}:
        sheets += [] if working else curve_sheets(ledger, found, render.curve_blocks())
        sheets += patch_sheets(ledger, found, comparisons, is_working=working)
    put_answer(answer, output_format, sheets=sheets, flat=flat)
    if patch:
        _put_patches(ledger, found, comparisons, is_working=working)


def _put_patches(
    ledger: Ledger,
    found: Sequence[StoredRun],
    comparisons: Sequence[Comparison],
    *,
    is_working: bool,
) -> None:
    for run, comparison in zip(found[1:], comparisons, strict=True):
        new = None if is_working else run
        lines = code_patch(ledger, found[0], new, comparison, is_whole=True)
        if lines:
            render.put("\n" + "\n".join(lines))
        else:
            told = f"git holds no code of {comparison.new} that differs from {comparison.old}'s"
            render.tell(f"ledger: {told}")


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

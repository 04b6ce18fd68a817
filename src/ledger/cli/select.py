"""``ledger select RUN --over QUESTION --why …``."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.cli import render
from ledger.cli.asking import ledger_here
from ledger.cli.person import person
from ledger.reader.subject import SIGN, find_subject
from ledger.writer.decision import Choice, write_decision


if TYPE_CHECKING:
    from ledger.contract.direction import Goal


@click.command()
@click.argument("run")
@click.option(
    "--over",
    metavar="QUESTION",
    help="What it is chosen over: a sweep, or a question; of RUN#TRIAL the sweep.",
)
@click.option("--why", required=True, metavar="TEXT", help="What decided it.")
@click.option("--metric", metavar="M", help="What is reviewed, instead of the objective.")
@click.option(
    "--direction", type=click.Choice(["min", "max"]), help="Which way the metric is better."
)
def command(
    run: str, *, over: str | None, why: str, metric: str | None, direction: Goal | None
) -> None:
    """Record that RUN, or RUN#TRIAL, was chosen: decision.md beside it says over what, and why.

    The file names the rejected ones and holds the answers of `ledger review` as they are now. It
    may be added to a run that others have; commit it. Removing it takes the decision back.
    """
    from ledger.review.collect import collect_subject
    from ledger.review.review import review
    from ledger.review.selected import describe

    ledger = ledger_here()
    found = find_subject(ledger, run)
    if over is None and found.trial_id is None:
        message = 'say what it was chosen over: --over "best val_loss"'
        raise click.UsageError(message)
    question = over or found.run_id.partition(SIGN)[0]
    told = review(collect_subject(ledger, question, metric=metric, goal=direction))
    selected = describe(told, found.run_id)
    choice = Choice(
        chosen=found.run_id,
        why=why,
        over=question,
        standing=selected.standing,
        rejected=selected.rejected,
        evidence=selected.evidence,
    )
    folder = Path(ledger.project.root, found.path)
    now = datetime.now(tz=UTC)
    path = write_decision(folder, choice, by=person(ledger.project.root), now=now)
    render.tell(f"chose {found.run_id}; commit {os.path.relpath(path)}")

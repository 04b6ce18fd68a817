"""``ledger review [SWEEP | QUESTION]``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from ledger.cli import render
from ledger.cli.exit_codes import FINDINGS
from ledger.cli.places import Place, place_options


if TYPE_CHECKING:
    from ledger.contract.direction import Goal
    from ledger.review.result import Review

_FAILS = {"warn": ("warn",), "insufficient": ("warn", "insufficient")}


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("what", nargs=-1, metavar="[SWEEP | QUESTION]")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "md", "html", "json"]),
    default="text",
    show_default=True,
    help="How the review is printed; html is a fragment.",
)
@click.option(
    "--fail-on",
    type=click.Choice(list(_FAILS)),
    help="Exit with 1 where an answer is warn, or warn or insufficient.",
)
@click.option("--metric", metavar="M", help="What is reviewed, instead of the objective.")
@click.option(
    "--direction", type=click.Choice(["min", "max"]), help="Which way the metric is better."
)
@click.option("--brief", is_flag=True, help="As text without the details.")
@place_options
def command(  # noqa: PLR0913  # one for each option
    *,
    what: tuple[str, ...],
    output_format: str,
    fail_on: str | None,
    metric: str | None,
    direction: Goal | None,
    brief: bool,
    place: Place,
) -> None:
    r"""Say whether the data support a choice, and answer six questions about the training.

    \b
    ledger review                      the last sweep, else the runs with the last objective
    ledger review SWEEP                the trials of a sweep
    ledger review "runs where model = mlp", "best val_acc tag baseline", "compare A B C"

    How did it behave, was validation stable, did it overfit, were some values consistently weak,
    was the search space sensible, why this one? Every finding has its number, its limit and how
    much it rests on; where that is too little, it says what is missing. Statistics of params and
    repeats need scipy and scikit-learn: pip install experiment-ledger[review].
    """
    from ledger.review.collect import collect_subject
    from ledger.review.review import review

    subject = collect_subject(place.ledger(), " ".join(what), metric=metric, goal=direction)
    found = review(subject)
    for warning in found.warnings:
        render.tell(f"ledger: {warning}")
    _put(found, output_format, brief=brief)
    if fail_on is not None and any(each.verdict in _FAILS[fail_on] for each in found.answers):
        sys.exit(FINDINGS)


def _put(found: Review, output_format: str, *, brief: bool) -> None:
    if output_format == "json":
        render.put_json(found.to_json())
        return
    from ledger.review.render import html_of, markdown_of, text_of

    if output_format == "md":
        render.put(markdown_of(found))
    elif output_format == "html":
        render.put(html_of(found))
    else:
        render.put(text_of(found, with_details=not brief))

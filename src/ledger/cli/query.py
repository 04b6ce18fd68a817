"""``ledger query "best val_acc"``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ledger.cli import render
from ledger.cli.asking import format_option, limit_option, put_answer
from ledger.cli.places import Place, place_options
from ledger.errors import UnknownNameError
from ledger.reader.asking.door import ask_text


if TYPE_CHECKING:
    from ledger.contract.direction import Goal
    from ledger.reader.asking.door import Answered
    from ledger.reader.text import Grid


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("question", nargs=-1, required=True)
@click.option(
    "--direction", type=click.Choice(["min", "max"]), help="Which way the metric is better."
)
@click.option("--retracted", is_flag=True, help="Let retracted runs answer too.")
@limit_option("without it the question's own number, else 10 of a ranking")
@format_option
@place_options
def command(
    *,
    question: tuple[str, ...],
    direction: Goal | None,
    retracted: bool,
    limit: int | None,
    output_format: str,
    place: Place,
) -> None:
    r"""Answer a question about the runs.

    \b
    ledger query "best val_acc"
    ledger query "top 3 by test_acc where lr < 1e-3 and model = transformer"
    ledger query "worst loss", "last loss", "final test_acc", "first val_loss"
    ledger query "best my_score max since yesterday tag baseline on data @latest"
    ledger query "best val_acc per model", "best val_acc per trial"
    ledger query "runs where status = crashed", "trials where lr in (0.1, 0.2)"
    ledger query "count by model", "mean val_acc by lr over seed", "compare A B"

    Conditions are on params (by dotted path), metrics (their final value), note.result and its
    like, and run_id, name, status, tag, branch, commit, dirty, data, parent, project, seed,
    started, ended, with = != < <= > >= contains in, and, or, not. docs/guides/queries.md has all.
    """
    text = " ".join(question)
    answered = ask_text(
        place.ledger(), text, goal=direction, limit=limit, with_retracted=retracted
    )
    answer = answered.answer
    _tell_choices(answered)
    put_answer(answer, output_format, sheets=_sheets(answered), flat=lambda: _flat(answered))
    if not answer.rows and answered.comparison is None:
        message = "no run answers the question"
        raise UnknownNameError(message, hint=_why_empty(answered))
    if answer.left_out:
        why = f"no finite {answer.metric}, or retracted" if answer.metric else "retracted"
        render.tell(f"ledger: {answer.left_out} left out: {why}")


def _tell_choices(answered: Answered) -> None:
    """Tell what the question left open and was decided."""
    answer = answered.answer
    if answer.direction_source == "inferred":
        better = "higher" if answer.direction == "max" else "lower"
        render.tell(f"ledger: taking a {better} {answer.metric} as better, by its name")
    if answer.reading is not None:
        which = f"{answer.reading} value" + (f" ({answer.direction})" if answer.direction else "")
        render.tell(f"ledger: of the {which} of {answer.metric} of each run")


def _why_empty(answered: Answered) -> str:
    answer = answered.answer
    if not answer.left_out:
        return "see `ledger ls`"
    if answer.metric is None:
        return f"{answer.left_out} meet the conditions but are retracted"
    return f"{answer.left_out} meet the conditions but have no finite {answer.metric}"


def _sheets(answered: Answered) -> list[Grid]:
    from ledger.reader.asking.sheets import sheets_of

    return sheets_of(answered)


def _flat(answered: Answered) -> Grid:
    from ledger.reader.asking.sheets import flat_of

    return flat_of(answered)

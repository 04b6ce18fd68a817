"""``ledger query "best val_acc"``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ledger.cli import render
from ledger.cli.asking import format_option, ledger_here, limit_option, put_answer
from ledger.errors import UnknownNameError
from ledger.reader.question import parse_question
from ledger.reader.ranking import ask
from ledger.reader.sheets import ranking_rows, ranking_sheet


if TYPE_CHECKING:
    from ledger.contract.direction import Goal


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("question", nargs=-1, required=True)
@click.option(
    "--direction", type=click.Choice(["min", "max"]), help="Which way the metric is better."
)
@limit_option("without it the question's own number, else 10")
@format_option
def command(
    question: tuple[str, ...], direction: Goal | None, limit: int | None, output_format: str
) -> None:
    r"""Answer a question about the runs.

    \b
    ledger query "best val_acc"
    ledger query "top 3 by test_acc where lr < 1e-3 and model = transformer"
    ledger query "worst loss", "last loss", "final test_acc", "first val_loss"
    ledger query "best my_score max"

    A question names a metric and may filter by params (by dotted path), by metrics (their final
    value) and by run_id, name, status, tag, branch, commit, dirty, data, parent, project, seed,
    started, ended, with = != < <= > >= contains.
    """
    text = " ".join(question)
    answer = ask(ledger_here(), parse_question(text), text=text, goal=direction, limit=limit)
    rows, metric = answer.rows, answer.metric or ""
    if answer.direction_source == "inferred":
        better = "higher" if answer.direction == "max" else "lower"
        render.tell(f"ledger: taking a {better} {metric} as better, by its name")
    sheets = [ranking_sheet(rows, metric)] if rows else []
    put_answer(answer, output_format, sheets=sheets, flat=lambda: ranking_rows(rows))
    if not rows:
        hint = f"{answer.left_out} meet the conditions but have no finite {metric}"
        message = "no run answers the question"
        raise UnknownNameError(message, hint=hint if answer.left_out else "see `ledger ls`")
    if answer.left_out:
        render.tell(f"ledger: {answer.left_out} left out: no finite {metric}, or retracted")

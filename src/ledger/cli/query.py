"""``ledger query "best val_acc"``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from ledger.cli import render
from ledger.cli.asking import format_option, limit_option, put_answer
from ledger.cli.exit_codes import USAGE
from ledger.cli.places import Place, place_options
from ledger.errors import UnknownNameError
from ledger.reader.asking.door import ask_text


_SHOWN = 1000
"""Rows of a statement in a table for people."""

if TYPE_CHECKING:
    from ledger.contract.direction import Goal
    from ledger.reader.asking.door import Answered
    from ledger.reader.text import Grid


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("question", nargs=-1)
@click.option(
    "--direction", type=click.Choice(["min", "max"]), help="Which way the metric is better."
)
@click.option("--retracted", is_flag=True, help="Let retracted runs answer too.")
@click.option(
    "--sql",
    metavar="STATEMENT",
    help="Ask in SQL: one SELECT over the views; - reads it from stdin.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    help="How long an SQL statement may take.",
)
@limit_option("without it the question's own number, else 10 of a ranking")
@format_option
@place_options
def command(  # noqa: PLR0913  # one for each option
    *,
    question: tuple[str, ...],
    direction: Goal | None,
    retracted: bool,
    sql: str | None,
    timeout: float,
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
    ledger query --sql "SELECT metric, max(high) FROM summary GROUP BY ALL"

    Conditions are on params (by dotted path), metrics (their final value), note.result and its
    like, and run_id, name, status, tag, branch, commit, dirty, data, parent, project, seed,
    started, ended, with = != < <= > >= contains in, and, or, not. docs/guides/queries.md has all,
    docs/guides/sql.md the views.
    """
    text = " ".join(question)
    if (sql is None) == (not text.strip()):
        message = "ask one question, in words or with --sql"
        raise click.UsageError(message)
    if sql is not None:
        _put_sql(place, sql, timeout_s=timeout, limit=limit, output_format=output_format)
        return
    answered = ask_text(
        place.ledger(),
        text,
        goal=direction,
        limit=limit,
        with_retracted=retracted,
        is_of_trials=place.csv is not None,
    )
    answer = answered.answer
    _tell_choices(answered)
    put_answer(answer, output_format, sheets=_sheets(answered), flat=lambda: _flat(answered))
    if not answer.rows and answered.comparison is None and answered.together is None:
        message = "no run answers the question"
        raise UnknownNameError(message, hint=_why_empty(answered))
    if answer.left_out:
        why = f"no finite {answer.metric}, or retracted" if answer.metric else "retracted"
        render.tell(f"ledger: {answer.left_out} left out: {why}")


def _put_sql(
    place: Place, statement: str, *, timeout_s: float, limit: int | None, output_format: str
) -> None:
    """Print the rows of a statement; a table shows a thousand where no limit was asked for."""
    from ledger.reader.sql import ask_sql

    text = sys.stdin.read() if statement == "-" else statement
    shown = _SHOWN if limit is None and output_format == "table" else limit
    answer = ask_sql(place.ledger(), text, limit=shown, timeout_s=timeout_s, give_up=_give_up)
    grid = answer.to_grid()
    put_answer(answer, output_format, sheets=[grid], flat=lambda: grid)
    if not answer.rows:
        message = "the statement finds no row"
        raise UnknownNameError(message, hint="loosen its conditions")
    if answer.is_cut and limit is None:
        render.tell(f"ledger: the first {_SHOWN} rows; see all with --format csv, or set --limit")


def _give_up() -> None:
    """End the process: a single call inside a statement hears no interruption."""
    import os

    render.tell("ledger: the statement did not stop in time (ask for less in one call)")
    os._exit(USAGE)


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

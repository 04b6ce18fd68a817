"""What the verbs that ask share: the ledger of this folder, formats, warnings."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from ledger.cli import render
from ledger.project import find_project
from ledger.reader.ledger import open_ledger


if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.reader.answers import Answer, Row
    from ledger.reader.ledger import Ledger
    from ledger.reader.text import Grid

F = TypeVar("F", bound="Callable[..., object]")

FORMATS = ("table", "json", "csv", "md")


def format_option(command: F) -> F:
    """Add ``--format`` to a command."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(FORMATS),
        default="table",
        show_default=True,
        help="How the answer is printed.",
    )(command)


def limit_option(what: str) -> Callable[[F], F]:
    """Return a decorator that adds ``--limit N``; ``what`` is what happens without it."""
    return click.option(
        "--limit", type=click.IntRange(min=1), metavar="N", help=f"At most N rows; {what}."
    )


def ledger_here() -> Ledger:
    """Return the ledger of the project that the working folder lies in.

    Raises:
        NoLedgerError: no project there.
        LedgerError: the ledger cannot be read.
        UnknownNameError: it holds records and none could be read; each was told.
    """
    ledger = open_ledger(find_project([Path.cwd()]), datetime.now(tz=UTC))
    ledger.processes = 2
    return ledger


def tell_broken(ledger: Ledger) -> None:
    """Tell every record that could not be read: its path, the field, what to do."""
    for broken in ledger.broken:
        render.tell(f"ledger: {broken}")


def put_answer(
    answer: Answer[Row], output_format: str, *, sheets: Sequence[Grid], flat: Callable[[], Grid]
) -> None:
    """Print ``answer``: data to stdout in the format asked for, warnings to stderr.

    Args:
        answer: what was asked.
        output_format: one of FORMATS.
        sheets: the answer for people; without one nothing is printed but CSV's header.
        flat: makes the one table that CSV holds.
    """
    for warning in answer.warnings:
        render.tell(f"ledger: {warning}")
    if output_format == "json":
        render.put_json(answer.to_json())
    elif output_format == "csv":
        render.put_csv(flat())
    elif not sheets:
        return
    elif output_format == "md":
        render.put_markdown(sheets)
    else:
        render.put_tables(sheets)

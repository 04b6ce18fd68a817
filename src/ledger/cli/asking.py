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
    from typing import Protocol

    from ledger.contract.json_text import Json
    from ledger.reader.ledger import Ledger
    from ledger.reader.text import Grid

    class Answerlike(Protocol):
        """What can be printed."""

        @property
        def warnings(self) -> tuple[str, ...]:
            """Lines to tell."""
            ...

        def to_json(self) -> dict[str, Json]:
            """Return the one object of ``--format json``."""
            ...


F = TypeVar("F", bound="Callable[..., object]")

FORMATS = ("table", "json", "csv", "md", "parquet")
_COLUMNS = "ledger.columns"
_OUTPUT = "ledger.output"


def format_option(command: F) -> F:
    """Add ``--format``, ``--columns`` and ``--output`` to a command.

    The command is given ``output_format``; ``put_answer`` finds the other two by itself.
    """
    options = (
        click.option(
            "--format",
            "output_format",
            type=click.Choice(FORMATS),
            default="table",
            show_default=True,
            help="How the answer is printed.",
        ),
        click.option(
            "--columns",
            metavar="A,B,…",
            callback=_kept_for_later(_COLUMNS),
            expose_value=False,
            help="Only these columns of the CSV form, in this order, in any format.",
        ),
        click.option(
            "--output",
            metavar="FILE",
            type=click.Path(dir_okay=False, path_type=Path),
            callback=_kept_for_later(_OUTPUT),
            expose_value=False,
            help="Write the answer into FILE, whole or not at all.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


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
    """
    return hurried(open_ledger(find_project([Path.cwd()]), datetime.now(tz=UTC)))


def hurried(ledger: Ledger) -> Ledger:
    """Return ``ledger``, allowed a second process where very many runs must be read."""
    ledger.processes = 2
    return ledger


def tell_broken(ledger: Ledger) -> None:
    """Tell every record that could not be read: its path, the field, what to do."""
    for broken in ledger.broken:
        render.tell(f"ledger: {broken}")


def put_answer(
    answer: Answerlike, output_format: str, *, sheets: Sequence[Grid], flat: Callable[[], Grid]
) -> None:
    """Print ``answer``: data to stdout or the file asked for, warnings to stderr.

    Args:
        answer: what was asked.
        output_format: one of FORMATS.
        sheets: the answer for people; without one nothing is printed but CSV's header.
        flat: makes the one table that CSV holds.

    Raises:
        UnknownNameError: ``--columns`` names one that the answer has not.
        OSError: the file cannot be written; none is left half.
    """
    from ledger.cli.output import Wanted, put

    for warning in answer.warnings:
        render.tell(f"ledger: {warning}")
    meta = click.get_current_context().meta
    put(
        answer.to_json,
        Wanted(format=output_format, columns=meta.get(_COLUMNS), path=meta.get(_OUTPUT)),
        sheets=sheets,
        flat=flat,
    )


def _kept_for_later(key: str) -> Callable[[click.Context, click.Parameter, object], None]:
    def keep(context: click.Context, _: click.Parameter, given: object) -> None:
        context.meta[key] = given

    return keep

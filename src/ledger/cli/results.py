"""``ledger results QUESTION --write FILE``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ledger.cli import render
from ledger.cli.asking import ledger_here
from ledger.cli.exit_codes import FINDINGS
from ledger.cli.output import write_file
from ledger.errors import LedgerError, UnknownNameError
from ledger.reader.asking.door import ask_text
from ledger.reader.asking.sheets import sheets_of
from ledger.report.results import with_results


@click.command()
@click.argument("question", nargs=-1, required=True)
@click.option(
    "--write",
    "path",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Keep the table between the marks in FILE; without it the table is printed.",
)
@click.option(
    "--check", is_flag=True, help="Change nothing; exit with 1 where FILE is out of date."
)
@click.option("--limit", type=click.IntRange(min=1), default=10, show_default=True, metavar="N")
def command(question: tuple[str, ...], *, path: Path | None, check: bool, limit: int) -> None:
    """Keep a table of the best runs in a file, a README for instance.

    QUESTION is one of `ledger query`: "best val_acc", "mean val_acc by lr over seed". The file
    holds two marks on lines of their own, `<!-- ledger:results -->` and
    `<!-- /ledger:results -->`; what stands between them is replaced.
    """
    table = _table(" ".join(question), limit)
    if path is None:
        render.put(table.rstrip("\n"))
        return
    before = path.read_bytes().decode("utf-8")
    try:
        after = with_results(before, table)
    except LedgerError as error:
        raise LedgerError(error.message, hint=error.hint, path=path) from error
    if after == before:
        return
    if check:
        render.tell(f"ledger: {path} is out of date (run the command without --check)")
        sys.exit(FINDINGS)
    write_file(path, after.encode("utf-8"))


def _table(question: str, limit: int) -> str:
    """Return the answer to ``question`` as Markdown.

    Raises:
        UnknownNameError: no run answers it.
    """
    answered = ask_text(ledger_here(), question, limit=limit)
    for warning in answered.answer.warnings:
        render.tell(f"ledger: {warning}")
    if not answered.answer.rows:
        message = "no run answers the question"
        raise UnknownNameError(message, hint="see `ledger ls`")
    return render.markdown_text(sheets_of(answered)) + "\n"

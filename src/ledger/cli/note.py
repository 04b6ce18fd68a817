"""``ledger note``: write the note of a run."""

from __future__ import annotations

import sys

import click

from ledger.cli import notes, render
from ledger.cli.asking import ledger_here, tell_broken
from ledger.cli.exit_codes import USAGE
from ledger.cli.sections import section_options, sections_given
from ledger.reader.reference import find_run
from ledger.writer.note_writing import NoteChange, write_sections


@click.command("note")
@click.argument("run", required=False)
@click.option("--missing", is_flag=True, help="List the runs whose note still needs a person.")
@section_options
@click.option("--force", is_flag=True, help="Replace sections that are filled already.")
def command(  # one argument for each option
    run: str | None,
    *,
    missing: bool,
    accept: bool,
    force: bool,
    **texts: str | None,
) -> None:
    """Write the note of RUN: adds the comparison with the best earlier run, opens the editor.

    With texts given (--hypothesis … --result …) or --accept no editor opens. RUN is an id, the
    unique beginning of one, or @latest.
    """
    ledger = ledger_here()
    if missing:
        waiting_notes = notes.waiting_notes(ledger)
        tell_broken(ledger)
        for waiting in waiting_notes:
            render.put(f"{waiting.run_id}  {waiting.status}  {', '.join(waiting.sections)}")
        return
    if run is None:
        message = "which run? Give its id, the beginning of it, or @latest; or --missing"
        raise click.UsageError(message)
    found = find_run(ledger, run)
    run_dir = notes.folder_of(ledger, found)
    notes.add_comparison(ledger, found)
    given = sections_given(texts)
    change = write_sections(run_dir, given, is_forced=force, accepts=accept)
    if not given and not accept:
        if not sys.stdin.isatty():
            render.put(str(change.path))
            for line in notes.waiting_lines(ledger, found) or ["still to be written: nothing"]:
                render.tell(line)
            return
        click.edit(filename=str(change.path))
        change = write_sections(run_dir, {})
    _tell(change, notes.waiting_lines(ledger, found))
    if change.kept:
        sys.exit(USAGE)


def _tell(change: NoteChange, waiting: list[str]) -> None:
    for name in change.kept:
        render.tell(f"{name} is filled already and was left as it is (use --force to replace it)")
    for line in waiting:
        render.tell(f"{change.path}: {line}")
    if not waiting:
        run_id = change.path.parent.name
        render.tell(f"{change.path}: complete; commit the run with `ledger commit {run_id}`")

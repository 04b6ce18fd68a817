"""``ledger commit``: exactly the code each run saw, its record and its note."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.cli import render
from ledger.cli.exit_codes import FINDINGS, FINE
from ledger.cli.sections import section_options, sections_given
from ledger.policy.finding import printable
from ledger.project import find_project
from ledger.setup.commits.commit import Request, commit_runs
from ledger.setup.commits.series import Report


if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.setup.commits.series import Committed


@click.command("commit")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("-m", "--message", help="The message of each commit, instead of name and best.")
@section_options
@click.option("-n", "--no-verify", is_flag=True, help="Leave out the checks and the commit hooks.")
@click.option("--dry-run", is_flag=True, help="Print what each commit would hold; change nothing.")
def command(  # one argument for each option
    runs: tuple[str, ...],
    *,
    message: str | None,
    accept: bool,
    no_verify: bool,
    dry_run: bool,
    **texts: str | None,
) -> int:
    """Commit exactly the code each RUN saw, its record and its note; one commit a run.

    Without RUN: every sealed run that HEAD does not hold, the oldest first. What you edited since
    stays where it is, unstaged; what you staged stays staged. Texts go into the sections of these
    runs' notes that nobody has filled.

    Prints a line for each commit: its id, the run, and how many paths it changes. Exits with 1
    when a run could not be committed, or there was none.
    """
    given = sections_given(texts)
    if message is not None and not message.strip():
        problem = "the message is empty"
        raise click.UsageError(problem)
    if dry_run and (given or accept):
        problem = "--dry-run writes no note: leave out --accept and the texts"
        raise click.UsageError(problem)
    request = Request(
        runs=_run_ids(runs),
        message=message,
        texts=given,
        accepts=accept,
        skips_hooks=no_verify,
        is_dry=dry_run,
    )
    report = Report(show=_show, tell=render.tell)
    outcome = commit_runs(find_project([Path.cwd()]), request, os.environ, report)
    if not outcome.n_committed and not outcome.n_refused:
        render.tell("nothing to commit: HEAD holds every sealed run")
    elif outcome.n_refused:
        n_runs = f"{outcome.n_refused} run{'' if outcome.n_refused == 1 else 's'}"
        render.tell(f"{n_runs} could not be committed")
    return FINE if outcome.n_committed and not outcome.n_refused else FINDINGS


def _run_ids(references: Sequence[str]) -> tuple[str, ...]:
    if not references:
        return ()
    from ledger.cli.asking import ledger_here  # reads every record
    from ledger.reader.reference import find_run

    ledger = ledger_here()
    return tuple(find_run(ledger, reference).run_id for reference in references)


def _show(committed: Committed) -> None:
    n_paths = len(committed.changes)
    paths = f"{n_paths} path{'' if n_paths == 1 else 's'}"
    commit = "-" if committed.commit is None else committed.commit[:10]
    render.put(f"{commit}  {committed.run_id or '-'}  {paths}")
    if committed.commit is None:
        for letter, path in committed.changes:
            render.put(f"  {letter} {printable(path)}")

"""``ledger init``: make a folder a project with a ledger."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from ledger.cli.render import tell
from ledger.project import find_project
from ledger.setup.advice import next_lines, warnings_of
from ledger.setup.hooks.install import install_hooks
from ledger.setup.init import init
from ledger.setup.trying import keep
from ledger.storage.git import clean_environment, find_repository


@click.command()
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[DIR]")
@click.option("--no-hooks", is_flag=True, help="Leave the commit hooks alone.")
@click.option(
    "--try",
    "is_try",
    is_flag=True,
    help="Also record one command (`--try -- CMD …`, else the last training in your shell's"
    " history, once you said yes), and show what that gives.",
)
@click.option("--undo-try", is_flag=True, help="Take all of that away again.")
def command(words: tuple[str, ...], *, no_hooks: bool, is_try: bool, undo_try: bool) -> int:
    """Make DIR, else this folder, a project with a ledger.

    Writes settings, ignore rules and attributes, and installs the commit hooks; what is right
    already stays as it is.
    """
    if is_try + undo_try + no_hooks > 1 or (undo_try and words):
        message = "give one of --no-hooks, --try and --undo-try"
        raise click.UsageError(message)
    if is_try:
        from ledger.cli.trying import run_try  # the reader is needed only here

        return run_try(words)
    if undo_try:
        from ledger.cli.trying import undo_the_try

        return undo_the_try()
    if len(words) > 1:
        message = "give one DIR; a command to record comes after --try --"
        raise click.UsageError(message)
    _init(Path(*words) if words else Path.cwd(), no_hooks=no_hooks)
    return 0


def _init(folder: Path, *, no_hooks: bool) -> None:
    environ = clean_environment(os.environ)
    changes = init(folder, environ=environ)
    for change in changes:
        tell(change.to_text())
    repository = find_repository(str(folder), environ)
    if keep(repository):
        tell("what was tried here is kept")
    if not no_hooks:
        hooks = install_hooks(repository, os.path.abspath(sys.executable))
        for change in hooks:
            tell(change.to_text())
        changes += hooks
    if not changes:
        tell("nothing to change: this is a project with a ledger")
        return
    project = find_project([folder])
    for line in warnings_of(repository, project):
        tell(f"note: {line}")
    for line in next_lines(repository, project, changes, Path.cwd()):
        tell(line)

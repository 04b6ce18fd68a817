"""``ledger init``: make a folder a project with a ledger."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from ledger.cli.render import tell
from ledger.project import find_project
from ledger.setup.advice import next_lines, warnings_of
from ledger.setup.hooks import install_hooks
from ledger.setup.init import init
from ledger.storage.git import clean_environment, find_repository


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--no-hooks", is_flag=True, help="Leave the commit hooks alone.")
def command(folder: Path | None, *, no_hooks: bool) -> None:
    """Make DIR, else this folder, a project with a ledger.

    Writes settings, ignore rules and attributes, and installs the commit hooks; what is right
    already stays as it is.
    """
    folder = folder or Path.cwd()
    environ = clean_environment(os.environ)
    changes = init(folder, environ=environ)
    for change in changes:
        tell(change.to_text())
    repository = find_repository(str(folder), environ)
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

"""``ledger init``: make a folder a project with a ledger."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from ledger.cli.render import tell
from ledger.setup.init import init
from ledger.storage.git import clean_environment


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--no-hooks", is_flag=True, help="Leave the commit hooks alone.")
def command(folder: Path | None, *, no_hooks: bool) -> None:
    """Make DIR, else this folder, a project with a ledger.

    Writes settings, ignore rules and attributes, and installs the commit hooks; what is right
    already stays as it is.
    """
    interpreter = None if no_hooks else os.path.abspath(sys.executable)
    environ = clean_environment(os.environ)
    changes = init(folder or Path.cwd(), environ=environ, interpreter=interpreter)
    for change in changes:
        tell(change.to_text())
    if not changes:
        tell("nothing to change: this is a project with a ledger")

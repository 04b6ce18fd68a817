"""``ledger install``: put the checks into this repository's commit hooks."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from ledger.cli.render import tell
from ledger.setup.hooks.install import install_hooks
from ledger.setup.hooks.precommit import write_config
from ledger.storage.git import clean_environment, find_repository


@click.command()
@click.option(
    "--pre-commit",
    "is_framework",
    is_flag=True,
    help="Add the checks to .pre-commit-config.yaml instead.",
)
def command(*, is_framework: bool) -> None:
    """Put the checks into this repository's commit hooks.

    A hook that is there already is kept and runs first.
    """
    repository = find_repository(".", clean_environment(os.environ))
    if is_framework:
        changes = write_config(Path(repository.top))
    else:
        changes = install_hooks(repository, os.path.abspath(sys.executable))
    for change in changes:
        tell(change.to_text())
    if not changes:
        tell("nothing to change: the checks are installed")

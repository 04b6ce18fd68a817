"""``ledger uninstall``: take the checks out of the commit hooks."""

from __future__ import annotations

import os

import click

from ledger.cli.render import tell
from ledger.setup.hooks import uninstall_hooks
from ledger.storage.git import clean_environment, find_repository


@click.command()
def command() -> None:
    """Take the checks out of this repository's commit hooks; what was there before comes back."""
    changes = uninstall_hooks(find_repository(".", clean_environment(os.environ)))
    for change in changes:
        tell(change.to_text())
    if not changes:
        tell("nothing to change: the checks are not installed")

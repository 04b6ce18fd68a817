"""``ledger uninstall``: take the checks out of the commit hooks."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ledger.cli.render import tell
from ledger.setup.hooks.install import uninstall_hooks
from ledger.storage.git import clean_environment, find_repository


@click.command()
def command() -> None:
    """Take the checks out of this repository's commit hooks; what was there before comes back.

    The entry that `ledger install --pre-commit` wrote goes too, unless it was edited.
    """
    repository = find_repository(".", clean_environment(os.environ))
    changes = uninstall_hooks(repository)
    config = Path(repository.top)
    if (config / ".pre-commit-config.yaml").exists():
        from ledger.setup.hooks.precommit import remove_config  # YAML is needed only here

        changes += remove_config(config)
    for change in changes:
        tell(change.to_text())
    if not changes:
        tell("nothing to change: the checks are not installed")

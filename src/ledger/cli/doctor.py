"""``ledger doctor``: find and mend what would make recording fail silently."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

from ledger.cli.exit_codes import FINDINGS, FINE, USAGE
from ledger.cli.render import put, put_json, tell
from ledger.errors import GitError
from ledger.setup.doctor.doctor import Health, examine, mend
from ledger.setup.doctor.git import refused_repository
from ledger.setup.place import find_place
from ledger.storage.git import clean_environment


@click.command()
@click.option("--fix", is_flag=True, help="Mend what takes nothing away from anybody.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the answer is printed.",
)
def command(*, fix: bool, form: str) -> int:
    """Find what would make recording fail silently, and say what mends it.

    Looks at tools, settings, the git directory, the ledger, the commit hooks, the runs and their
    snapshots. Exits with 1 when something is left to mend, 2 when it cannot tell.
    """
    interpreter, now = os.path.abspath(sys.executable), time.time()
    try:
        place = find_place(Path.cwd(), clean_environment(os.environ))
    except GitError as error:
        _show(Health(problems=(refused_repository(error, str(Path.cwd())),)), form)
        return USAGE
    if fix:
        health = mend(place, interpreter, now)
    else:
        health = Health(problems=tuple(examine(place, interpreter, now)))
    _show(health, form)
    if not fix and any(problem.mend for problem in health.problems):
        tell("ledger: mend what can be mended with: ledger doctor --fix")
    return FINE if health.is_healthy else FINDINGS


def _show(health: Health, form: str) -> None:
    if form == "json":
        put_json(health.to_json())
        return
    for line in health.to_lines():
        put(line)
    for line in health.failed:
        tell(f"ledger: not mended: {line}")

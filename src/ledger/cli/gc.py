"""``ledger gc``: drop what nobody needs from the git directory."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click

from ledger.cli.render import put, tell
from ledger.setup.garbage import SNAPSHOT, drop, find_garbage
from ledger.setup.place import find_place
from ledger.storage.git import clean_environment


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
def command(*, dry_run: bool) -> None:
    """Drop snapshots of runs whose code is committed or that are nowhere any more, and leftovers.

    A snapshot goes when HEAD holds the run's record and a commit of this branch the code it used,
    or when no worktree, commit, stash or reflog holds the run. No file of a run is touched, and
    nothing of a run that is running.
    """
    place = find_place(Path.cwd(), clean_environment(os.environ))
    found = find_garbage(place.repository, place.ledgers, time.time())
    gone = found if dry_run else drop(place.repository, found)
    word = "would drop" if dry_run else "dropped"
    for one in gone:
        put(f"{word} {one.to_text()}")
    n_snapshots = sum(one.kind == SNAPSHOT for one in gone)
    n_bytes = sum(one.n_bytes for one in gone)
    tell(
        f"ledger: {word} {n_snapshots} snapshot{'' if n_snapshots == 1 else 's'} and "
        f"{len(gone) - n_snapshots} files of {n_bytes} bytes"
        + ("; git frees the objects of snapshots itself (git gc)" if n_snapshots else "")
    )
    if len(gone) < len(found):
        tell(f"ledger: {len(found) - len(gone)} changed meanwhile and stay")

"""Changes to a repository with a ledger, for the tests of what `ledger ci` tells of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ledger.ci.arrivals import arrivals
from ledger.storage.git import clean_environment, find_repository


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.ci.arrival import Arrival, Arrivals
    from ledger.storage.git import Repository


def repository_of(repo: Path) -> Repository:
    """Return the repository at ``repo`` as the command line opens it."""
    return find_repository(os.fspath(repo), clean_environment(os.environ))


def arrived(repo: Path, base: str | None = "main", head: str = "HEAD", **how: int) -> Arrivals:
    """Return the new runs of ``head``."""
    return arrivals(repository_of(repo), base, head, **how)


def by_name(found: Arrivals) -> dict[str, Arrival]:
    """Return the runs by their names."""
    return {run.name: run for run in found.runs}

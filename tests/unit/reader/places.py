"""Repositories whose branches hold runs, for tests that ask across git."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ledger.reader.where import open_place
from make_repo import git, make_repo
from unit.reader.builders import FIRST, NOW, add_run, epochs, make_project


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.reader.ledger import Ledger


def make_place(tmp_path: Path, *names: str, object_format: str = "sha1") -> Path:
    """Return a repository whose branch main holds a project with the runs ``names``."""
    repo = make_repo(tmp_path, object_format=object_format)
    make_project(repo)
    commit_runs(repo, *names)
    return repo


def commit_runs(repo: Path, *names: str, **record: object) -> str:
    """Commit the runs ``names`` on the branch that is checked out; return the commit."""
    for number, name in enumerate(names):
        started = FIRST + timedelta(minutes=number)
        add_run(repo, name, epochs(val_acc=[0.5, 0.1 * (number % 10)]), started=started, **record)
    return commit(repo, f"runs {' '.join(names)}")


def commit(repo: Path, message: str = "change") -> str:
    """Commit every file; return the commit."""
    git(repo, "add", "--all")
    git(repo, "commit", "-q", "--allow-empty", "-m", message)
    return git(repo, "rev-parse", "HEAD").strip()


def branch(repo: Path, name: str, start: str = "main") -> None:
    """Begin the branch ``name`` and check it out."""
    git(repo, "checkout", "-q", "-b", name, start)


def switch(repo: Path, name: str) -> None:
    """Check out ``name``."""
    git(repo, "checkout", "-q", name)


def folder_of(repo: Path, name: str) -> Path:
    """Return the folder of the run called ``name`` in the working tree."""
    return next((repo / "ledger").glob(f"*/*_{name}-*"))


def opened(place: Path, **options: object) -> Ledger:
    """Return the ledger that ``options`` ask for."""
    return open_place(place, now=NOW, **options)  # type: ignore[arg-type]  # as the tests write them


def names(ledger: Ledger) -> list[str]:
    """Return the names of the ledger's readable runs, sorted."""
    return sorted(run.record.name for run in ledger.runs)

"""What to tell after setting up: what git still leaves out, and what to do next."""

from __future__ import annotations

import os
from pathlib import Path

from ledger.policy.finding import shell_word, shell_words
from ledger.project import project_at
from ledger.setup.samples import below_top
from ledger.setup.sparse import leaves_out, mend_command


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.project import Project
    from ledger.setup.change import Change
    from ledger.storage.git import Repository

_SCRIPTS = ("train.py", "main.py", "run.py")


def warnings_of(repository: Repository, project: Project) -> list[str]:
    """Return what a person should know of the place of a new project."""
    told = []
    above = next((one for one in map(project_at, _folders_above(repository, project)) if one), None)
    if above is not None:
        folder = below_top(repository, above.root)
        told.append(
            f"{'the top' if folder == '.' else folder} is a project too; scripts below"
            f" {below_top(repository, project.root)} record here from now on, all others there"
        )
    if leaves_out(repository, project):
        command = " ".join(["git", *map(shell_word, mend_command(repository, project))])
        told.append(f"the sparse checkout leaves the ledger out; take it in with: {command}")
    return told


def next_lines(
    repository: Repository, project: Project, changes: Sequence[Change], here: Path
) -> list[str]:
    """Return what to do next, two or three lines, for somebody who stands in ``here``."""
    script = next((name for name in _SCRIPTS if (project.root / name).is_file()), "train.py")
    lines = [
        f"ledger run -- python {script}    (with `ledger.start` in it, just: python {script})",
        "ledger commit    (the run's code, record and note in one commit)",
    ]
    place = os.path.relpath(project.root, here)
    if place != ".":
        lines[0] = f"cd {shell_word(place)} && {lines[0]}"
    tracked = _tracked(repository, changes, here)
    if tracked:
        lines.insert(0, f"git add {shell_words(tracked)} && git commit -m 'add a ledger'")
    return ["next:", *(f"  {line}" for line in lines)]


def _tracked(repository: Repository, changes: Iterable[Change], here: Path) -> list[str]:
    """Return the changed files that the next commit should hold, as seen from ``here``."""
    found = []
    for change in changes:
        path = Path(repository.top, change.path)
        is_inside = path.is_relative_to(repository.top) and ".git" not in path.parts
        if is_inside and change.action in {"created", "updated", "kept"} and path.exists():
            found.append(os.path.relpath(path, here))
    return found


def _folders_above(repository: Repository, project: Project) -> list[Path]:
    top = Path(repository.top).resolve()
    return [one for one in project.root.resolve().parents if one.is_relative_to(top)]

"""What git says of the code of two runs: a summary, or the whole patch."""

from __future__ import annotations

import os

from ledger.contract.code_paths import code_paths
from ledger.contract.json_text import as_text
from ledger.errors import GitError, NoLedgerError
from ledger.reader.text import Grid
from ledger.storage.git import clean_environment, find_repository


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.reader.compare import Comparison
    from ledger.reader.ledger import Ledger, StoredRun
    from ledger.storage.git import Repository

_PLAIN = ("--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")
_MAX_PATHS = 1000
"""Named to one command, whose length is limited."""


def code_patch(
    ledger: Ledger,
    old: StoredRun,
    new: StoredRun | None,
    comparison: Comparison,
    *,
    is_whole: bool,
) -> list[str]:
    """Return the lines of ``git diff`` between the code of two runs; none where git has not both.

    A clean run's code is its commit, a dirty run's its snapshot, as long as it is kept.

    Args:
        ledger: whose runs.
        old: the one side.
        new: the other; None for the working tree, of which git tells the tracked files.
        comparison: of the two; its changed paths are shown, or git's where it tells none.
        is_whole: whether the patch is asked for, not its summary.
    """
    if comparison.is_same_code:
        return []
    try:
        root = os.fspath(ledger.project.root)
        repository = find_repository(root, clean_environment(os.environ))
        trees = [_tree(repository, run) for run in (old, new) if run is not None]
        if None in trees:
            return []
        between = tuple(filter(None, trees))
        paths = _paths(ledger, comparison, repository, between)
        if not paths:
            return []
        form = ("--patch",) if is_whole else ("--stat=100",)
        told = repository.git("diff", *form, *_PLAIN, *between, "--", *paths[:_MAX_PATHS])
    except (GitError, NoLedgerError):
        return []
    lines = told.decode("utf-8", "replace").rstrip("\n").splitlines()
    more = len(paths) - _MAX_PATHS
    return [*lines, f"and {more} more files"] if lines and more > 0 else lines


def patch_sheets(
    ledger: Ledger,
    runs: Sequence[StoredRun],
    comparisons: Sequence[Comparison],
    *,
    is_working: bool = False,
) -> list[Grid]:
    """Return what ``git diff --stat`` says of the first run's code and each other one's.

    Args:
        ledger: whose runs.
        runs: the first is the base.
        comparisons: (n_runs - 1,) of the first with each other one.
        is_working: whether the other one is the working tree.
    """
    sheets = []
    for place, (run, comparison) in enumerate(zip(runs[1:], comparisons, strict=True), 2):
        new = None if is_working else run
        lines = code_patch(ledger, runs[0], new, comparison, is_whole=False)
        between = f", 1 to {place}" if len(runs) > 2 else ""  # noqa: PLR2004  # two need no numbers
        if lines:
            header = (f"git diff --stat{between}",)
            sheets.append(Grid(header=header, rows=tuple((line,) for line in lines)))
    return sheets


def _tree(repository: Repository, run: StoredRun) -> str | None:
    """Return what holds the code of ``run`` exactly, if it is still there."""
    name = "commit" if run.record.is_dirty is False else "snapshot"
    found = as_text(run.record.git.get(name))
    if found is None or repository.ask("cat-file", "-e", f"{found}^{{commit}}").code:
        return None
    return found


def _paths(
    ledger: Ledger, comparison: Comparison, repository: Repository, between: Sequence[str]
) -> Sequence[str]:
    """Return the code that differs: as the manifests say, else the code among what git says."""
    changed = [
        each.key.removeprefix("path:")
        for each in comparison.section("code")
        if each.key.startswith("path:")
    ]
    if changed:
        return changed
    root = os.path.realpath(ledger.project.root)
    below = os.path.relpath(root, os.path.realpath(repository.top)).replace(os.sep, "/")
    settings = ledger.settings
    prefix = "" if below == "." else f"{below}/"
    code = code_paths(prefix, settings.dir, settings.code, settings.require)
    said = repository.git("diff", "--name-only", "-z", *_PLAIN, *between)
    return [path for path in os.fsdecode(said).split("\0") if path and code.is_code(path)]

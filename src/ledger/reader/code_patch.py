"""What git says of the code of two runs: a summary, or the whole patch."""

from __future__ import annotations

import os

from ledger.contract.json_text import as_text
from ledger.errors import GitError, NoLedgerError
from ledger.storage.git import clean_environment, find_repository


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.reader.compare import Comparison
    from ledger.reader.ledger import Ledger, StoredRun
    from ledger.storage.git import Repository

_PLAIN = ("--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")
_MAX_PATHS = 500


def code_patch(
    ledger: Ledger, old: StoredRun, new: StoredRun, comparison: Comparison, *, is_whole: bool
) -> list[str]:
    """Return the lines of ``git diff`` between the code of two runs; none where git has not both.

    A clean run's code is its commit, a dirty run's its snapshot, as long as it is kept.

    Args:
        ledger: whose runs.
        old: the one side.
        new: the other.
        comparison: of the two; its changed paths are shown, all but the ledger where it tells none.
        is_whole: whether the patch is asked for, not its summary.
    """
    try:
        root = os.fspath(ledger.project.root)
        repository = find_repository(root, clean_environment(os.environ))
        trees = [_tree(repository, run) for run in (old, new)]
        if trees[0] is None or trees[1] is None:
            return []
        form = ("--patch",) if is_whole else ("--stat=100",)
        paths = _paths(ledger, comparison, repository)
        told = repository.git("diff", *form, *_PLAIN, trees[0], trees[1], "--", *paths)
    except (GitError, NoLedgerError):
        return []
    return told.decode("utf-8", "replace").rstrip("\n").splitlines()


def _tree(repository: Repository, run: StoredRun) -> str | None:
    """Return what holds the code of ``run`` exactly, if it is still there."""
    name = "commit" if run.record.is_dirty is False else "snapshot"
    found = as_text(run.record.git.get(name))
    if found is None or repository.ask("cat-file", "-e", f"{found}^{{commit}}").code:
        return None
    return found


def _paths(ledger: Ledger, comparison: Comparison, repository: Repository) -> Sequence[str]:
    changed = [
        each.key.removeprefix("path:")
        for each in comparison.section("code")
        if each.key.startswith("path:")
    ]
    if changed and len(changed) <= _MAX_PATHS:
        return changed
    below = os.path.relpath(os.path.realpath(ledger.project.ledger_dir), repository.top)
    return () if below.startswith("..") else (".", f":(exclude){below}")

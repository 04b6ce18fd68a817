"""Commits below the one that is being made: code is as safe in them as in that one."""

from __future__ import annotations

import os

from ledger.policy.rebuild import is_object_id
from ledger.storage.tree import RevisionTree, fits_command_line


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.storage.git import Repository

_MOST_COMMITS = 500


def earlier_trees(
    repository: Repository, since: str | None, paths: Sequence[str]
) -> Iterator[RevisionTree]:
    """Yield a tree for every commit of HEAD since ``since`` that changed ``paths``, newest first.

    Args:
        repository: whose HEAD it is.
        since: the commit a run began from; None, or one that is not here, for all of the history.
        paths: what the trees are complete at, relative to the top.
    """
    limit = [f"^{since}"] if since is not None and is_here(repository, since) else []
    only = paths if fits_command_line(paths) else ()  # else every commit is looked at
    listed = repository.ask(
        *("rev-list", "--full-history", f"--max-count={_MOST_COMMITS}", "HEAD", *limit, "--", *only)
    )
    if listed.code == 0:
        for commit in listed.stdout.decode("ascii").split():
            yield RevisionTree(repository, commit, paths=paths)


def commits_that_add(repository: Repository, folder: str) -> dict[str, str]:
    """Return {path: the commit of HEAD's history that added it first} of files in ``folder``."""
    how = ("--no-renames", "--diff-filter=A", "--name-only", "-z", "--format=%x01%H")
    plain = ("--no-show-signature", "--no-follow")  # whatever the user's settings say
    said = repository.ask("log", "--full-history", *how, *plain, "HEAD", "--", folder)
    found: dict[str, str] = {}
    for part in said.stdout.split(b"\1")[1:]:
        commit, *names = part.split(b"\0")
        paths = (os.fsdecode(name.removeprefix(b"\n")) for name in names)
        found |= dict.fromkeys(filter(None, paths), commit.decode("ascii").strip())
    return found


def is_here(repository: Repository, commit: str) -> bool:
    """Whether this clone holds the commit with the id ``commit``."""
    known = is_object_id(commit)
    return known and repository.ask("cat-file", "-e", f"{commit}^{{commit}}").code == 0


def is_squash(repository: Repository) -> bool:
    """Whether the commit that is being made squashes a branch, whose commits it does not hold."""
    return os.path.exists(os.path.join(repository.git_dir, "SQUASH_MSG"))

"""What git would refuse to check out over a file that is in its place: stashes, other branches."""

from __future__ import annotations

import os


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.storage.git import Repository

_MARK = "*"


def holder_of(repository: Repository, path: str) -> str | None:
    """Return the stash or local branch, other than the one checked out, that holds ``path``.

    While it does, an untracked file there makes ``git stash pop`` and ``git checkout`` refuse,
    whatever it holds.

    Args:
        repository: where to look.
        path: file or folder, relative to the top.

    Raises:
        GitError: git could not say.
    """
    stashes = os.fsdecode(repository.ask("rev-list", "-g", "refs/stash", "--").stdout).split()
    places = {f"stash@{{{n}}}": f"{commit}^3" for n, commit in enumerate(stashes)}
    listed = repository.git("for-each-ref", "--format=%(HEAD)%(refname)", "refs/heads/")
    for line in os.fsdecode(listed).splitlines():
        if not line.startswith(_MARK):
            name = line.strip()
            places[name.removeprefix("refs/heads/")] = name
    asked = "".join(f"{place}:{path}\n" for place in places.values())
    said = repository.git("cat-file", "--batch-check", stdin=os.fsencode(asked))
    answers = os.fsdecode(said).splitlines()
    held = (n for n, answer in zip(places, answers, strict=True) if not answer.endswith("missing"))
    return next(held, None)

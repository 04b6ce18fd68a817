"""The repository a hook runs in, told by git's own variables instead of another git process."""

from __future__ import annotations

import os

from ledger.storage.git import Repository, find_repository, hook_environment


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_DOT_GIT = ".git"
_POINTER = "gitdir: "


def repository_of_hook(folder: str, environ: Mapping[str, str]) -> Repository:
    """Return the repository whose hook runs in ``folder``.

    Git runs hooks at the top of the working tree and names its directory where it is not ``.git``.

    Raises:
        LedgerError: there is no repository.
    """
    env = hook_environment(environ)
    git_dir = environ.get("GIT_DIR") or _pointed_at(os.path.join(folder, _DOT_GIT))
    if git_dir is None or "GIT_WORK_TREE" in environ:
        return find_repository(folder, env)
    git_dir = os.path.normpath(os.path.join(folder, git_dir))
    common = _first_line(os.path.join(git_dir, "commondir"))
    return Repository(
        top=folder,
        git_dir=git_dir,
        common_dir=os.path.normpath(os.path.join(git_dir, common or ".")),
        object_format="",  # nobody asks: contents are compared by the ids git gives
        env=env,
    )


def _pointed_at(path: str) -> str | None:
    """Return the git directory that ``path`` is or, in worktrees and submodules, points at."""
    if os.path.isdir(path):
        return path
    line = _first_line(path)
    return line.removeprefix(_POINTER) if line and line.startswith(_POINTER) else None


def _first_line(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.readline().rstrip("\n")
    except OSError:
        return None

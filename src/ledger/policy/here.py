"""The repository a hook runs in, told by git's own variables instead of another git process."""

from __future__ import annotations

import os

from ledger.storage.git import (
    Repository,
    common_dir_of,
    find_repository,
    hook_environment,
    pointed_at,
)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def repository_of_hook(folder: str, environ: Mapping[str, str]) -> Repository:
    """Return the repository whose hook runs in ``folder``.

    Git runs hooks at the top of the working tree and names its directory where it is not ``.git``.

    Raises:
        LedgerError: there is no repository.
    """
    env = hook_environment(environ)
    git_dir = environ.get("GIT_DIR") or pointed_at(os.path.join(folder, ".git"))
    if git_dir is None or "GIT_WORK_TREE" in environ:
        return find_repository(folder, env)
    git_dir = os.path.normpath(os.path.join(folder, git_dir))
    return Repository(
        top=folder,
        git_dir=git_dir,
        common_dir=common_dir_of(git_dir),
        object_format="",  # nobody asks: contents are compared by the ids git gives
        env=env,
    )

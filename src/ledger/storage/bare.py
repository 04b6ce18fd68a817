"""Repositories that are only read: they need no files, and nothing is fetched for them."""

from __future__ import annotations

import os

from ledger.storage.git import (
    Repository,
    clean_environment,
    failure,
    find_repository,
    run_git,
)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_OFFLINE = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
_KEPT = (
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
)
_DOT_GIT = ".git"
_PLACES = ("--git-dir", "--git-common-dir", "--show-object-format")


def find_objects(folder: str, env: Mapping[str, str]) -> Repository:
    """Return the repository around ``folder`` for reading what is committed; it may be bare.

    Its commands fetch nothing: what a partial clone lacks stays away.

    Raises:
        NoLedgerError: no repository, or git is not installed.
        GitError: git refuses it (for instance: not the owner).
    """
    offline = {**env, **_OFFLINE}
    if find_bare(folder) is None:
        return find_repository(folder, offline)
    return _read_only(folder, offline)


def _read_only(folder: str, env: Mapping[str, str]) -> Repository:
    output = run_git(("rev-parse", "--path-format=absolute", *_PLACES), cwd=folder, env=env)
    if output.code:
        raise failure(("rev-parse",), output)
    git_dir, common_dir, object_format = os.fsdecode(output.stdout).rstrip("\n").split("\n")
    return Repository(
        top=git_dir,
        git_dir=git_dir,
        common_dir=common_dir,
        object_format=object_format,
        env=env,
        is_bare=True,
    )


def find_receiving(folder: str, environ: Mapping[str, str]) -> Repository:
    """Return the repository that a push is coming into, whose hook runs in ``folder``.

    Until the hook accepts them, new objects are in quarantine, where git's own variables point.

    Raises:
        GitError: it is no git directory, or git refuses it.
    """
    git_dir = os.path.abspath(os.path.join(folder, environ.get("GIT_DIR", ".")))
    kept = {name: environ[name] for name in _KEPT if name in environ}
    env = {**clean_environment(environ), **_OFFLINE, **kept, "GIT_DIR": git_dir}
    return _read_only(git_dir, env)


def find_bare(folder: str) -> str | None:
    """Return the bare repository that ``folder`` lies in, None where a working tree is nearer.

    Without asking git: a folder with what a git directory holds, which is not called ``.git``.
    """
    here = os.path.realpath(folder)
    while not os.path.lexists(os.path.join(here, _DOT_GIT)):
        if _is_git_dir(here):
            return None if os.path.basename(here) == _DOT_GIT else here
        above = os.path.dirname(here)
        if above == here:
            return None
        here = above
    return None


def is_partial(repository: Repository) -> bool:
    """Whether git left contents away when it cloned this repository."""
    try:
        names = os.listdir(os.path.join(repository.common_dir, "objects", "pack"))
    except OSError:
        return False
    return any(name.endswith(".promisor") for name in names)


def is_shallow(repository: Repository) -> bool:
    """Whether this repository lacks the older part of its history."""
    return os.path.exists(os.path.join(repository.common_dir, "shallow"))


def _is_git_dir(folder: str) -> bool:
    has = all(os.path.isdir(os.path.join(folder, name)) for name in ("objects", "refs"))
    return has and os.path.lexists(os.path.join(folder, "HEAD"))

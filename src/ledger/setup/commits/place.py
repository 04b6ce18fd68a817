"""Where ``git commit`` runs for a run: here with a private index, or in a checkout of its own.

Tools that hold back unstaged changes while hooks run (the pre-commit framework, lint-staged,
lefthook) write older versions into the working tree for that time. A training that is running reads
and writes there, so such hooks get a checkout of exactly what is committed (decision 0013).
"""

from __future__ import annotations

import os
import shutil

from ledger.errors import LedgerError
from ledger.setup.commits.index import read_head
from ledger.storage.git import failure, run_git
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from ledger.setup.commits.index import Head, PrivateIndex
    from ledger.storage.git import Output, Repository

    class Place(Protocol):
        """Where commits are made."""

        def commit(self, tree: str, onto: Head, message: bytes, *, skips_hooks: bool) -> Made:
            """Commit ``tree``, which the private index holds, on top of ``onto``."""
            ...

        def close(self) -> None:
            """Leave nothing behind."""
            ...


_HOLDING_BACK = (b"pre-commit.com", b"pre_commit", b"lint-staged", b"lefthook", b"git stash")
_FRAMEWORK_CONFIG = ".pre-commit-config.yaml"


@value
class Made:
    """What became of an attempt to commit."""

    commit: str | None
    """None: nothing was committed, and ``said`` tells why."""
    said: str


class HeadMovedError(LedgerError):
    """Somebody else committed while we did; what we made on top of it was taken back."""


def open_place(repository: Repository, index: PrivateIndex, environ: Mapping[str, str]) -> Place:
    """Return where to commit.

    Args:
        repository: the user's.
        index: holds what is to be committed.
        environ: the user's, as ``user_environment`` returns it.
    """
    hooks = _hooks_folder(repository)
    if _holds_changes_back(hooks):
        return Checkout(repository, environ, hooks)
    return InPlace(repository, index, environ)


class InPlace:
    """Commits in the user's working tree, by the private index; no file is written."""

    def __init__(
        self, repository: Repository, index: PrivateIndex, environ: Mapping[str, str]
    ) -> None:
        self._repository = repository
        self._env = {**environ, "GIT_INDEX_FILE": index.path}

    def commit(self, tree: str, onto: Head, message: bytes, *, skips_hooks: bool) -> Made:
        """Commit ``tree``, which the private index holds, on top of ``onto``."""
        done = _git_commit(self._repository.top, self._env, message, skips_hooks=skips_hooks)
        return _judge(self._repository, onto, tree, done)

    def close(self) -> None:
        """Do nothing: nothing was made."""


class Checkout:
    """Commits in a linked worktree of its own, whose HEAD is the user's branch."""

    def __init__(self, repository: Repository, environ: Mapping[str, str], hooks: str) -> None:
        self._repository = repository
        self._top = os.path.join(repository.private_dir, f"commit-{os.getpid()}")
        self._env = _with_hooks(environ, hooks)
        branch = repository.ask("symbolic-ref", "--quiet", "HEAD").stdout.decode().strip()
        self._branch = branch or None
        start = read_head(repository).commit or _empty_commit(repository)
        try:
            repository.git("worktree", "add", "--detach", "--no-checkout", self._top, start)
            if branch:
                self._git("symbolic-ref", "HEAD", branch)
        except BaseException:
            self.close()
            raise

    def commit(self, tree: str, onto: Head, message: bytes, *, skips_hooks: bool) -> Made:
        """Check ``tree`` out and commit it on top of ``onto``."""
        self._git("read-tree", "--reset", "-u", tree)
        self._lend_config()
        done = _git_commit(self._top, self._env, message, skips_hooks=skips_hooks)
        if self._branch is None and done.code == 0:
            made = self._git("rev-parse", "HEAD")
            self._repository.git("update-ref", "--no-deref", "HEAD", made, onto.commit or "")
        return _judge(self._repository, onto, tree, done)

    def close(self) -> None:
        """Remove the worktree."""
        if os.path.exists(self._top):
            self._repository.ask("worktree", "remove", "--force", self._top)
            shutil.rmtree(self._top, ignore_errors=True)

    def _git(self, *arguments: str) -> str:
        output = run_git(arguments, cwd=self._top, env=self._repository.env)
        if output.code:
            raise failure(arguments, output)
        return output.stdout.decode("ascii").strip()

    def _lend_config(self) -> None:
        """Show the framework its config where git does not track it."""
        source = os.path.join(self._repository.top, _FRAMEWORK_CONFIG)
        target = os.path.join(self._top, _FRAMEWORK_CONFIG)
        if os.path.isfile(source) and not os.path.lexists(target):
            shutil.copyfile(source, target)


def _git_commit(top: str, env: Mapping[str, str], message: bytes, *, skips_hooks: bool) -> Output:
    options = ["--quiet", "--cleanup=whitespace", "--file=-"]
    if skips_hooks:
        options.append("--no-verify")
    return run_git(("commit", *options), cwd=top, env=env, stdin=message)


def _judge(repository: Repository, onto: Head, tree: str, done: Output) -> Made:
    """Return what git made; what does not hold ``tree`` on top of ``onto`` is taken back.

    git itself sees a HEAD that moves while it commits. One that moved before that is seen here, and
    one that moved after it by the next commit.
    """
    said = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
    if done.code:
        return Made(commit=None, said=said or f"git commit ended with {done.code}")
    wanted = [onto.commit] if onto.commit else []
    commit, made_tree, *parents = _facts(repository, "HEAD")
    if parents == wanted and made_tree == tree:
        return Made(commit=commit, said=said)
    if parents == wanted:
        _take_back(repository, commit, parents)
        why = (
            "a commit hook changed the files of the commit, so it no longer held what the run used"
        )
        return Made(commit=None, said=f"{why}; it was taken back (--no-verify leaves hooks out)")
    below, below_tree, *below_parents = _facts(repository, parents[0]) if parents else ("", "")
    if below_parents == wanted and below_tree == tree:
        return Made(commit=below, said=said)  # somebody has committed on top of it since
    if made_tree == tree:
        _take_back(repository, commit, parents)
    message = "HEAD moved while the runs were being committed"
    raise HeadMovedError(message, hint="run `ledger commit` again", path=repository.top)


def _facts(repository: Repository, commit: str) -> list[str]:
    """Return the id of ``commit``, its tree, and its parents."""
    said = repository.git("rev-parse", commit, f"{commit}^{{tree}}", f"{commit}^@")
    return said.decode("ascii").split()


def _take_back(repository: Repository, commit: str, parents: list[str]) -> None:
    if parents:
        repository.git("update-ref", "-m", "ledger commit: taken back", "HEAD", parents[0], commit)
    else:
        repository.git("update-ref", "-d", "HEAD", commit)


def _empty_commit(repository: Repository) -> str:
    """Return a commit that holds nothing, to make a worktree from before there is another."""
    tree = repository.git("hash-object", "-t", "tree", "-w", "--stdin").decode("ascii").strip()
    names = {f"GIT_{who}_NAME": "ledger" for who in ("AUTHOR", "COMMITTER")}
    mails = {f"GIT_{who}_EMAIL": "ledger@localhost" for who in ("AUTHOR", "COMMITTER")}
    made = repository.git("commit-tree", tree, "-m", "nothing", env=names | mails)
    return made.decode("ascii").strip()


def _hooks_folder(repository: Repository) -> str:
    told = os.fsdecode(repository.git("rev-parse", "--git-path", "hooks")).rstrip("\n")
    return os.path.normpath(os.path.join(repository.top, told))


def _holds_changes_back(hooks: str) -> bool:
    """Whether the commit hook is of a tool that takes unstaged changes out of the working tree."""
    above = os.path.dirname(hooks)  # where husky keeps what its own hooks start
    names = ("pre-commit", "pre-commit.before-ledger")
    paths = [os.path.join(hooks, name) for name in names] + [os.path.join(above, "pre-commit")]
    return any(word in _start_of(path) for path in paths for word in _HOLDING_BACK)


def _start_of(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(1 << 16)
    except OSError:
        return b""


def _with_hooks(environ: Mapping[str, str], hooks: str) -> dict[str, str]:
    """Return ``environ`` in which git finds the user's hooks, wherever it runs."""
    count = int(environ.get("GIT_CONFIG_COUNT") or 0)
    return {
        **environ,
        "GIT_CONFIG_COUNT": str(count + 1),
        f"GIT_CONFIG_KEY_{count}": "core.hooksPath",
        f"GIT_CONFIG_VALUE_{count}": hooks,
    }

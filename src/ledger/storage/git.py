"""Every git command we run goes through here: list arguments, a chosen environment, bytes.

``posix_spawn`` instead of ``subprocess``: importing the latter costs a commit hook three quarters
of an interpreter start, and a training process must not be forked for a question about git.
"""

from __future__ import annotations

import errno
import os
import select

from ledger.errors import GitError, NoLedgerError
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Variables that say how git is run rather than which repository it is run on.
_KEPT = (
    "GIT_EXEC_PATH",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSL_CAINFO",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_COUNT",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_TRACE2_EVENT",
)
_KEPT_PREFIXES = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_")
# `git rev-parse --local-env-vars`, without the configuration given by -c, and how paths are read.
_POINTING = frozenset({
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_QUARANTINE_PATH", "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE", "GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
})  # fmt: skip
_QUIET = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
_DOT_GIT = ".git"
_POINTER = "gitdir: "
PATTERNS = "--glob-pathspecs"
"""First argument of a git command whose paths are patterns, as in ``**/run.json``."""
_CHUNK = 1 << 16
_FATAL = 128


@value
class Output:
    """What a git command said."""

    code: int
    stdout: bytes
    stderr: bytes


@value
class Repository:
    """A working tree and where its git directory is; paths are absolute."""

    top: str
    """Of the working tree; the git directory itself where ``is_bare``."""
    git_dir: str
    """Of this worktree."""
    common_dir: str
    """Shared by all worktrees."""
    object_format: str
    env: Mapping[str, str]
    """Environment of every command run on this repository."""
    is_bare: bool = False
    """Whether it has no files; only ``storage.bare`` returns such a one."""

    def git(
        self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> bytes:
        """Return the standard output of ``git <arguments>`` run at the top of the working tree.

        Raises:
            GitError: git exited with another code than 0.
        """
        output = self.ask(*arguments, stdin=stdin, env=env)
        if output.code:
            raise failure(arguments, output)
        return output.stdout

    def ask(
        self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> Output:
        """Return what ``git <arguments>`` said, whatever its exit code."""
        return run_git(arguments, cwd=self.top, env={**self.env, **(env or {})}, stdin=stdin)

    @property
    def private_dir(self) -> str:
        """Our own folder in the git directory: never tracked, shared by all worktrees."""
        return os.path.join(self.common_dir, "ledger")


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return ``environ`` without variables that would point git at another repository."""
    kept = {
        key: item
        for key, item in environ.items()
        if not key.startswith("GIT_") or key in _KEPT or key.startswith(_KEPT_PREFIXES)
    }
    return kept | _QUIET


def user_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return ``environ`` for a command that is the user's own: identity, editor, language kept.

    Only what would point git at another repository or index is left out.
    """
    return {key: item for key, item in environ.items() if key not in _POINTING}


def hook_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return ``environ`` as git gave it to a hook: its index is the one to judge."""
    return {**environ, **_QUIET}


def find_places(folder: str) -> tuple[str, str, str] | None:
    """Return (top, git dir, common dir) of the working tree around ``folder``, without asking git.

    For readers that only look into our own part of the git directory. None where there is none.
    """
    top = os.path.realpath(folder)
    while not os.path.lexists(os.path.join(top, _DOT_GIT)):
        above = os.path.dirname(top)
        if above == top:
            return None
        top = above
    git_dir = pointed_at(os.path.join(top, _DOT_GIT))
    if git_dir is None:
        return None
    git_dir = os.path.normpath(os.path.join(top, git_dir))
    return top, git_dir, common_dir_of(git_dir)


def common_dir_of(git_dir: str) -> str:
    """Return the git directory that ``git_dir``, of one worktree, shares with the others."""
    return os.path.normpath(os.path.join(git_dir, _first_line(git_dir, "commondir") or "."))


def pointed_at(path: str) -> str | None:
    """Return the git directory that ``path`` is or, in worktrees and submodules, points at."""
    if os.path.isdir(path):
        return path
    line = _first_line(*os.path.split(path))
    return line.removeprefix(_POINTER) if line and line.startswith(_POINTER) else None


def find_repository(folder: str, env: Mapping[str, str]) -> Repository:
    """Return the repository that ``folder`` lies in.

    Raises:
        NoLedgerError: no repository, or git is not installed.
        GitError: git refuses it (for instance: not the owner).
    """
    places = ("--show-toplevel", "--git-dir", "--git-common-dir")
    wanted = ("rev-parse", "--path-format=absolute", *places, "--show-object-format")
    output = run_git(wanted, cwd=folder, env=env)
    if output.code:
        said = output.stderr
        if b"must be run in a work tree" in said:
            message = "a git repository without files (bare, or the inside of .git)"
            raise NoLedgerError(message, hint="go to a clone that has files", path=folder)
        if b"not a git repository" in said:
            message = "not a git repository"
            raise NoLedgerError(message, hint="run `git init` first", path=folder)
        raise failure(("rev-parse",), output)
    top, git_dir, common_dir, object_format = os.fsdecode(output.stdout).rstrip("\n").split("\n")
    return Repository(
        top=top,
        git_dir=git_dir,
        common_dir=common_dir,
        object_format=object_format,
        env=env,
    )


def run_git(
    arguments: Sequence[str], *, cwd: str, env: Mapping[str, str], stdin: bytes = b""
) -> Output:
    """Return what ``git -C cwd <arguments>`` said.

    Raises:
        NoLedgerError: git is not installed.
    """
    # a path is a name, never a pattern, unless the command begins by saying so; check-ignore takes
    # nothing else, and refuses to be told so; the hooks of a commit would inherit it, and they are
    # the user's
    is_apart = arguments[0] in {"check-ignore", "commit", PATTERNS}
    literal = () if is_apart else ("--literal-pathspecs",)
    argv = ["git", *literal, "-C", cwd, *arguments]
    try:
        return _spawn(argv, env, stdin)
    except FileNotFoundError as error:
        message = "git is not installed or not on PATH"
        raise NoLedgerError(message, hint="install git 2.31 or newer") from error
    except (ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.E2BIG:
            raise
        message = f"git {arguments[0]} cannot be asked: a name is too long, or holds a NUL byte"
        raise GitError(
            message, hint="look for what names no file in records and settings"
        ) from error


def failure(arguments: Iterable[str], output: Output) -> GitError:
    """Return the error for a git command that failed, with git's own first complaint."""
    said = output.stderr.decode("utf-8", "replace").strip().splitlines()
    shown = " ".join(arguments)
    message = f"git {shown[:80]} failed: {said[0] if said else f'exit code {output.code}'}"
    return GitError(message, hint="run the command yourself to see why")


def split_z(data: bytes) -> list[str]:
    """Return the entries of a NUL-terminated list; names that are not UTF-8 keep their bytes."""
    return [os.fsdecode(entry) for entry in data.split(b"\0") if entry]


def join_z(entries: Iterable[str]) -> bytes:
    """Return ``entries`` as a NUL-terminated list."""
    return b"".join(os.fsencode(entry) + b"\0" for entry in entries)


def _first_line(folder: str, name: str) -> str | None:
    try:
        with open(os.path.join(folder, name), encoding="utf-8", errors="surrogateescape") as file:
            return file.readline().rstrip("\n")
    except OSError:
        return None


def _spawn(argv: list[str], env: Mapping[str, str], stdin: bytes) -> Output:
    if not hasattr(os, "posix_spawn"):
        return _spawn_on_windows(argv, env, stdin)
    in_read, in_write = os.pipe()
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    ends = (in_read, out_write, err_write)
    actions = [(os.POSIX_SPAWN_DUP2, end, number) for number, end in enumerate(ends)]
    try:
        pid = os.posix_spawnp(argv[0], argv, env, file_actions=actions)
    except OSError:
        for end in (in_write, out_read, err_read):
            os.close(end)
        raise
    finally:
        for end in ends:
            os.close(end)
    try:
        stdout, stderr = _converse(in_write, out_read, err_read, stdin)
    finally:
        code = _wait(pid)
    if code is None:
        code = _FATAL if stderr.startswith((b"fatal:", b"error:")) else 0
    return Output(code=code, stdout=stdout, stderr=stderr)


def _converse(in_write: int, out_read: int, err_read: int, stdin: bytes) -> tuple[bytes, bytes]:
    """Feed ``stdin`` and drain both outputs together: none of the three can block another."""
    os.set_blocking(in_write, False)
    heard: dict[int, list[bytes]] = {out_read: [], err_read: []}
    poll = select.poll()
    for end in heard:
        poll.register(end, select.POLLIN)
    poll.register(in_write, select.POLLOUT)
    waiting, unsent = {out_read, err_read, in_write}, memoryview(stdin)
    try:
        while waiting:
            for end, _ in poll.poll():
                if end == in_write:
                    unsent = unsent[_send(end, unsent) :]
                    is_done = not unsent
                else:
                    heard[end].append(os.read(end, _CHUNK))
                    is_done = not heard[end][-1]
                if is_done:
                    poll.unregister(end)
                    waiting.discard(end)
                    os.close(end)
    finally:
        for end in waiting:
            os.close(end)
    return b"".join(heard[out_read]), b"".join(heard[err_read])


def _send(end: int, unsent: memoryview) -> int:
    try:
        return os.write(end, unsent[:_CHUNK])
    except BlockingIOError:
        return 0
    except BrokenPipeError:  # git stopped reading; its exit code tells why
        return len(unsent)


def _wait(pid: int) -> int | None:
    """Return the exit code, None where the program ignores SIGCHLD and the kernel reaped git."""
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except ChildProcessError:
        return None


def _spawn_on_windows(argv: list[str], env: Mapping[str, str], stdin: bytes) -> Output:
    import subprocess  # noqa: PLC0415  # see the module's first lines

    done = subprocess.run(argv, env=dict(env), input=stdin, capture_output=True, check=False)
    return Output(code=done.returncode, stdout=done.stdout, stderr=done.stderr)

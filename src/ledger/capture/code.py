"""Which code runs: what is known at the start on the caller's thread, and what follows from it.

``observe`` asks git once and reads small changed files; ``settle`` turns that into content ids, a
manifest, a snapshot and a patch on another thread. Edits made in between do not count, because
everything that was unchanged at the start is taken from the commit, not from the disk.
"""

from __future__ import annotations

import os
import stat
import time

from ledger.capture.git_status import read_status
from ledger.capture.loaded import find_untracked, inside
from ledger.contract.code_paths import code_paths
from ledger.settings import OWN_FILE
from ledger.storage.git import clean_environment, find_repository, split_z
from ledger.storage.tree import EXECUTABLE, REGULAR, SUBMODULE, SYMLINK
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ledger.capture.git_status import Status, Tracked
    from ledger.capture.loaded import Untracked
    from ledger.capture.memory import LoadedMemory, Recalled
    from ledger.contract.code_paths import CodePaths
    from ledger.project import Project
    from ledger.storage.git import Repository

MAX_READ_AT_START = 1024 * 1024
MAX_FILE_BYTES = 10 * 1024 * 1024
"""Larger files are not read into memory, and kept in neither patch nor snapshot."""
# How continuous integration names the branch it checked out as a detached commit.
_BRANCH_VARIABLES = ("GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "BRANCH_NAME")


@value
class Change:
    """A code path that differed from the commit at the start."""

    path: str
    """Relative to the repository root."""
    status: str
    """M, A, D, T as git writes them, S for changes inside a submodule, ? untracked."""
    mode: str
    """Git's file mode in the working tree."""
    is_loaded: bool
    content: bytes | None
    """What the file held at the start; None when deleted or over the limit."""
    stamp: tuple[int, int] | None
    """(mtime in ns, bytes) of the file when it was looked at; None for links and what is gone."""
    oid: str | None = None
    """Id of the content where git holds it already; ``content`` is then None."""
    is_raced: bool = False
    """Whether the process may have loaded another content than this one."""

    @property
    def is_large(self) -> bool:
        """Whether the file is over MAX_FILE_BYTES."""
        return self.stamp is not None and self.stamp[1] > MAX_FILE_BYTES


@value
class CodeState:
    """The repository at the start of a run."""

    repository: Repository
    project_root: str
    paths: CodePaths
    """Of the project, by name; what pipelines write is not taken out yet."""
    commit: str | None
    """None before the first commit."""
    branch: str | None
    upstream: str | None
    changes: tuple[Change, ...]
    loaded: frozenset[str]
    """Absolute paths of the files the process had loaded."""
    left_out: tuple[str, ...]
    """Loaded code paths that git ignores, or that belong to a repository inside this one."""
    stale: tuple[str, ...]
    """Code paths that are no longer what the process had loaded."""
    strange_script: str | None
    """The program's file where it is no file of this repository."""
    seen_ns: int
    """When the files were looked at, ns since the epoch."""

    @property
    def prefix(self) -> str:
        """Of the project in the repository: "" or "sub/dir/"."""
        return self.paths.prefix


def observe(  # noqa: PLR0913  # what a process knows of itself is this much
    project: Project,
    environ: Mapping[str, str],
    loaded: Iterable[str],
    *,
    is_known: bool = True,
    script: str | None = None,
    stale: Iterable[str] = (),
    memory: LoadedMemory | None = None,
) -> CodeState:
    """Return the state of the code of ``project`` right now.

    Args:
        project: whose code runs.
        environ: environment to run git in; variables naming another repository are dropped.
        loaded: absolute paths of the files the process has loaded: modules, script, config.
        is_known: whether these are all; in a notebook or an interactive session nobody can tell,
            and every untracked code path counts as loaded.
        script: the program's own file; None where it has none, or belongs to an installed tool.
        stale: absolute paths of files that are no longer what was loaded from them.
        memory: what earlier runs of the process saw of these; what this one sees is added.

    Raises:
        NoLedgerError: the project lies in no git repository.
        GitError: git refuses to answer.
    """
    root = os.path.realpath(project.root)
    repository = find_repository(root, clean_environment(environ))
    top = os.path.realpath(repository.top)
    settings = project.settings
    paths = code_paths(_below(root, top), settings.dir, settings.code, settings.require)
    seen_ns = time.time_ns()
    status = read_status(repository, paths.prefix)
    in_use = frozenset(loaded)
    untracked, found = _untracked(repository, status, in_use, paths, is_known=is_known)
    if not is_known:
        in_use |= {os.path.join(top, path) for path in found}
    modes = modes_of(repository, top, found)
    changed = _changed(_dirty(status, paths, untracked), modes)
    changes = {change.path: change for change in read_changes(top, changed, in_use)}
    old = inside(repository, map(os.path.realpath, stale), paths.is_code)
    recalled = memory.recall(repository, old) if memory and old else {}
    changes |= {path: _as_loaded(path, seen, changes) for path, seen in recalled.items()}
    state = CodeState(
        repository=repository,
        project_root=root,
        paths=paths,
        commit=status.commit,
        branch=_branch_from(environ) if status.is_detached else status.branch,
        upstream=status.upstream,
        changes=tuple(changes.values()),
        loaded=in_use,
        left_out=untracked.left_out,
        stale=tuple(path for path in old if path not in recalled),
        strange_script=script if script and not _is_inside(script, top) else None,
        seen_ns=seen_ns,
    )
    if memory is not None:
        memory.remember(state)
    return state


def _changed(
    dirty: Iterable[tuple[str, str, str]], untracked: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Return what differs: ``dirty`` tracked paths, and ``untracked`` ones with their modes.

    What was taken out of the index but is still there and in use is untracked, whatever HEAD holds.
    """
    tracked = [entry for entry in dirty if entry[0] not in untracked]
    return tracked + [(path, "?", mode) for path, mode in untracked.items()]


def _as_loaded(path: str, seen: Recalled, changes: Mapping[str, Change]) -> Change:
    """Return the change that a file is which was loaded as ``seen``, whatever the disk holds."""
    known = changes.get(path)
    return Change(
        path=path,
        status=known.status if known is not None and known.status != "D" else "M",
        mode=seen.mode,
        is_loaded=True,
        content=seen.content,
        stamp=None,
        oid=seen.oid,
    )


def _below(folder: str, top: str) -> str:
    relative = os.path.relpath(folder, top).replace(os.sep, "/")
    return "" if relative == "." else f"{relative}/"


def _is_inside(path: str, top: str) -> bool:
    return os.path.realpath(path).startswith(top + os.sep)


def _untracked(
    repository: Repository,
    status: Status,
    loaded: frozenset[str],
    paths: CodePaths,
    *,
    is_known: bool,
) -> tuple[Untracked, list[str]]:
    """Return what runs untracked, and which of it counts as dirt."""
    candidates = inside(repository, loaded, paths.is_code)
    candidates = [path for path in candidates if path not in status.unmerged]
    untracked = find_untracked(repository, candidates, status.intended)
    if is_known:
        return untracked, list(untracked.paths)
    limit = ("--", paths.prefix) if paths.prefix else ()
    others = repository.git("ls-files", "-z", "--others", "--exclude-standard", *limit)
    every = {*split_z(others), *status.intended, *untracked.paths}
    every.discard(f"{paths.prefix}{OWN_FILE}")  # ours: no training loads it
    return untracked, sorted(path for path in every if paths.is_code(path))


def _dirty(status: Status, paths: CodePaths, untracked: Untracked) -> list[tuple[str, str, str]]:
    """Return (path, status letter, mode) of the tracked code paths that differ from HEAD."""
    found: list[tuple[str, str, str]] = []
    for entry in status.tracked:
        if not paths.lists(entry.path, SUBMODULE if entry.submodule else entry.mode):
            continue
        letter = _letter(entry, untracked.submodules)
        if letter:
            found.append((entry.path, letter, entry.mode))
    known = {path for path, *_ in found}
    inner = [path for path in untracked.submodules if path not in known]
    return found + [(path, "S", SUBMODULE) for path in inner if paths.lists(path, SUBMODULE)]


def _letter(entry: Tracked, submodules: Sequence[str]) -> str | None:
    """Return how ``entry`` differs, None for a submodule that holds nothing but scratch files."""
    if entry.submodule and (entry.submodule[2] == "M" or entry.path in submodules):
        return "S"
    is_scratch = entry.submodule == "S..U" and entry.xy[0] == "."
    if is_scratch:
        return None
    return entry.xy[1] if entry.xy[1] != "." else entry.xy[0]


def read_changes(
    top: str, changed: Iterable[tuple[str, str, str]], loaded: frozenset[str]
) -> tuple[Change, ...]:
    """Return the changes (path, status, mode) with what small files hold right now."""
    left = MAX_READ_AT_START
    changes: list[Change] = []
    for path, status, mode in changed:
        full = os.path.join(top, path)
        is_file = status != "D" and mode != SUBMODULE
        content, stamp = _read_within(full, mode, left) if is_file else (None, None)
        left -= len(content or b"")
        is_there = content is not None or stamp is not None or mode == SUBMODULE
        changes.append(
            Change(
                path=path,
                status=status if is_there else "D",
                mode=mode,
                is_loaded=full in loaded or os.path.realpath(full) in loaded,
                content=content,
                stamp=stamp,
            )
        )
    return tuple(changes)


def _read_within(path: str, mode: str, limit: int) -> tuple[bytes | None, tuple[int, int] | None]:
    """Return the content when it fits ``limit``, and the stamp; neither when the file is gone."""
    try:
        if mode == SYMLINK:
            return os.fsencode(os.readlink(path)), None
        facts = os.stat(path)
        stamp = (facts.st_mtime_ns, facts.st_size)
        if facts.st_size > limit or not stat.S_ISREG(facts.st_mode):
            return None, stamp
        with open(path, "rb") as file:
            return file.read(), stamp
    except OSError:
        return None, None


def modes_of(repository: Repository, top: str, paths: Iterable[str]) -> dict[str, str]:
    """Return the mode that ``git add`` would give each of the untracked ``paths``."""
    modes = {path: _file_mode(top, path) for path in paths}
    if EXECUTABLE in modes.values():
        asked = repository.ask("config", "--type=bool", "--get", "core.fileMode")
        if asked.stdout.strip() == b"false":
            return {path: REGULAR if mode == EXECUTABLE else mode for path, mode in modes.items()}
    return modes


def _file_mode(top: str, path: str) -> str:
    full = os.path.join(top, path)
    if os.path.islink(full):
        return SYMLINK
    try:
        return EXECUTABLE if os.stat(full).st_mode & stat.S_IXUSR else REGULAR
    except OSError:
        return REGULAR  # it vanished just now, and is told as deleted


def _branch_from(environ: Mapping[str, str]) -> str | None:
    return next((environ[name] for name in _BRANCH_VARIABLES if environ.get(name)), None)

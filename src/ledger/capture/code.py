"""Which code runs: what is known at the start on the caller's thread, and what follows from it.

``observe`` asks git once and reads small changed files; ``settle`` turns that into content ids, a
manifest, a snapshot and a patch on another thread. Edits made in between do not count, because
everything that was unchanged at the start is taken from the commit, not from the disk.
"""

from __future__ import annotations

import os
import stat

from ledger.contract.globs import compile_globs
from ledger.storage.git import clean_environment, find_repository, split_z
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ledger.project import Project
    from ledger.storage.git import Repository

MAX_READ_AT_START = 1024 * 1024
_MAX_ARGUMENTS = 500
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
    """(mtime in ns, bytes) of a file that was too large to read at the start."""


@value
class CodeState:
    """The repository at the start of a run."""

    repository: Repository
    project_root: str
    prefix: str
    """Of the project in the repository: "" or "sub/dir/"."""
    ledger_prefix: str
    commit: str | None
    """None before the first commit."""
    branch: str | None
    upstream: str | None
    changes: tuple[Change, ...]
    is_code: Callable[[str], bool]
    """Whether a path, relative to the repository root, is a code path of the project."""


def observe(
    project: Project,
    environ: Mapping[str, str],
    loaded: Iterable[str],
    *,
    is_known: bool = True,
) -> CodeState:
    """Return the state of the code of ``project`` right now.

    Args:
        project: whose code runs.
        environ: environment to run git in; variables naming another repository are dropped.
        loaded: absolute paths of the files the process has loaded: modules, script, config.
        is_known: whether these are all; in a notebook or an interactive session nobody can tell,
            and every untracked code path counts as loaded.

    Raises:
        NoLedgerError: the project lies in no git repository.
        GitError: git refuses to answer.
    """
    root = os.path.realpath(project.root)
    repository = find_repository(root, clean_environment(environ))
    prefix = _below(root, os.path.realpath(repository.top))
    ledger_prefix = f"{prefix}{project.settings.dir}/"
    is_code = _code_test(prefix, ledger_prefix, project.settings.code)
    limit = ("--", prefix) if prefix else ()
    listed = repository.git(
        *("status", "--porcelain=v2", "--branch", "-z"),
        *("--no-renames", "--untracked-files=no", "--ignore-submodules=none"),
        *limit,
    )
    heads, tracked = _parse_status(split_z(listed))
    changed = [entry for entry in tracked if entry[3].startswith("S") or is_code(entry[0])]
    in_use = set(loaded)
    if is_known:
        found = _untracked(repository, in_use, is_code)
    else:
        others = repository.git("ls-files", "-z", "--others", "--exclude-standard", *limit)
        found = [path for path in split_z(others) if is_code(path)]
        in_use.update(os.path.abspath(os.path.join(repository.top, path)) for path in found)
    untracked = {path: _file_mode(repository.top, path) for path in found}
    # taken out of the index but still there and in use: untracked, whatever HEAD holds
    changed = [entry for entry in changed if entry[0] not in untracked]
    changed += [(path, "?", mode, "") for path, mode in untracked.items()]
    commit, branch = heads.get("branch.oid"), heads.get("branch.head")
    return CodeState(
        repository=repository,
        project_root=root,
        prefix=prefix,
        ledger_prefix=ledger_prefix,
        commit=None if commit == "(initial)" else commit,
        branch=_branch_from(environ) if branch == "(detached)" else branch,
        upstream=heads.get("branch.upstream"),
        changes=_read_changes(repository.top, changed, in_use),
        is_code=is_code,
    )


def loaded_files(
    modules: Iterable[object], argv: Sequence[str], extra: Iterable[str], ignored: Iterable[str]
) -> frozenset[str]:
    """Return the absolute paths of the files a process has loaded, links resolved.

    Args:
        modules: imported modules; those without a file are passed over.
        argv: command line; words that name existing files count.
        extra: further files, such as the config.
        ignored: folders of installed packages, whose files are not the project's code.
    """
    named = (getattr(module, "__file__", None) for module in modules)
    candidates = [name for name in named if isinstance(name, str)]
    candidates += [word for word in (*argv, *extra) if word and os.path.isfile(word)]
    folders = [form(folder) for folder in ignored for form in (os.path.abspath, os.path.realpath)]
    outside = tuple(folder + os.sep for folder in folders)
    # by the text first: resolving the links of a thousand installed modules costs a run's start
    candidates = [name for name in candidates if not name.startswith(outside)]
    # both the link and what it points to: either may be the tracked path
    both = {form(name) for name in candidates for form in (os.path.abspath, os.path.realpath)}
    return frozenset(path for path in both if not path.startswith(outside))


def _below(folder: str, top: str) -> str:
    relative = os.path.relpath(folder, top).replace(os.sep, "/")
    return "" if relative == "." else relative + "/"


def _code_test(prefix: str, ledger_prefix: str, patterns: Sequence[str]) -> Callable[[str], bool]:
    matches = compile_globs(patterns)

    def is_code(path: str) -> bool:
        if not path.startswith(prefix) or path.startswith(ledger_prefix):
            return False
        return matches(path.removeprefix(prefix))

    return is_code


_Status = tuple[str, str, str, str]
"""(path, status letter, mode in the working tree, submodule field)"""


def _parse_status(entries: list[str]) -> tuple[dict[str, str], list[_Status]]:
    """Parse ``git status --porcelain=v2 --branch -z --no-renames``."""
    heads: dict[str, str] = {}
    found: list[_Status] = []
    for entry in entries:
        kind = entry[0]
        if kind == "#":
            _, key, item = entry.split(" ", 2)
            heads[key] = item
        elif kind == "1":
            _, xy, submodule, _, _, mode, _, _, path = entry.split(" ", 8)
            if xy != ".A":  # intent to add is still untracked
                found.append((path, _letter(xy, submodule), mode, submodule))
        elif kind == "u":
            _, _, submodule, _, _, _, mode, _, _, _, path = entry.split(" ", 10)
            found.append((path, "M", mode, submodule))
    return heads, found


def _letter(xy: str, submodule: str) -> str:
    if submodule.startswith("S"):
        return "S"
    return xy[1] if xy[1] != "." else xy[0]


def _untracked(
    repository: Repository, loaded: Iterable[str], is_code: Callable[[str], bool]
) -> list[str]:
    """Return those loaded code paths that git neither tracks nor ignores."""
    top = os.path.realpath(repository.top) + os.sep
    inside = (
        path.removeprefix(top).replace(os.sep, "/") for path in loaded if path.startswith(top)
    )
    candidates = sorted(path for path in inside if is_code(path))
    found: list[str] = []
    for start in range(0, len(candidates), _MAX_ARGUMENTS):
        chunk = candidates[start : start + _MAX_ARGUMENTS]
        listed = repository.ask("ls-files", "-z", "--others", "--exclude-standard", "--", *chunk)
        found += split_z(listed.stdout)
    return found


def _read_changes(top: str, changed: list[_Status], loaded: set[str]) -> tuple[Change, ...]:
    left = MAX_READ_AT_START
    changes: list[Change] = []
    for path, status, mode, _ in changed:
        full = os.path.join(top, path)
        content, stamp = (None, None) if status in {"D", "S"} else _read_within(full, mode, left)
        left -= len(content or b"")
        is_loaded = os.path.realpath(full) in loaded or os.path.abspath(full) in loaded
        changes.append(
            Change(
                path=path,
                status=status if content is not None or stamp or status == "S" else "D",
                mode=mode,
                is_loaded=is_loaded,
                content=content,
                stamp=stamp,
            )
        )
    return tuple(changes)


def _read_within(path: str, mode: str, limit: int) -> tuple[bytes | None, tuple[int, int] | None]:
    """Return the content when it fits ``limit``, else the stamp; neither when the file is gone."""
    try:
        if mode == "120000":
            return os.fsencode(os.readlink(path)), None
        facts = os.stat(path)
        if facts.st_size > limit:
            return None, (facts.st_mtime_ns, facts.st_size)
        with open(path, "rb") as file:
            return file.read(), None
    except OSError:
        return None, None


def _file_mode(top: str, path: str) -> str:
    full = os.path.join(top, path)
    if os.path.islink(full):
        return "120000"
    try:
        return "100755" if os.stat(full).st_mode & stat.S_IXUSR else "100644"
    except OSError:
        return "100644"  # it vanished just now, and is told as deleted


def _branch_from(environ: Mapping[str, str]) -> str | None:
    return next((environ[name] for name in _BRANCH_VARIABLES if environ.get(name)), None)

"""Which files a process runs: modules, script, what the command line names, frames on the stack."""

from __future__ import annotations

import os
import sys

from ledger.storage.git import join_z, split_z
from ledger.storage.tree import SUBMODULE
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ledger.storage.git import Repository


def loaded_files(
    modules: Iterable[object], argv: Sequence[str], extra: Iterable[str], ignored: Iterable[str]
) -> frozenset[str]:
    """Return the absolute paths of the files a process has loaded.

    The links of folders are resolved. A file that is a link itself is told twice, as the link and
    as what it points to: either may be the tracked path. Of a module in an archive, the archive.

    Args:
        modules: imported modules; those without a file are passed over.
        argv: command line; words that name existing files count.
        extra: further files, such as the config.
        ignored: folders of installed packages, whose files are not the project's code.
    """
    named = (getattr(module, "__file__", None) for module in modules)
    candidates = {name for name in named if isinstance(name, str)}
    candidates.update(word for word in (*argv, *extra) if word and os.path.isfile(word))
    folders = [form(folder) for folder in ignored for form in (os.path.abspath, os.path.realpath)]
    outside = tuple(folder + os.sep for folder in folders)
    # by the text first: resolving the links of a thousand installed modules costs a run's start
    found: set[str] = set()
    for name in candidates:
        if not name.startswith(outside):
            found |= _forms(name)
    return frozenset(name for name in found if not name.startswith(outside))


def running_files() -> list[str]:
    """Return the files whose code is on the stack of the calling thread.

    What ``exec`` and ``runpy`` run stands in no module; where it was compiled under its file's
    name, the frame tells.
    """
    names: dict[str, None] = {}
    frame = sys._getframe(1)  # noqa: SLF001  # there is no other way to ask
    while frame is not None:
        names[frame.f_code.co_filename] = None
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    return list(names)


@value
class Untracked:
    """Code that runs and that git does not track; paths are relative to the repository root."""

    paths: tuple[str, ...]
    """What ``git add`` would take."""
    left_out: tuple[str, ...]
    """What git ignores, or what belongs to another repository inside this one."""
    submodules: tuple[str, ...]
    """Submodules that hold such files."""


def find_untracked(
    repository: Repository,
    candidates: Iterable[str],
    intended: Iterable[str],
    revision: str | None = None,
) -> Untracked:
    """Return which of ``candidates``, existing files, git does not track.

    Args:
        repository: where the process's code is.
        candidates: paths relative to its root.
        intended: paths that ``git add --intent-to-add`` put into the index; they are no more
            tracked than the others.
        revision: a commit to look into, rather than the index.
    """
    wanted = list(candidates)
    known = _tracked(repository, wanted, revision or "") - set(intended)
    others = [path for path in wanted if path not in known]
    if not others:
        return Untracked(paths=(), left_out=(), submodules=())
    nested = {path: _nested_root(repository.top, path) for path in others}
    roots = sorted({root for root in nested.values() if root})
    modules = _submodules(repository, roots) if roots else set()
    plain = [path for path in others if not nested[path]]
    said = repository.ask("check-ignore", "-z", "--stdin", stdin=join_z(plain))
    ignored = set(split_z(said.stdout))
    foreign = {path for path in others if nested[path] and nested[path] not in modules}
    return Untracked(
        paths=tuple(path for path in plain if path not in ignored),
        left_out=tuple(sorted(ignored | foreign)),
        submodules=tuple(root for root in modules if _holds_untracked(repository, root, nested)),
    )


def inside(
    repository: Repository, loaded: Iterable[str], is_code: Callable[[str], bool]
) -> list[str]:
    """Return the code paths among ``loaded``, relative to the repository root and sorted."""
    top = os.path.realpath(repository.top) + os.sep
    paths = (path.removeprefix(top).replace(os.sep, "/") for path in loaded if path.startswith(top))
    return sorted(path for path in paths if is_code(path))


def _forms(name: str) -> set[str]:
    """Return the paths under which git may know the file ``name``; none when there is no file."""
    path = os.path.abspath(name)
    while path and not os.path.lexists(path):
        above = os.path.dirname(path)
        if above == path or os.path.isdir(above):
            return set()
        path = above  # a module in an archive: the archive is the file
    folder, base = os.path.split(path)
    return {os.path.join(os.path.realpath(folder), base), os.path.realpath(path)}


def _tracked(repository: Repository, paths: list[str], revision: str) -> set[str]:
    """Return those of ``paths`` that a commit, or the index, holds: one process looks up each."""
    simple = [path for path in paths if "\n" not in path]
    asked = b"".join(os.fsencode(f"{revision}:{path}\n") for path in simple)
    found: set[str] = set()
    if asked:
        said = repository.git("cat-file", "--batch-check=%(objectname)", stdin=asked)
        answers = said.split(b"\n")
        found.update(
            path
            for path, answer in zip(simple, answers, strict=False)
            if not answer.endswith((b" missing", b" ambiguous"))
        )
    for path in set(paths).difference(simple):
        how = ("ls-tree", revision) if revision else ("ls-files",)
        if repository.git(*how, "-z", "--", path):
            found.add(path)
    return found


def _nested_root(top: str, path: str) -> str | None:
    """Return the folder of the repository inside ``top`` that ``path`` belongs to, if it does."""
    folder = os.path.dirname(path)
    while folder:
        if os.path.lexists(os.path.join(top, folder, ".git")):
            return folder
        folder = os.path.dirname(folder)
    return None


def _submodules(repository: Repository, folders: list[str]) -> set[str]:
    listed = split_z(repository.git("ls-files", "--stage", "-z", "--", *folders))
    entries = (entry.partition("\t") for entry in listed)
    return {path for facts, _, path in entries if facts.startswith(SUBMODULE)}


def _holds_untracked(repository: Repository, root: str, nested: Mapping[str, str | None]) -> bool:
    """Whether git neither tracks nor ignores one of the files in ``nested`` in its submodule."""
    paths = [path[len(root) + 1 :] for path, folder in nested.items() if folder == root]
    how = ("ls-files", "-z", "--others", "--exclude-standard", "--")
    return bool(repository.ask("-C", root, *how, *paths).stdout)

"""The doctor's look at Python, git, and which ``ledger`` a script would import."""

from __future__ import annotations

import os
import posixpath
import re

from ledger.policy.finding import shell_word
from ledger.setup.doctor.problem import Problem
from ledger.storage.git import run_git, split_z


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ledger.storage.git import Repository

GIT_NEEDED = (2, 31)
PYTHON_NEEDED = (3, 11)


def check_python(version: Sequence[int], executable: str) -> Iterator[Problem]:
    """The Python that runs this is one we support."""
    if tuple(version[:2]) < PYTHON_NEEDED:
        yield Problem(
            area="tools",
            title=f"Python {_dotted(version[:2])} is too old",
            where=executable,
            why="the package needs newer syntax and libraries",
            fix=f"install Python {_dotted(PYTHON_NEEDED)} or newer, and the package in it",
        )


def check_git(folder: str, environ: Mapping[str, str]) -> Iterator[Problem]:
    """Git is one we support."""
    said = run_git(("--version",), cwd=folder, env=environ).stdout.decode("utf-8", "replace")
    version = git_version(said)
    if version is not None and version < GIT_NEEDED:
        yield Problem(
            area="tools",
            title=f"git {_dotted(version)} is too old",
            where="git on PATH",
            why="it lacks options that recording and the checks use",
            fix=f"install git {_dotted(GIT_NEEDED)} or newer",
        )


def git_version(said: str) -> tuple[int, int] | None:
    """Return (major, minor) of what ``git --version`` said, None where it says no number."""
    found = re.search(r"(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else None


def check_shadows(repository: Repository, projects: Iterable[str]) -> Iterator[Problem]:
    """No module of the project is imported instead of the package.

    A script's own folder comes first in what Python searches, so only folders with scripts count.

    Args:
        repository: whose files are looked at.
        projects: folders of projects relative to the top, "" for the top.
    """
    listed = split_z(repository.git("ls-files", "-z", "--cached", "--others", "--exclude-standard"))
    scripts = {posixpath.dirname(path) for path in listed if _is_script(path)} | set(projects)
    for path in dict.fromkeys(listed):
        folder = _shadowed_folder(path)
        if folder in scripts and os.path.exists(os.path.join(repository.top, path)):
            shown = path.removesuffix("/__init__.py")
            new = f"{posixpath.join(folder, 'my_ledger')}{'.py' if path.endswith('r.py') else ''}"
            yield Problem(
                area="tools",
                title="a module of yours is imported instead of the package",
                where=path,
                why=f"`import ledger` in a script of {folder or 'the top folder'} gets this file",
                fix=f"git mv {shell_word(shown)} {shell_word(new)}, and change who imports it",
            )


def _is_script(path: str) -> bool:
    return path.endswith(".py") and not path.endswith(("/__init__.py", "/ledger.py"))


def _shadowed_folder(path: str) -> str | None:
    """Return the folder whose scripts would import ``path`` as ``ledger``, None for none."""
    for name in ("ledger.py", "ledger/__init__.py"):
        if path == name:
            return ""
        if path.endswith(f"/{name}"):
            return path.removesuffix(f"/{name}")
    return None


def _dotted(version: Sequence[int]) -> str:
    return ".".join(map(str, version))

"""A repository for each case of the matrix: a published run, every hook, and a watch over them.

The watch stands before each hook that `ledger install` wrote, and notes what the hook changed in
the index or the working tree: nothing, ever.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.setup.hooks.gate import STAGES
from ledger.setup.hooks.install import install_hooks
from ledger.storage.git import clean_environment, find_repository
from policy.builders import RUN_ID, Repo, environment, write_run


if TYPE_CHECKING:
    from collections.abc import Callable

OLD_ID = "2026-02-01_0900_old-dddddddd"
NEW, OLD = f"ledger/2026-02/{RUN_ID}", f"ledger/2026-02/{OLD_ID}"
_WATCH = """\
#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
look() {
    cksum "${GIT_INDEX_FILE:-$(git rev-parse --git-path index)}"
    case ${0##*/} in
    pre-*) git --no-optional-locks status --porcelain=v2 --untracked-files=all ;;
    esac
} </dev/null
look >"$here/before" 2>&1
"$here/../hooks/${0##*/}" "$@"
code=$?
look >"$here/after" 2>&1
cmp "$here/before" "$here/after" >>"$here/wrote" 2>&1
exit $code
"""
_FOUND = re.compile(r"^ *(LED\d+)(?: \((?:warn|notice)\))? (.+?)(?::\d+)?: ", re.MULTILINE)
_TOLD = re.compile(
    r"^ *ledger: this commit brings what the checks refuse \(([^)]*)\)", re.MULTILINE
)


class Clone(Repo):
    """A copy of the template, with the ways to act on it that cases share."""

    def __init__(self, top: Path) -> None:
        self.top = top

    @property
    def old(self) -> Path:
        """The folder of the published run."""
        return self.top / OLD

    def write(self, **changes: object) -> Path:
        """Write a good run and stage everything; return its folder."""
        folder = write_run(self.ledger, **changes)  # type: ignore[arg-type]  # as for write_run
        self.add()
        return folder

    def bad(self) -> None:
        """Stage a run without a note."""
        self.write(note=None)

    def edit(self, name: str = "train.py", text: str = "lr = 0.7\n") -> None:
        """Change a file that is no run, and stage it."""
        (self.top / name).write_text(text)
        self.git("add", name)

    def add(self) -> None:
        """Stage everything."""
        self.git("add", "-A")

    def commit_now(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[bytes]:
        """Commit what is staged, hooks and all."""
        return self.ask("commit", "-q", "-m", "work", *arguments, **env)

    def bypass(self, message: str = "bypassed") -> str:
        """Commit everything as no hook of ours sees it."""
        self.add()
        self.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def side(self, act: Callable[[], object], name: str = "side") -> None:
        """Commit what ``act`` does on the branch ``name``, unseen, and go back to main."""
        self.git("checkout", "-q", "-b", name, "main")
        act()
        self.bypass(name)
        self.git("checkout", "-q", "main")

    def wrote(self) -> str:
        """Return what hooks wrote into the index or the working tree."""
        path = self.top / ".git" / "watch" / "wrote"
        return path.read_text() if path.exists() else ""


def make_template(top: Path, put: Callable[[Repo], object] | None = None) -> Path:
    """Make the repository that cases begin from; its published run is ledger.base.

    ``put`` puts hooks into it instead of ``ledger install``.
    """
    repo = Repo(top / "repo")
    (repo.top / "train.py").write_text("lr = 0.1\n")
    write_run(repo.ledger, OLD_ID)
    repo.git("config", "ledger.base", repo.commit("published"))
    repo.git("tag", "published")
    repo.git("config", "protocol.file.allow", "always")
    shutil.rmtree(repo.top / ".git" / "hooks")
    (put or install)(repo)
    watch = repo.top / ".git" / "watch"
    watch.mkdir()
    for stage in STAGES:
        (watch / stage).write_text(_WATCH)
        (watch / stage).chmod(0o755)
    return repo.top


def copy(template: Path, folder: Path) -> Clone:
    """Return a repository of its own, watched."""
    clone = Clone(folder / "repo")
    shutil.copytree(template, clone.top, symlinks=True)
    clone.git("config", "core.hooksPath", str(clone.top / ".git" / "watch"))
    return clone


def install(repo: Repo) -> None:
    """Put the hooks into ``repo``."""
    found = find_repository(str(repo.top), clean_environment(environment()))
    install_hooks(found, sys.executable)


def findings(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    """Return "code path" of each finding that was told; "told code" of a word after a commit."""
    text = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert "Traceback" not in text, text
    told = [f"told {code}" for codes in _TOLD.findall(text) for code in codes.split(", ")]
    return sorted(f"{code} {path}" for code, path in _FOUND.findall(text)) + told


def policy(repo: Repo, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run what the hooks run."""
    return subprocess.run(
        [sys.executable, "-I", "-m", "ledger.policy", *arguments],
        cwd=repo.top,
        env=environment() | {"PATH": os.environ["PATH"]},
        capture_output=True,
        check=False,
    )

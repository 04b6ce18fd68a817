"""A working tree somebody sits at, and the template that all worlds are copied from."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from project import FILES, NOTEBOOK, notebook


ORIGIN, MINE, COLLEAGUE = "origin.git", "mine", "colleague"
_TIMEOUT = 120


class Place:
    """A working tree, and the git that runs in it."""

    def __init__(self, top: Path, env: Mapping[str, str]) -> None:
        self.top = top
        self.env = env

    def git(
        self, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Return what became of ``git <arguments>``."""
        return subprocess.run(
            ["git", *arguments],
            cwd=self.top,
            env={**self.env, **(env or {})},
            input=stdin if stdin is not None else b"",
            capture_output=True,
            check=False,
            timeout=_TIMEOUT,
        )

    def said(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """Return what ``git <arguments>`` prints, "" where it fails."""
        done = self.git(*arguments, env=env)
        return "" if done.returncode else os.fsdecode(done.stdout).strip()

    def shell(self, line: str) -> subprocess.CompletedProcess[bytes]:
        """Return what became of a line of shell at the top."""
        return subprocess.run(
            ["bash", "-c", line],
            cwd=self.top,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_TIMEOUT,
        )

    def ledger(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Return what became of ``ledger <arguments>``, a process of its own."""
        return subprocess.run(
            [sys.executable, "-P", "-m", "ledger", *arguments],
            cwd=self.top,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_TIMEOUT,
        )

    @property
    def git_dir(self) -> Path:
        """The git directory of this working tree."""
        return Path(self.top, self.said("rev-parse", "--git-dir"))

    @property
    def private_dir(self) -> Path:
        """Where the ledger keeps what git never tracks."""
        return Path(self.top, self.said("rev-parse", "--git-common-dir")) / "ledger"

    @property
    def is_busy(self) -> bool:
        """Whether a merge, rebase, revert or pick waits to be finished."""
        names = ("MERGE_HEAD", "rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD", "REVERT_HEAD")
        return any((self.git_dir / name).exists() for name in names)

    @property
    def runs(self) -> list[Path]:
        """The folders of runs on the disk, by name."""
        months = self.top.glob("ledger/[0-9][0-9][0-9][0-9]-[0-9][0-9]/*")
        return sorted((path for path in months if path.is_dir()), key=lambda path: path.name)


def environment(root: Path) -> dict[str, str]:
    """Return the environment of everybody in the world below ``root``."""
    kept = {
        key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "TMPDIR") if key in os.environ
    }
    return kept | {
        "HOME": str(root),
        "PATH": f"{root / 'bin'}{os.pathsep}{kept['PATH']}",
        "LEDGER_QUIET": "1",
        "LEDGER_STATE_DIR": str(root / "state"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_EDITOR": "true",
        "GIT_MERGE_AUTOEDIT": "no",
        **{f"GIT_{role}_NAME": "Flow" for role in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{role}_EMAIL": "flow@example.com" for role in ("AUTHOR", "COMMITTER")},
    }


def make_template(root: Path, *, has_hooks: bool = True) -> None:
    """Make the world that every history begins with: a project with a ledger, pushed and cloned."""
    _programs(root / "bin")
    env = environment(root)
    mine = Place(root / MINE, env)
    mine.top.mkdir()
    for path, text in {**FILES, NOTEBOOK: notebook(1, 1)}.items():
        (mine.top / path).parent.mkdir(exist_ok=True)
        (mine.top / path).write_text(text, encoding="utf-8")
    must(mine.git("init", "-q", "-b", "main"))
    must(mine.ledger("init"))
    must(mine.git("add", "--all"))
    must(mine.git("commit", "-qm", "a project"))
    must(mine.git("clone", "-q", "--bare", ".", f"../{ORIGIN}"))
    must(mine.git("remote", "add", "origin", f"../{ORIGIN}"))
    must(mine.git("fetch", "-q"))
    must(mine.git("branch", "-q", "--set-upstream-to=origin/main"))
    must(mine.git("remote", "set-head", "origin", "main"))
    must(mine.git("clone", "-q", f"../{ORIGIN}", f"../{COLLEAGUE}"))
    colleague = Place(root / COLLEAGUE, env)
    must(colleague.git("remote", "set-url", "origin", f"../{ORIGIN}"))
    must(colleague.ledger("install"))
    for top in (root / ORIGIN, mine.top / ".git", colleague.top / ".git"):
        for hook in (top / "hooks").iterdir():
            if hook.suffix == ".sample" or not has_hooks:
                hook.unlink()


def copy_template(template: Path, root: Path) -> None:
    """Make ``root`` a world like ``template``."""
    shutil.copytree(template, root, symlinks=True)


def must(done: subprocess.CompletedProcess[bytes]) -> None:
    """Stop everything where setting up a world has failed."""
    if done.returncode:
        message = f"{done.args}: {done.stderr.decode(errors='replace')}"
        raise SystemExit(message)


def _programs(folder: Path) -> None:
    """Let lines of shell say ``ledger`` and ``python`` and mean this interpreter's."""
    folder.mkdir(parents=True)
    for name, more in (("ledger", " -P -m ledger"), ("python", "")):
        path = folder / name
        path.write_text(f'#!/bin/sh\nexec {sys.executable}{more} "$@"\n', encoding="utf-8")
        path.chmod(0o755)

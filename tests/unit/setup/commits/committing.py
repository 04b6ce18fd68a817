"""Recorded runs in real repositories, and what ``ledger commit`` makes of them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import ledger
from ledger.capture.seeds import Seeds
from ledger.project import find_project
from ledger.setup.commits.commit import Outcome, Request, commit_runs
from ledger.setup.commits.series import Report
from ledger.writer.note_writing import write_sections
from make_repo import git, write_files
from unit.writer.recording import LIMIT_SECONDS


if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from ledger.setup.commits.series import Committed

NOTE = {"Hypothesis": "it helps", "Result": "it did", "Next": "more of it", "Risk/Anomaly": "none"}


def enter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ``folder`` the working folder of a program that has just begun."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("LEDGER_QUIET", "1")
    monkeypatch.setattr("ledger.writer.current._seeds", [Seeds()])


def edit(project: Path, text: str, path: str = "train.py") -> None:
    """Write ``text`` to a file of the project, as an editor would."""
    write_files(project, {path: text})


def record(name: str, *, is_noted: bool = True, loss: float = 0.5, **options: Any) -> ledger.Run:
    """Record a run of the working folder's project; its note is complete unless told otherwise."""
    with ledger.start(name, config={"lr": 1}, objective=("loss", "min"), **options) as run:
        run.log(epoch=0, loss=loss)
    if is_noted:
        write_sections(run.dir, NOTE, accepts=True)
    return run


def run_script(project: Path, *arguments: str) -> None:
    """Run a script of the project as a process of its own: what it loads is known exactly."""
    subprocess.run([sys.executable, *arguments], cwd=project, check=True, timeout=LIMIT_SECONDS)


class Said:
    """What ``ledger commit`` did."""

    def __init__(self) -> None:
        self.outcome = Outcome(n_committed=0, n_refused=0)
        self.commits: list[Committed] = []
        self.lines: list[str] = []

    @property
    def text(self) -> str:
        """What was told, as one text."""
        return "\n".join(self.lines)

    @property
    def runs(self) -> list[str | None]:
        """The runs that were committed, in their order."""
        return [one.run_id for one in self.commits]

    @property
    def counts(self) -> tuple[int, int]:
        """(commits made, runs refused)."""
        return self.outcome.n_committed, self.outcome.n_refused


def commit(project: Path, *runs: ledger.Run, **options: Any) -> Said:
    """Commit ``runs``, or all there are."""
    said = Said()
    request = Request(runs=tuple(run.id for run in runs), **options)
    report = Report(show=said.commits.append, tell=said.lines.append)
    said.outcome = commit_runs(find_project([project]), request, os.environ, report)
    return said


def held(project: Path, revision: str, path: str) -> str | None:
    """Return what ``revision`` holds at ``path``, None where it holds nothing there."""
    listed = git(project, "ls-tree", "--full-tree", "--name-only", revision, "--", path)
    return git(project, "cat-file", "blob", f"{revision}:{path}") if listed else None


def status(repo: Path) -> list[str]:
    """Return the state of every path as git tells it: staged, changed, untracked."""
    return git(repo, "status", "--porcelain", "--untracked-files=all").splitlines()


def traces(repo: Path) -> list[str]:
    """Return what a commit would leave behind in the git directory if it were careless."""
    found = [path.name for path in (repo / ".git").iterdir() if path.suffix == ".lock"]
    private = repo / ".git" / "ledger"
    found += [path.name for path in private.glob("commit-*")]
    return found + git(repo, "worktree", "list").splitlines()[1:]

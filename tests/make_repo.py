"""Real git repositories for tests."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def make_repo(
    tmp_path: Path,
    files: Mapping[str, str | bytes] | None = None,
    *,
    name: str = "repo",
    object_format: str = "sha1",
) -> Path:
    """Return a new repository ``tmp_path/name`` on branch main with ``files`` in one commit.

    Without ``files`` it has no commit. Author, committer and their dates are fixed, so that the
    same files give the same commit.
    """
    repo = tmp_path / name
    repo.mkdir(parents=True)
    git(repo, "init", "--quiet", "--initial-branch=main", f"--object-format={object_format}")
    with (repo / ".git" / "config").open("a") as config:
        config.write("[user]\n\tname = Test\n\temail = test@example.com\n")
        config.write("[commit]\n\tgpgsign = false\n[core]\n\tautocrlf = false\n")
    if files is not None:
        commit_files(repo, files, "first")
    return repo


def write_files(repo: Path, files: Mapping[str, str | bytes]) -> None:
    """Write ``files``, by path relative to ``repo``; text as UTF-8 with its own line ends."""
    for path, content in files.items():
        full = repo / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))


def commit_files(repo: Path, files: Mapping[str, str | bytes], message: str = "change") -> str:
    """Write and commit ``files`` beside whatever is staged; return the id of the commit."""
    write_files(repo, files)
    if files:
        git(repo, "--literal-pathspecs", "add", "--force", "--", *files)
    git(repo, "commit", "--quiet", "--allow-empty", "--no-verify", "-m", message)
    return git(repo, "rev-parse", "HEAD").strip()


def git(
    repo: Path, *arguments: str, stdin: str | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Return what ``git <arguments>`` prints in ``repo``; a failure is a CalledProcessError."""
    dates = {
        "GIT_AUTHOR_DATE": "2026-02-01T12:00:00+00:00",
        "GIT_COMMITTER_DATE": "2026-02-01T12:00:00+00:00",
    }
    done = subprocess.run(
        ["git", *arguments],
        cwd=repo,
        env={**os.environ, **dates, **(env or {})},
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
    )
    if done.returncode:
        raise subprocess.CalledProcessError(
            done.returncode, ["git", *arguments], done.stdout, done.stderr
        )
    return done.stdout

"""Real runs of scripts as they stand on the disk, and what their records say of the code."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from ledger.contract.manifest import decode_manifest
from make_repo import git
from unit.writer.recording import read_record, run_dirs


if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ledger.contract.manifest import Manifest

SCRIPT = """
import ledger
with ledger.start("run") as run:
    run.log(epoch=0, loss=1.0)
"""


def captured(
    project: Path,
    *,
    path: str = "train.py",
    argv: Sequence[str] | None = None,
    warns: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Run ``path`` as it stands on the disk; return the git section of the newest run.

    Args:
        argv: arguments of the interpreter instead.
        warns: whether the record has a warning; its ``warnings`` are then added to the section.
        options: of ``subprocess.run``.
    """
    before = set(run_dirs(project))
    done = train_uncommitted(project, path, argv, **options)
    assert 0 == done.returncode, done.stderr
    (run_dir,) = set(run_dirs(project)) - before
    record = read_record(run_dir)
    assert warns == ("warnings" in record), record.get("warnings")
    return dict(record["git"]) | ({"warnings": record["warnings"]} if warns else {})


def train_uncommitted(
    project: Path, path: str = "train.py", argv: Sequence[str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a script as it stands on the disk, or the interpreter with other arguments."""
    options.setdefault("cwd", project)
    env = {**os.environ, **options.pop("env", {})}
    return subprocess.run(
        [sys.executable, *(argv or [str(project / path)])],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def manifest_of(project: Path, section: dict[str, Any]) -> Manifest:
    name = section["code"].removeprefix("sha256:")
    (path,) = project.rglob(f"ledger/code/{name}.manifest")
    return decode_manifest(path.read_bytes())


def dirty_paths(section: dict[str, Any]) -> dict[str, tuple[str, bool]]:
    return {e["path"]: (e["status"], e["loaded"]) for e in section["dirty_paths"]}


def added_ids(project: Path, revision: str = "HEAD") -> dict[str, str]:
    """Return the ids of a commit's files by path."""
    listed = git(project, "ls-tree", "-r", "-z", revision).split("\0")
    return {line.split("\t", 1)[1]: line.split()[2] for line in listed if line}

"""Real projects, real training scripts and what they leave behind, for the tests of recording."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.contract.layout import is_metrics_table, is_month, table_order
from ledger.contract.metrics import decode_table
from ledger.contract.record import parse_record
from make_repo import commit_files, make_repo


if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ledger.contract.metrics import Table

LIMIT_SECONDS = 60
"""How long any test waits for something that must happen."""

PROJECT = {
    "ledger.toml": "",
    "train.py": "print('train')\n",
    "src/model.py": "WIDTH = 3\n",
    ".gitignore": "__pycache__/\n",
}


def make_project(
    tmp_path: Path,
    files: Mapping[str, str | bytes] | None = None,
    *,
    name: str = "project",
    object_format: str = "sha1",
) -> Path:
    """Return a repository with settings and a script in one commit; the ledger has no run yet."""
    return make_repo(
        tmp_path, {**PROJECT, **(files or {})}, name=name, object_format=object_format
    ).resolve()


def run_dirs(project: Path) -> list[Path]:
    """Return the folders of all runs of the ledger, by name."""
    root = project / "ledger"
    months = [path for path in root.iterdir() if is_month(path.name)] if root.exists() else []
    return sorted(run for month in months for run in month.iterdir())


def only_run(project: Path) -> Path:
    """Return the folder of the one run of the ledger."""
    (run_dir,) = run_dirs(project)
    return run_dir


def read_record(run_dir: Path) -> dict[str, Any]:
    """Return the record of a run; it must follow the format."""
    return dict(parse_record((run_dir / "run.json").read_bytes()).document)


def read_tables(run_dir: Path) -> list[Table]:
    """Return the metrics tables of a run in their order."""
    names = [path.name for path in run_dir.iterdir() if is_metrics_table(path.name)]
    return [decode_table((run_dir / name).read_bytes()) for name in sorted(names, key=table_order)]


def read_rows(run_dir: Path) -> list[dict[str, str]]:
    """Return the rows of all metrics tables: non-empty cells by column, ``time`` left out."""
    return [
        {k: c for k, c in zip(table.header, row, strict=True) if c != "" and k != "time"}
        for table in read_tables(run_dir)
        for row in table.rows
    ]


def train(
    project: Path,
    script: str,
    *arguments: str,
    path: str = "train.py",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    prefix: Iterable[str] = (),
) -> subprocess.CompletedProcess[str]:
    """Commit ``script`` as ``path``, run it as a process of its own, return what it said."""
    commit_files(project, {path: script})
    return subprocess.run(
        [*prefix, sys.executable, str(project / path), *arguments],
        cwd=cwd or project,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def begin_training(
    project: Path, script: str, *arguments: str, path: str = "train.py", **options: Any
) -> subprocess.Popen[str]:
    """Commit ``script`` and start it; its outputs are pipes."""
    commit_files(project, {path: script})
    return subprocess.Popen(
        [sys.executable, "-u", str(project / path), *arguments],
        cwd=project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def end_of(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for ``process``; return (exit code, stdout, stderr)."""
    stdout, stderr = process.communicate(timeout=LIMIT_SECONDS)
    return process.returncode, stdout, stderr


def ledger_command(
    cwd: Path, *arguments: str, env: Mapping[str, str] | None = None, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command line in ``cwd``; standard input is no terminal."""
    return subprocess.run(
        [sys.executable, "-c", "from ledger.cli.main import run; run()", *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        input=stdin or "",
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return once ``is_so``; fail when it has not become so within the limit."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.005)


def write_json(path: Path, document: object) -> None:
    """Write ``document`` as JSON."""
    path.write_text(json.dumps(document), encoding="utf-8")

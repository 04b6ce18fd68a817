"""``ledger run`` as a process of its own, for the tests."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from unit.writer.recording import LIMIT_SECONDS, ledger_command, only_run, read_record


if TYPE_CHECKING:
    from pathlib import Path

PYTHON = sys.executable
RUN = [PYTHON, "-c", "from ledger.cli.main import run; run()", "run"]


def run(project: Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Return what ``ledger run <arguments>`` said in ``project``."""
    return ledger_command(project, "run", *arguments, **options)


def shell(project: Path, lines: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Record ``sh -c <lines>``."""
    return run(project, *options, "--", "sh", "-c", lines)


def begin(project: Path, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    """Start ``ledger run <arguments>`` with pipes for its outputs."""
    return subprocess.Popen(
        [*RUN, *arguments],
        cwd=project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def until_ready(process: subprocess.Popen[bytes]) -> None:
    """Wait for the command to say so."""
    assert process.stdout is not None
    assert b"ready\n" == process.stdout.readline()


def end_of(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    """Wait for the end; return (exit code, stdout, stderr)."""
    stdout, stderr = process.communicate(timeout=LIMIT_SECONDS)
    return process.returncode, stdout.decode(), stderr.decode()


def console_of(project: Path) -> bytes:
    """Return the console log of the only run."""
    record = read_record(only_run(project))
    return (project / record["artifacts"]["console"]["path"]).read_bytes()


def problems(project: Path) -> list[tuple[str, str]]:
    """Return the findings of ``ledger check`` beside the note that waits: code and message."""
    found = json.loads(ledger_command(project, "check", "--format", "json").stdout)["findings"]
    return [(one["code"], one["message"]) for one in found if one["code"] != "LED102"]

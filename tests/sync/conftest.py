"""A real MLflow server on this machine, made once for a session, and ledgers to send."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest

from make_repo import make_repo
from unit.reader.builders import make_project


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_START_LIMIT_S = 240.0


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of an MLflow server that keeps its runs in SQLite."""
    pytest.importorskip("mlflow")
    folder = tmp_path_factory.mktemp("mlflow")
    port = free_port()
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
        *("--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", f"sqlite:///{folder}/runs.db"),
        *("--artifacts-destination", str(folder / "artifacts")),
    ]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | quiet,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server, folder / "log")
        yield address
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the folder of a project with an empty ledger, in a git repository."""
    repo = make_repo(tmp_path)
    make_project(repo)
    return repo


@pytest.fixture
def invoke(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs a line of ``ledger`` and returns (exit code, stdout, stderr)."""

    def run(*words: str) -> tuple[int, str, str]:
        from ledger.cli import main as module

        monkeypatch.setattr("sys.argv", ["ledger", *words])
        capfd.readouterr()
        with pytest.raises(SystemExit) as caught:
            module.run()
        captured = capfd.readouterr()
        return int(str(caught.value.code)), captured.out, captured.err

    return run


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < deadline and server.poll() is None:
        look = urllib.request.Request(f"{address}/health")  # this machine's own
        with contextlib.suppress(OSError), urllib.request.urlopen(look, timeout=5):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.2)
    pytest.fail(f"the MLflow server did not start:\n{log.read_text()[-2000:]}")

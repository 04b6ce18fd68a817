"""The page in a real Chromium, against the real command, on this machine alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

playwright = pytest.importorskip(
    "playwright.sync_api", reason="uv run --group test --group browser pytest tests/browser"
)
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
SHOTS = os.environ.get("LEDGER_SCREENSHOTS")
"""Folder that every test leaves a picture of its page in; none where it is not set."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
LIMIT = 30_000


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page that fails its test when a script fails, or asks anything but this machine."""
    context = chromium.new_context(viewport={"width": 1400, "height": 850})
    context.set_default_timeout(LIMIT)
    found = context.new_page()
    found.problems = []
    found.on("pageerror", lambda error: found.problems.append(str(error)))
    found.on("request", lambda each: _note_request(found, each.url))
    yield found
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        found.screenshot(path=str(Path(SHOTS, f"{_file_name(request.node.name)}.png")))
    context.close()
    assert [] == found.problems


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Start ``ledger dash`` with the arguments given, and return its address."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str | Path, cwd: Path = tmp_path, port: str = "0") -> str:
        command = [sys.executable, "-m", "ledger", "dash", *arguments, "--no-open", "--port", port]
        process = subprocess.Popen(
            list(map(str, command)), cwd=cwd, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://\S+", line)
        assert found, line + process.stderr.read()
        return found[0]

    start.processes = started  # type: ignore[attr-defined]
    yield start
    for process in started:
        process.terminate()
        process.wait(30)
        if process.stderr:
            process.stderr.close()


def _note_request(page: Any, url: str) -> None:
    if not url.startswith(("http://127.0.0.1:", "http://[::1]:", "data:", "blob:", "file:")):
        page.problems.append(f"asked {url}")


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name)

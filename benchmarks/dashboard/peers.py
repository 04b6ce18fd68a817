"""What stands beside ours, in an environment of its own, and how each page is started and read."""

from __future__ import annotations

import subprocess
import sys
import venv
from dataclasses import dataclass
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from pathlib import Path

OURS = "ledger dash"


@dataclass(frozen=True)
class Page:
    """How a page is started and what tells that it shows something."""

    command: tuple[str, ...]
    """{csv} and {port} stand for what they say."""
    n_trials: str
    """JavaScript: the text with the number of trials."""
    curves: str
    """Selector of what the curves are drawn on."""


def install_peers(home: Path) -> Path | None:
    """Return the Python that has the others, installed into ``home``; None where they are not."""
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True, symlinks=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    is_there = [str(python), "-c", "import streamlit, altair, pandas, plotly, kt_masterviz"]
    for command in (
        [*pip, "streamlit", "altair", "pandas", "plotly"],
        # it asks for a newer Python than it needs
        [*pip, "--no-deps", "--ignore-requires-python", "kt-masterviz"],
    ):
        if _is_fine(is_there):
            break
        _is_fine(command)
    return python if _is_fine(is_there) else None


def commands(peer: Path | None) -> dict[str, Page]:
    """Return the pages by name, ours first; ours alone where there is no ``peer``."""
    number = "document.querySelector('{}')?.textContent ?? ''"
    streamlit = number.format("[data-testid=stMetricValue]")
    chart = "[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg"
    ours = [sys.executable, "-P", "-m", "ledger", "dash", "{csv}", "--no-open", "--port", "{port}"]
    found = {OURS: Page((*ours,), number.format(".counts"), ".u-over")}
    if peer is not None:
        script = "from kt_masterviz.cli import main; main()"
        masterviz = (str(peer), "-c", script, "{csv}", "--port", "{port}")
        run = (str(peer), "-m", "streamlit", "run", __file__.replace("peers", "streamlit_page"))
        options = ("--server.port", "{port}", "--server.headless", "true", "--", "{csv}")
        found["kt-masterviz"] = Page(masterviz, streamlit, chart)
        found["Streamlit, 20 lines"] = Page((*run, *options), streamlit, chart)
    return found


def _is_fine(command: list[str]) -> bool:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "install" in command:
        print(done.stderr.strip()[-500:], file=sys.stderr)
    return done.returncode == 0

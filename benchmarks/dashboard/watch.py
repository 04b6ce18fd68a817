"""A page from its process's start to its last update."""

from __future__ import annotations

import contextlib
import os
import socket
import statistics
import subprocess
import time
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

from chromium import Watched
from table import Table


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from peers import Page

LIMIT_SECONDS = 120
_MISSED = [f"did not show it within {LIMIT_SECONDS} s", *[""] * 8]
_PAINTED = """performance.timeOrigin
    + (performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN)"""
_REST = 3.0
"""Seconds after the first paint in which a page may come to rest."""


@dataclass(frozen=True)
class Seen:
    """What was measured; ms, bytes and MB as the names say."""

    paint_s: float
    """Until the browser painted anything of the page: its first contentful paint."""
    curves_s: float
    """Until the page said how many trials there are, and had curves."""
    first_bytes: float
    update_bytes: float
    latency_s: float
    opening_stall_ms: float
    stall_ms: float
    rss_mb: float
    peak_mb: float


def print_watched(
    browser: Any,
    scratch: Path,
    pages: dict[str, Page],
    sizes: list[int],
    n_updates: int,
    n_rounds: int,
) -> None:
    """Print a line of medians for each size and page; in every round the pages in turn."""
    print("| trials x epochs | page | start to first paint s | start to curves s | first load kB "
          "| kB per seen update | appended to seen s | longest stall opening ms "
          "| longest stall after ms | server RSS MB | peak MB |")  # fmt: skip
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for size in sizes:
        found: dict[str, list[Seen]] = {name: [] for name in pages}
        for _ in range(n_rounds):
            for name, page in pages.items():
                table = Table(scratch / f"sweep-{size}.csv", size)
                with contextlib.suppress(TimeoutError):
                    found[name].append(watch(browser, table, page, n_updates))
        for name, seen in found.items():
            numbers = _numbers(_median(seen)) if seen else _MISSED
            print(f"| {size} x {table.n_epochs} | {name} | {' | '.join(numbers)} |", flush=True)


def _median(seen: list[Seen]) -> Seen:
    return Seen(*(statistics.median(each) for each in zip(*map(astuple, seen), strict=True)))


def _numbers(seen: Seen) -> list[str]:
    """Return the cells of a line."""
    return [
        f"{seen.paint_s:.2f}",
        f"{seen.curves_s:.2f}",
        f"{seen.first_bytes / 1000:,.0f}",
        f"{seen.update_bytes / 1000:,.1f}",
        f"{seen.latency_s:.2f}",
        f"{seen.opening_stall_ms:.0f}",
        f"{seen.stall_ms:.0f}",
        f"{seen.rss_mb:.0f}",
        f"{seen.peak_mb:.0f}",
    ]


def watch(browser: Any, table: Table, page: Page, n_updates: int) -> Seen:
    """Start ``page`` on ``table``, open it and let ``n_updates`` updates come."""
    port = _free_port()
    command = [part.format(csv=table.path, port=port) for part in page.command]
    begun = time.time()  # as the browser counts
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    watched = Watched(browser)
    try:
        _wait(lambda: _answers(port))
        watched.page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
        _shows(watched, page, table.n_trials)
        curves = time.time() - begun
        paint = watched.page.evaluate(_PAINTED) / 1000 - begun
        watched.page.wait_for_timeout(_REST * 1000)
        first, opening = watched.n_bytes, watched.stall_ms()
        latencies = [_update(watched, page, table) for _ in range(n_updates)]
        watched.page.wait_for_timeout(_REST * 1000)
        now, peak = _memory(process.pid)
        received = (watched.n_bytes - first) / n_updates
        return Seen(paint, curves, first, received, statistics.median(latencies), opening,
                    watched.stall_ms(), now, peak)  # fmt: skip
    finally:
        watched.close()
        os.killpg(process.pid, 15)
        process.wait(LIMIT_SECONDS)


def _update(watched: Watched, page: Page, table: Table) -> float:
    """Let the table grow; return the seconds until the page shows it."""
    n_trials, begun = table.grow(), time.monotonic()
    _shows(watched, page, n_trials)
    return time.monotonic() - begun


def _shows(watched: Watched, page: Page, n_trials: int) -> None:
    """Wait until the page says how many trials there are, and has curves."""

    def is_shown() -> bool:  # fmt: skip
        found: str = watched.page.evaluate(page.n_trials)
        drawn = watched.page.query_selector(page.curves) is not None
        return drawn and found.split()[:1] == [str(n_trials)]

    _wait(is_shown, watched)


def _wait(claim: Callable[[], bool], watched: Watched | None = None) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not claim():
        if time.monotonic() > deadline:
            raise TimeoutError
        if watched is None:
            time.sleep(0.01)
        else:
            watched.page.wait_for_timeout(10)  # the driver's own events go on


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True


def _memory(pid: int) -> tuple[float, float]:
    """Return what the process and its children hold and have held at most, MB (proc(5))."""
    totals = [0.0, 0.0]
    for each in _family(pid):
        with open(f"/proc/{each}/status") as file:
            facts = dict(line.split(":", 1) for line in file)
        for place, name in enumerate(("VmRSS", "VmHWM")):
            totals[place] += int(facts.get(name, "0 kB").split()[0]) / 1024
    return totals[0], totals[1]


def _family(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        children = [*map(int, file.read().split())]
    return [pid, *(each for child in children for each in _family(child))]

"""A real Chromium, and what it received and how long it stood still."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from collections.abc import Iterator

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
_STALLS = """
    window.stalls = [];
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) stalls.push([startTime, duration]);
    }).observe({ type: "longtask", buffered: true });
"""


@contextlib.contextmanager
def opened() -> Iterator[Any]:
    """Yield the browser; without one there is nothing to measure."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sys.exit("uv run --group test --group browser python benchmarks/dashboard")
    if path is None:
        sys.exit("there is no Chromium here; CHROMIUM names one")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Watched:
    """A page of ``browser`` whose bytes are counted as they came, compressed where they were."""

    def __init__(self, browser: Any) -> None:
        self._bodies: dict[str, int] = {}
        self._frames = 0
        self.context = browser.new_context(viewport={"width": 1400, "height": 850})
        self.page = self.context.new_page()
        self.page.add_init_script(_STALLS)
        self._tools = self.context.new_cdp_session(self.page)
        self._tools.send("Network.enable")
        self._tools.on("Network.dataReceived", self._data)
        self._tools.on("Network.loadingFinished", self._end)
        self._tools.on("Network.webSocketFrameReceived", self._frame)

    @property
    def n_bytes(self) -> int:
        """What was received so far: bodies with their heads, and frames of sockets."""
        return sum(self._bodies.values()) + self._frames

    def stall_ms(self) -> float:
        """Return the longest task of the main thread since the last time it was asked."""
        found = self.page.evaluate("stalls.splice(0).map(([, duration]) => duration)")
        return max(found, default=0.0)

    def close(self) -> None:
        """Close the page."""
        self.context.close()

    def _data(self, event: dict[str, Any]) -> None:
        name = event["requestId"]  # of a stream that does not end this is all that is told
        self._bodies[name] = self._bodies.get(name, 0) + event["dataLength"]

    def _end(self, event: dict[str, Any]) -> None:
        self._bodies[event["requestId"]] = event["encodedDataLength"]

    def _frame(self, event: dict[str, Any]) -> None:
        frame = event["response"]
        size = len(frame["payloadData"])
        self._frames += size * 3 // 4 if frame["opcode"] == 2 else size  # binary comes as base64

"""Real kernels on this machine, and notebooks that are run in them."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbclient
import nbformat
from jupyter_client.manager import KernelManager

from unit.writer.recording import LIMIT_SECONDS


if TYPE_CHECKING:
    from collections.abc import Iterator


def notebook(*sources: str) -> Any:
    """Return a notebook with these code cells below a title."""
    title = nbformat.v4.new_markdown_cell("# title")
    return nbformat.v4.new_notebook(
        cells=[title, *(nbformat.v4.new_code_cell(source) for source in sources)]
    )


def save(path: Path, *sources: str) -> None:
    nbformat.write(notebook(*sources), path)


def run_all(path: Path, folder: Path) -> str:
    """Run the saved notebook from its top in ``folder``, save it, return what it printed."""
    loaded = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(
        loaded, timeout=LIMIT_SECONDS, kernel_name="python3", resources=where
    ).execute()
    nbformat.write(loaded, path)
    cells = (cell for cell in loaded.cells if cell.cell_type == "code")
    outputs = (output for cell in cells for output in cell.outputs)
    return "".join(output.get("text", "") for output in outputs)


class Kernel:
    """A kernel that runs cell after cell."""

    def __init__(self, manager: KernelManager) -> None:
        self.manager = manager
        self._connect()

    def _connect(self) -> None:
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=LIMIT_SECONDS)

    def run(self, source: str, *, stop_at: str | None = None) -> str:
        """Run a cell; return what it said, the error's name and its display included.

        Args:
            source: the cell.
            stop_at: return as soon as the cell has said this; it goes on running.
        """
        self._asked = self.client.execute(source)
        return self.listen(stop_at=stop_at)

    def run_to_death(self, source: str) -> None:
        """Run a cell that kills the kernel, whose last words may be lost; wait until it is gone."""
        self.client.execute(source)
        deadline = time.monotonic() + LIMIT_SECONDS
        while self.manager.is_alive():
            assert time.monotonic() < deadline, "the kernel lives"
            time.sleep(0.05)

    def interrupt(self) -> str:
        """Interrupt the cell that runs; return what it said until its end."""
        self.manager.interrupt_kernel()
        return self.listen()

    def listen(self, *, stop_at: str | None = None) -> str:
        said = ""
        while True:
            message = self.client.get_iopub_msg(timeout=LIMIT_SECONDS)
            if message["parent_header"].get("msg_id") != self._asked:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                return said
            said += content.get("text", "") + content.get("ename", "")
            said += content.get("data", {}).get("text/html", "")
            if stop_at is not None and stop_at in said:
                return said

    def restart(self) -> None:
        self.client.stop_channels()
        self.manager.restart_kernel()
        self._connect()

    def stop(self, *, is_killed: bool = False) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=is_killed)


@contextlib.contextmanager
def kernel(folder: Path, **env: str) -> Iterator[Kernel]:
    """Give a kernel in ``folder``; it is shut down afterwards."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(folder), env={**os.environ, **env})
    started = Kernel(manager)
    try:
        yield started
    finally:
        if manager.is_alive():
            started.stop()
        manager.cleanup_resources()

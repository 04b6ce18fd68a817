"""What a kernel runs while a run is open: cells.py in the run's folder, and what became of it."""

from __future__ import annotations

import os

from ledger.capture.kernel import (
    executed_cells,
    is_kernel,
    notebook_path,
    notebook_with,
    read_notebook,
    running_shell,
)
from ledger.contract.cells import differences, render_cells
from ledger.contract.layout import CELLS_NAME
from ledger.contract.redaction import redact_text
from ledger.writer.narrate import say
from ledger.writer.seal import outcome


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ledger.contract.cells import Cell
    from ledger.contract.json_text import Json
    from ledger.writer.start import Opened

MAX_CELLS_BYTES = 1024 * 1024
MAX_DIFFERENCES = 20
_EXITS = frozenset({"exit", "quit", "exit()", "quit()"})


def watch_cells(opened: Opened) -> Cells | None:
    """Keep what is run in this IPython session with the run; None where this is none."""
    shell = running_shell()
    if shell is None:
        return None
    cells = Cells(shell, opened)
    cells.begin()
    return cells


class Cells:
    """The cells of a session while one run is open in it.

    They are written before each of them runs, so that a kernel that dies leaves the one that
    killed it.
    """

    def __init__(self, shell: Any, opened: Opened) -> None:  # noqa: ANN401  # IPython's
        self._shell = shell
        self._opened = opened
        self._error: BaseException | None = None
        self._cells: list[Cell] = []
        """Those that ran; a session in a terminal forgets them before its process ends."""

    def begin(self) -> None:
        """Write what has run so far, and follow what runs from now on."""
        self._shell.events.register("pre_run_cell", self._before)
        self._shell.events.register("post_run_cell", self._after)
        self._keep()
        self._opened.capture.when_ending(self._compare)

    def end(self) -> None:
        """Follow no longer."""
        self._shell.events.unregister("pre_run_cell", self._before)
        self._shell.events.unregister("post_run_cell", self._after)

    def outcome(self) -> tuple[str, BaseException | None]:
        """Return (status, error) of a run that nobody finishes: how the last cell ended."""
        return outcome(self._error)

    def _before(self, info: Any) -> None:  # noqa: ANN401  # IPython's
        if info.store_history and not _is_exit(info):
            self._keep(info.raw_cell)

    def _after(self, result: Any) -> None:  # noqa: ANN401  # None where IPython itself failed
        if result is not None and not _is_exit(result.info):
            self._error = result.error_before_exec or result.error_in_exec

    def _keep(self, more: str | None = None) -> None:
        record = self._opened.record
        self._cells = executed_cells(self._shell, more)
        data = render_cells(self._cells).encode("utf-8", "replace")
        if len(data) > MAX_CELLS_BYTES:
            record.mark_incomplete(CELLS_NAME, f"{CELLS_NAME} ends where it reached 1 MiB")
            return
        try:
            record.home.write(CELLS_NAME, data)
        except OSError as error:
            why = error.strerror or error
            record.mark_incomplete(CELLS_NAME, f"{CELLS_NAME} could not be written: {why}")

    def _compare(self) -> None:
        """Let the record say whether a notebook, as it is saved now, is what ran."""
        cells = self._cells
        path = notebook_path(self._shell, os.environ)
        if path is None and is_kernel(self._shell):
            path = notebook_with(cells, os.getcwd())
        saved = None if path is None else read_notebook(path)
        told = [] if saved is None else list(differences(cells, saved))
        section: dict[str, Json] = {
            "path": None if path is None else self._shown(path),
            "n_executed": len(cells),
            "as_saved": None if saved is None else not told,
            "differences": [*told[:MAX_DIFFERENCES]],
        }
        self._opened.record.update({"notebook": section})
        run_id = self._opened.run.id
        if told:
            more = f" and {len(told) - 1} more" if len(told) > 1 else ""
            line = f"what ran is not {section['path']} as it was saved: {told[0]}{more}"
            self._opened.record.add_warning(line)
            say(f"{run_id}: {line}; {CELLS_NAME} holds what ran")
        elif saved is None and is_kernel(self._shell):
            say(f"{run_id}: which notebook this is cannot be told; {CELLS_NAME} holds what ran")

    def _shown(self, path: str) -> str:
        root = os.path.realpath(self._opened.root)
        inside = os.path.relpath(os.path.realpath(path), root).replace(os.sep, "/")
        return redact_text(path if inside.startswith("../") else inside)


def _is_exit(info: Any) -> bool:  # noqa: ANN401  # IPython's
    return str(info.raw_cell).strip() in _EXITS

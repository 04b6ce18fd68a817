"""Runs as real processes: forked from a process that has the package imported already.

A fork has its own script, working folder, environment and standard streams, and ends as Python
does, atexit functions included; only the interpreter's start is spared.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import sys
import types
from collections.abc import Mapping
from pathlib import Path


LIMIT_SECONDS = 60.0
_FIRST_FREE, _MANY = 3, 256


class LostError(Exception):
    """A training did not say what it should."""


class Training:
    """A process that trains: it logs a row for every word it is told, and ends when told no more.

    Attributes:
        run_id: of the run it started.
        run_dir: where that lies.
        is_settled: whether all of its start is known to have been captured.
    """

    def __init__(self, folder: Path, script: str, environ: Mapping[str, str], log: Path) -> None:
        child_in, self._to = os.pipe()
        self._from, child_out = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.dup2(child_in, 0)
            os.dup2(child_out, 1)
            os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
            _be(folder, script, environ)
        os.close(child_in)
        os.close(child_out)
        self.is_over = self.is_settled = self.was_killed = False
        self._heard = b""
        self.n_rows = 0
        try:
            self.run_id, run_dir = self._hear().split(" ", 1)
        except (LostError, ValueError) as error:
            self.end()
            message = f"{script} did not start; it said: {log.read_text()[-2000:]}"
            raise LostError(message) from error
        self.run_dir = Path(run_dir)

    def row(self) -> None:
        """Let it log one row."""
        os.write(self._to, b"row\n")
        self._hear()
        self.n_rows += 1

    def settle(self) -> None:
        """Let it wait until its start is captured; a kill at once would forestall that."""
        os.write(self._to, b"settle\n")
        self._hear()
        self.is_settled = True

    def fail(self) -> None:
        """Let it end by an exception."""
        os.write(self._to, b"fail\n")
        self.end()

    def kill(self) -> None:
        """Kill it, as a machine that is out of memory does."""
        os.kill(self.pid, signal.SIGKILL)
        self.was_killed = True
        self.end()

    def end(self) -> int:
        """Tell it no more, wait, and return the exit code."""
        os.close(self._to)
        _, status = os.waitpid(self.pid, 0)
        os.close(self._from)
        self.is_over = True
        return os.waitstatus_to_exitcode(status)

    def _hear(self) -> str:
        while b"\n" not in self._heard:
            some = os.read(self._from, 4096)
            if not some:
                message = "the training ended early"
                raise LostError(message)
            self._heard += some
        line, _, self._heard = self._heard.partition(b"\n")
        return line.decode()


class Recorded:
    """A command that ``ledger run`` has recorded; it is over when this is made."""

    def __init__(self, run_id: str, run_dir: Path, n_rows: int) -> None:
        self.run_id = run_id
        self.run_dir = run_dir
        self.n_rows = n_rows
        self.is_over = self.is_settled = True
        self.was_killed = False


def _be(folder: Path, script: str, environ: Mapping[str, str]) -> None:
    """Become ``python script`` in ``folder``, and end as it ends."""
    code = 1
    try:
        os.closerange(_FIRST_FREE, _MANY)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environ)
        atexit._clear()  # noqa: SLF001  # what the parent is to do at its own end
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(number, mode, 1, encoding="utf-8", closefd=False)
            for number, mode in ((0, "r"), (1, "w"), (2, "w"))
        )
        code = _execute(folder, script)
        atexit._run_exitfuncs()  # noqa: SLF001  # as at the end of an interpreter
    finally:
        os._exit(code)


def _execute(folder: Path, script: str) -> int:
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    path = str(folder / script)
    if script.endswith(".ipynb"):  # a kernel knows no file, and its program is no script
        sys.argv, sys.path[0] = ["ipykernel_launcher"], str(folder)
        cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
        sources = ["".join(one["source"]) for one in cells if one["cell_type"] == "code"]
    else:
        sys.argv, sys.path[0] = [script], os.path.dirname(path)
        main.__file__ = path
        sources = [Path(path).read_text(encoding="utf-8")]
    try:
        for source in sources:
            exec(compile(source, path, "exec"), main.__dict__)  # noqa: S102  # as an interpreter does
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:  # noqa: BLE001  # as an interpreter does
        sys.excepthook(*sys.exc_info())
        return 1
    return 0

"""Whether the files on the disk are still what the process loaded before its run began.

Imports take their time: who saves a file while they go on has another one on the disk than the
process has in memory, and nobody can bring that one back.
"""

from __future__ import annotations

import os
import sys
import threading
import time

from ledger.capture.process import seconds_since_start


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import CodeType

_MARGIN_NS = 10_000_000
"""Starts are told in hundredths of a second, and in so short a time no interpreter reads a file."""
_HEAD_BYTES = 16
_BY_HASH = 1


def stale_files(
    modules: Mapping[str, object], root: str, installed: Iterable[str] = ()
) -> list[str]:
    """Return the files below ``root`` that are no longer what was loaded from them, or may be not.

    Only files that are gone or were written after the process started come into question. The
    program is compared with what is running, a module with the time stamp in its cached bytecode.
    Where the system does not tell when a process started, nothing is found.

    Args:
        modules: ``sys.modules``.
        root: absolute folder of the project.
        installed: folders in it whose files are not the project's code.
    """
    age = seconds_since_start(os.getpid())
    if age is None:
        return []
    started_ns = time.time_ns() - int(age * 1e9) + _MARGIN_NS
    inside = tuple({os.path.join(form, "") for form in (root, os.path.realpath(root))})
    outside = tuple(os.path.join(folder, "") for folder in installed)
    found: list[str] = []
    for name, module in list(modules.items()):
        path = getattr(module, "__file__", None)
        if not isinstance(path, str):
            continue
        if os.path.isabs(path) and (not path.startswith(inside) or path.startswith(outside)):
            continue
        written_ns = _written_at(path)
        if written_ns is not None and written_ns <= started_ns:
            continue
        if not (name == "__main__" and _is_running(path)) and not _is_cached(module, path):
            found.append(os.path.abspath(path))
    return found


def _written_at(path: str) -> int | None:
    """Return when ``path`` was last written, ns since the epoch; None for a file that is gone."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        folder = os.path.dirname(path)
        while folder and not os.path.lexists(folder):
            folder = os.path.dirname(folder)
        return None if os.path.isdir(folder) else 0  # a module in an archive is no file


def _is_running(path: str) -> bool:
    """Whether the program that runs is what ``path`` holds, comments at line ends aside."""
    code = _main_code()
    if code is None:
        return False
    try:
        with open(path, "rb") as file:
            return compile(file.read(), code.co_filename, "exec", dont_inherit=True) == code
    except (OSError, SyntaxError, ValueError):
        return False


def _main_code() -> CodeType | None:
    """Return the code of the program at the bottom of the main thread's stack."""
    names = getattr(sys.modules.get("__main__"), "__dict__", None)
    frame = sys._current_frames().get(threading.main_thread().ident or 0)  # noqa: SLF001  # as documented
    code = None
    while frame is not None:
        if frame.f_globals is names and frame.f_code.co_name == "<module>":
            code = frame.f_code
        frame = frame.f_back
    return code


def _is_cached(module: object, path: str) -> bool:
    """Whether the bytecode that the import of ``module`` left is of the file as it is now."""
    cached = getattr(getattr(module, "__spec__", None), "cached", None)
    if not isinstance(cached, str):
        return False
    try:
        facts = os.stat(path)
        with open(cached, "rb") as file:
            head = file.read(_HEAD_BYTES)
            cached_ns = os.fstat(file.fileno()).st_mtime_ns
    except OSError:
        return False
    if cached_ns < facts.st_mtime_ns <= time.time_ns():  # the stamp inside only counts seconds
        return False
    if len(head) < _HEAD_BYTES or head[4] & _BY_HASH:
        return False
    numbers = (int.from_bytes(head[8:12], "little"), int.from_bytes(head[12:16], "little"))
    return numbers == (int(facts.st_mtime) & 0xFFFFFFFF, facts.st_size & 0xFFFFFFFF)

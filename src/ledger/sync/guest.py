"""Another tracker's library as a guest in this process: imported late, quiet, its trouble told."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import re

from ledger.contract.redaction import redact_text
from ledger.errors import LedgerError
from ledger.reader.text import printable


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

_OWN = frozenset({"builtins", "ledger"})
_MAX_CHARS = 300
# What urllib3 says after its last try: ``… (Caused by NewConnectionError("HTTPConnection(…``
_SILENT = re.compile(r"Max retries exceeded with url.*?Caused by (\w+)", re.DOTALL)


def load(library: str) -> ModuleType:
    """Return the tracker's ``library``, or a module of it, imported.

    Raises:
        LedgerError: it is not installed.
    """
    root = library.partition(".")[0]
    try:
        return importlib.import_module(library)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != root:
            raise
        message = f"{root} is not installed"
        hint = f"pip install 'experiment-ledger[{root}]'"
        raise LedgerError(message, hint=hint) from error


@contextlib.contextmanager
def settled(defaults: Mapping[str, str], loggers: Sequence[str] = ()) -> Iterator[None]:
    """Give the environment ``defaults`` where it says nothing, and silence ``loggers``.

    Both are as they were afterwards.
    """
    given = {name: text for name, text in defaults.items() if name not in os.environ}
    levels = {name: logging.getLogger(name).level for name in loggers}
    os.environ.update(given)
    for name in loggers:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name in given:
            os.environ.pop(name, None)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@contextlib.contextmanager
def told(what: str, hint: str) -> Iterator[None]:
    """Make one line of the tracker's own errors, and of the network's; ours pass.

    Raises:
        LedgerError: ``what`` could not be done, with the first line of the reason.
    """
    try:
        yield
    except LedgerError:
        raise
    except Exception as error:
        is_theirs = type(error).__module__.partition(".")[0] not in _OWN
        if not is_theirs and not isinstance(error, OSError):
            raise  # a bug of ours
        message = f"{what}: {reason(error)}"
        raise LedgerError(message, hint=hint) from error


def reason(error: BaseException) -> str:
    """Return the first line of ``error``, without credentials."""
    lines = str(error).strip().splitlines()
    silence = _SILENT.search(str(error))
    if silence is not None:
        return f"it does not answer ({silence[1]})"
    text = printable(redact_text(lines[0])) if lines else type(error).__name__
    return text if len(text) <= _MAX_CHARS else text[: _MAX_CHARS - 1] + "…"

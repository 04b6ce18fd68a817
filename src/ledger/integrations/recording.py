"""The run of a training that records itself: one training at a time owns it, an outer one first.

A search trains, cross validation trains, and so does what a framework wraps. Only the outermost of
them is what somebody started, so only it is recorded.
"""

from __future__ import annotations

import contextlib
import functools
import threading

from ledger.errors import LedgerError
from ledger.writer.current import current_run, start
from ledger.writer.narrate import warn_once


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ledger.writer.run import Run

_busy = threading.Lock()
"""Held while a training is recorded: threads that it starts are parts of it."""


def named(error: BaseException) -> str:
    """Return the type of ``error`` and what it says, where it says something: Ctrl-C does not."""
    return ": ".join(filter(None, (type(error).__name__, str(error))))


def is_recorded() -> bool:
    """Whether a training is being recorded: what trains now is a part of it."""
    return _busy.locked()


@contextlib.contextmanager
def outermost() -> Iterator[bool]:
    """Be a training that is recorded, unless one is already; say whether it is the outermost."""
    if not _busy.acquire(blocking=False):
        yield False
        return
    try:
        yield True
    finally:
        _busy.release()


@contextlib.contextmanager
def recording(
    name: str,
    begin: Callable[..., Run] = start,
    **options: Any,  # noqa: ANN401  # those of `start`
) -> Iterator[Run | None]:
    """Give the run to record a training into, None where an outer training is recorded already.

    It is the run that is open, and then stays open, or a new one that ends with the block. Where no
    run can be started that is said, and the training goes on without.

    Args:
        name: of a new run.
        begin: starts it, given name and options.
        options: of a new run, as for ``ledger.start``.
    """
    with outermost() as is_outermost, contextlib.ExitStack() as stack:
        new = functools.partial(begin, name, **options)
        yield (_open_run() or _new_run(stack, new)) if is_outermost else None


def _open_run() -> Run | None:
    try:
        return current_run()
    except LedgerError:
        return None


def _new_run(stack: contextlib.ExitStack, begin: Callable[[], Run]) -> Run | None:
    try:
        return stack.enter_context(begin())
    except LedgerError as error:
        warn_once(f"this training is not recorded: {error}")
        return None

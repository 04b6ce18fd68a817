"""What is said of a framework that is not installed, and of objects that are not its own."""

from __future__ import annotations

import contextlib

from ledger.errors import LedgerError


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ledger.writer.run import Run


class MissingFrameworkError(LedgerError, ImportError):  # type: ignore[misc]  # both have a path
    """A framework is not installed; an ``ImportError`` too, for code that goes on without it."""


@contextlib.contextmanager
def needs(extra: str) -> Iterator[None]:
    """Say which of our extras brings the framework that the block imports.

    Raises:
        MissingFrameworkError: it, or something it needs itself, is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"{error.name} is not installed"
        hint = f'pip install "experiment-ledger[{extra}]"'
        raise MissingFrameworkError(message, hint=hint) from error


def expect(subject: object, what: str, *methods: str) -> None:
    """See that ``subject`` is an object with ``methods``, by which ``what`` is known.

    Raises:
        LedgerError: it is something else, or the class of one.
    """
    if isinstance(subject, type) or not all(hasattr(subject, name) for name in methods):
        given = subject.__name__ if isinstance(subject, type) else repr(subject)[:60]
        kind = "a class" if isinstance(subject, type) else f"a {type(subject).__name__}"
        message = f"attach takes {what}, not {given} ({kind})"
        raise LedgerError(message, hint="give it the object itself, before the name of the run")


def run_or_name(given: Any) -> tuple[Run | None, str | None]:  # noqa: ANN401  # whatever was given
    """Return (run, None) of an open run, (None, name) of the name of a new one.

    Raises:
        LedgerError: it is neither.
    """
    if isinstance(given, str):
        return None, given
    if isinstance(given, type) or not (hasattr(given, "log") and hasattr(given, "is_open")):
        message = f"no run and no name of one: {repr(given)[:60]} (a {type(given).__name__})"
        raise LedgerError(message, hint="give what ledger.start returned, or a name as text")
    return given, None

"""What is said where a framework that is asked for is not installed."""

from __future__ import annotations

import contextlib

from ledger.errors import LedgerError


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


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

"""Errors a user can act on: each says what is wrong, where, and what to do.

``exit_code`` is the process exit code a command ends with (docs/format.md, "Exit codes").
"""

from __future__ import annotations


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class LedgerError(Exception):
    """Something the user can mend; bugs stay ordinary exceptions.

    Args:
        message: what is wrong, one line.
        hint: what to do, one imperative sentence, with the command when there is one.
        path: the file or folder concerned.
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str, path: object = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.path = path

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path is not None else ""
        return f"{where}{self.message} ({self.hint})"


class NoLedgerError(LedgerError):
    """No ledger, or no git repository, where one is needed."""


class UnknownNameError(LedgerError):
    """A run, metric or other name that the ledger does not hold, or an empty answer."""

    exit_code = 1


class NoDirectionError(LedgerError):
    """Nothing but its name says which way ``metric`` is better, where that is too little.

    Args:
        metric: printable.
        guess: what its name says: "min" or "max".
    """

    def __init__(self, metric: str, guess: str) -> None:
        settings = f'metrics = {{"{metric}" = "{guess}"}}'
        super().__init__(
            f"nothing but its name says which way {metric} is better",
            hint=f"add --direction {guess}, or write {settings} into the settings",
        )
        self.metric = metric


class UnreadableError(UnknownNameError):
    """Nothing could be read of what was asked about.

    Args:
        lines: what is wrong with each part of it; at least one.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__(
            "no record could be read", hint="mend the records, or restore them from git"
        )
        self.lines = tuple(lines)

    def __str__(self) -> str:
        more = f"; and {len(self.lines) - 1} more" if len(self.lines) > 1 else ""
        return f"{self.message}: {self.lines[0]}{more} ({self.hint})"


class MalformedError(LedgerError):
    """A file of the ledger that does not follow the format.

    Args:
        message: what is wrong.
        field: dotted path of the offending value (``columns.loss.role``), or None for the whole.
        line: 1-based line of the file, or None.
        hint: what to do.
        path: the file, filled in by whoever knows it.
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        line: int | None = None,
        hint: str = "restore the file from git, or leave the run out",
        path: object = None,
    ) -> None:
        super().__init__(message, hint=hint, path=path)
        self.field = field
        self.line = line

    def at(self, path: object) -> MalformedError:
        """Return the same error, located in the file ``path``."""
        return MalformedError(
            self.message, field=self.field, line=self.line, hint=self.hint, path=path
        )

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""
        where = f"{self.path}{line}: " if self.path is not None else ""
        field = f"{self.field}: " if self.field else ""
        return f"{where}{field}{self.message} ({self.hint})"


class GitError(LedgerError):
    """A git command failed for a reason that is not an answer."""

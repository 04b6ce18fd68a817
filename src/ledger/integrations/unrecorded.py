"""What stands for a run where there is none: it takes whatever a loop says, and keeps nothing."""

from __future__ import annotations


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self


class Unrecorded:
    """Stands for the run on a rank that is not recorded."""

    id = None
    dir = None
    is_open = False

    def __init__(self) -> None:
        self.sweep = UnrecordedSweep()

    def log(self, *_: object, **values: object) -> None:
        """Take a row."""

    def final(self, *_: object, **values: object) -> None:
        """Take final metrics."""

    def set_goals(self, goals: object) -> None:
        """Take goals."""

    def artifact(self, name: str, path: object, *, is_hashed: bool = True) -> None:
        """Take an artifact."""

    def before_seal(self, step: object) -> None:
        """Take what nobody will call: nothing is sealed."""

    def finish(self, status: str = "finished", error: object = None) -> None:
        """End nothing."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End nothing."""


class UnrecordedSweep:
    """Stands for the sweep of such a run."""

    n_trials = 0

    def describe(self, **facts: object) -> None:
        """Take what the sweep is about."""

    def begin(self, *_: object, **facts: object) -> UnrecordedAttempt:  # noqa: ARG002  # takes all
        """Begin nothing."""
        return UnrecordedAttempt()


class UnrecordedAttempt:
    """Stands for a trial of such a sweep."""

    def log(self, *_: object, **facts: object) -> None:
        """Take a row."""

    def end(self, *_: object, **facts: object) -> None:
        """End nothing."""

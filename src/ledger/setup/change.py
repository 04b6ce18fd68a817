"""What setting up did to one file."""

from __future__ import annotations

from ledger.value import value


@value
class Change:
    """One file that was written, or would have been had it not been right already."""

    path: str
    """As a user would name it: relative to the top of the repository where it lies in there."""
    action: str
    """created, updated, removed, restored."""
    what: str = ""
    """What it does, for a person; empty where the path says it."""

    def to_text(self) -> str:
        """Return one line."""
        return f"{self.action} {self.path}" + (f" ({self.what})" if self.what else "")

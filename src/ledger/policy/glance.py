"""Whether a commit can touch a run, by the names in it: the checks are imported only then.

The shell gate asks git the same by its patterns; under a framework there is no shell before us.
"""

from __future__ import annotations

from ledger.errors import GitError
from ledger.storage.tree import staged_changes


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.storage.git import Repository

_ATTRIBUTES = ".gitattributes"
_SHARED = {"code": ".manifest", "data": ".manifest", "environments": ".txt"}
"""Ending of the files that runs share, by their folder."""
_MONTH_LENGTH = len("2026-11")


def changes_at_a_glance(repository: Repository) -> dict[str, str] | None:
    """Return {path: status letter} of what is staged; None where git cannot say it so cheaply."""
    try:
        return staged_changes(repository, "HEAD")
    except GitError:
        return None


def may_touch_runs(path: str) -> bool:
    """Whether ``path`` may be of a run, shared by runs, or say how git stores them."""
    *folders, name = path.split("/")
    if name == _ATTRIBUTES or any(map(_is_month, folders)):
        return True
    return bool(folders) and name.endswith(_SHARED.get(folders[-1], "/"))


def _is_month(name: str) -> bool:
    digits = name[:4] + name[5:]
    return len(name) == _MONTH_LENGTH and name[4] == "-" and digits.isascii() and digits.isdigit()

"""What takes a change out of LED100, and leaves a trace: a label, or a trailer with a reason."""

from __future__ import annotations


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.storage.git import Repository

NO_EXPERIMENT = "no-experiment"
"""The label."""
SKIP = "Ledger-Skip"
"""The trailer, as in ``Ledger-Skip: only renames a variable``."""
_PLAIN = ("--no-show-signature", "--no-notes", "--no-color", "--encoding=UTF-8")


def reasons(repository: Repository, base: str, head: str) -> list[tuple[str, str]]:
    """Return (commit, reason) of every trailer of the commits of base..head, the oldest first.

    A trailer without a reason does not count.

    Raises:
        GitError: git does not know one of the commits.
    """
    form = f"--format=%H%n%(trailers:key={SKIP},valueonly,unfold)"
    listed = repository.git("log", "-z", "--reverse", form, *_PLAIN, head, f"^{base}", "--")
    found = []
    for part in listed.decode("utf-8", "replace").split("\0"):
        commit, *lines = part.split("\n")
        found += [(commit, line.strip()) for line in lines if line.strip()]
    return found

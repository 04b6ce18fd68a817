"""What is to be judged against what, as a CI provider or the command line says."""

from __future__ import annotations

from ledger.value import value


QUEUE = "merge_group"
"""The event of GitHub's merge queue, which tells no labels."""
GITHUB, GITLAB, NO_PROVIDER = "github", "gitlab", "none"


@value
class Request:
    """One judgement that is asked for."""

    base: str | None
    """Full id of the commit the change goes to; None: everything that head holds is judged."""
    head: str
    """Full id of the last commit of the change."""
    labels: frozenset[str] = frozenset()
    """Of the pull or merge request."""
    provider: str = NO_PROVIDER
    """github, gitlab or none."""
    event: str = "range"
    """What the provider calls it: pull_request, merge_group, push, merge_request, …"""
    is_integrity_only: bool = False
    """Whether LED100 is left out: a push to a branch, or a merge queue that tells no labels."""

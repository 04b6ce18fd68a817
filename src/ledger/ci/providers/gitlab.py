"""GitLab: the merge request or push that a pipeline runs for, from its variables."""

from __future__ import annotations

from ledger.ci.object_id import is_null, object_id
from ledger.ci.request import GITLAB, Request
from ledger.errors import LedgerError


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_WITHOUT_CHANGE = ("schedule", "web")
"""Pipelines of a branch as it is: everything there is judged."""
_PREFIX = "CI_MERGE_REQUEST_"


def gitlab_request(environ: Mapping[str, str]) -> Request:
    """Return what the variables of a pipeline ask for.

    Of a merged result or a merge train, the checkout is a merge that GitLab made: its own variables
    name both sides, which stay empty in a plain pipeline of a merge request.

    Raises:
        LedgerError: the pipeline brings nothing to judge, or a variable is missing or malformed.
    """
    source = environ.get("CI_PIPELINE_SOURCE", "")
    if source == "merge_request_event":
        return _merge_request(environ)
    if source == "push":
        base = object_id(environ.get("CI_COMMIT_BEFORE_SHA"), "CI_COMMIT_BEFORE_SHA")
        return Request(
            base=None if is_null(base) else base,
            head=object_id(environ.get("CI_COMMIT_SHA"), "CI_COMMIT_SHA"),
            provider=GITLAB,
            event="push",
            is_integrity_only=True,
        )
    if source in _WITHOUT_CHANGE:
        head = object_id(environ.get("CI_COMMIT_SHA"), "CI_COMMIT_SHA")
        return Request(base=None, head=head, provider=GITLAB, event=source, is_integrity_only=True)
    message = f"a pipeline of source {source!r} does not say what is to be judged"
    raise LedgerError(message, hint="name the commits yourself: --base COMMIT --head COMMIT")


def _merge_request(environ: Mapping[str, str]) -> Request:
    labels = environ.get(f"{_PREFIX}LABELS", "").split(",")
    return Request(
        base=_first(environ, f"{_PREFIX}TARGET_BRANCH_SHA", f"{_PREFIX}DIFF_BASE_SHA"),
        head=_first(environ, f"{_PREFIX}SOURCE_BRANCH_SHA", "CI_COMMIT_SHA"),
        labels=frozenset(label.strip() for label in labels if label.strip()),
        provider=GITLAB,
        event=environ.get(f"{_PREFIX}EVENT_TYPE") or "merge_request",
    )


def _first(environ: Mapping[str, str], name: str, otherwise: str) -> str:
    """Return the id in the variable ``name``, or in ``otherwise`` where that is empty."""
    name = name if environ.get(name) else otherwise
    return object_id(environ.get(name), name)

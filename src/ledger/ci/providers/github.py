"""GitHub: the event that a workflow runs for, from the file that the runner wrote."""

from __future__ import annotations

from ledger.ci.object_id import is_null, object_id
from ledger.ci.request import GITHUB, QUEUE, Request
from ledger.contract.json_text import MAX_BYTES, as_list, as_object, as_text, parse_json
from ledger.errors import LedgerError, MalformedError


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json

_WITHOUT_CHANGE = ("schedule", "workflow_dispatch")
"""Events of a branch as it is: everything there is judged."""
_BY_HAND = "name the commits yourself: --base COMMIT --head COMMIT"


def github_request(environ: Mapping[str, str]) -> Request:
    """Return what the event of a workflow asks for.

    The checkout is not asked: of a pull request it is a merge that GitHub made.

    Raises:
        LedgerError: the event brings nothing to judge, or its file is missing or malformed.
    """
    name = environ.get("GITHUB_EVENT_NAME", "")
    if name == "pull_request_target":
        message = "pull_request_target has rights that strangers' changes must not come near"
        raise LedgerError(message, hint="use `on: pull_request`")
    if name in _WITHOUT_CHANGE:
        return Request(
            base=None,
            head=object_id(environ.get("GITHUB_SHA"), "GITHUB_SHA"),
            provider=GITHUB,
            event=name,
            is_integrity_only=True,
        )
    if name not in _READERS:
        message = f"the event {name!r} does not say what is to be judged"
        raise LedgerError(message, hint=_BY_HAND)
    return _READERS[name](_event(environ))


def _event(environ: Mapping[str, str]) -> dict[str, Json]:
    path = environ.get("GITHUB_EVENT_PATH", "")
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
        return as_object(parse_json(data))
    except OSError as error:
        message = f"the event (GITHUB_EVENT_PATH) cannot be read: {error.strerror}"
        raise LedgerError(message, hint=_BY_HAND) from error
    except MalformedError as error:
        message = f"the event (GITHUB_EVENT_PATH) is malformed: {error.message}"
        raise LedgerError(message, hint=_BY_HAND) from error


def _pull_request(event: Mapping[str, Json]) -> Request:
    pull = as_object(event.get("pull_request"))
    names = (as_text(as_object(label).get("name")) for label in as_list(pull.get("labels")))
    return Request(
        base=_sha(pull, "pull_request", "base"),
        head=_sha(pull, "pull_request", "head"),
        labels=frozenset(name for name in names if name),
        provider=GITHUB,
        event="pull_request",
    )


def _merge_group(event: Mapping[str, Json]) -> Request:
    group = as_object(event.get("merge_group"))
    return Request(
        base=object_id(group.get("base_sha"), "merge_group.base_sha"),
        head=object_id(group.get("head_sha"), "merge_group.head_sha"),
        provider=GITHUB,
        event=QUEUE,
        is_integrity_only=True,  # the labels of its pull requests are not told
    )


def _push(event: Mapping[str, Json]) -> Request:
    head = object_id(event.get("after"), "after")
    base = object_id(event.get("before"), "before")
    if is_null(head):
        message = "the push deletes a branch, so there is nothing to judge"
        raise LedgerError(message, hint="leave this event out")
    return Request(
        base=None if is_null(base) or event.get("forced") is True else base,
        head=head,
        provider=GITHUB,
        event="push",
        is_integrity_only=True,
    )


def _sha(pull: Mapping[str, Json], name: str, side: str) -> str:
    return object_id(as_object(pull.get(side)).get("sha"), f"{name}.{side}.sha")


_READERS = {"pull_request": _pull_request, QUEUE: _merge_group, "push": _push}

"""What providers say of a change, by their variables and event files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ledger.ci.providers.github import github_request
from ledger.ci.providers.gitlab import gitlab_request
from ledger.ci.request import Request
from ledger.errors import LedgerError


if TYPE_CHECKING:
    from pathlib import Path

A, B, C, NULL = "a" * 40, "b" * 40, "c" * 40, "0" * 40
PULL = {
    "after": C,
    "pull_request": {
        "base": {"sha": A, "ref": "main"},
        "head": {"sha": B, "ref": "-x\n"},
        "labels": [{"name": "no-experiment"}, {"name": "bug\n::error::x"}, {"id": 3}, None],
        "merge_commit_sha": C,
        "title": "\ud83d\ude00 ::set-output name=x::y",
    },
}


def github(tmp_path: Path, name: str, event: Any, **more: str) -> Request:
    path = tmp_path / "event.json"
    path.write_bytes(event if isinstance(event, bytes) else json.dumps(event).encode())
    return github_request({"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path)} | more)


def test_a_pull_request_is_its_own_head_against_its_base(tmp_path: Path) -> None:
    """The checkout, GITHUB_SHA, is a merge commit; it is never asked."""
    assert github(tmp_path, "pull_request", PULL, GITHUB_SHA=C) == Request(
        base=A,
        head=B,
        labels=frozenset({"no-experiment", "bug\n::error::x"}),
        provider="github",
        event="pull_request",
    )


def test_a_merge_queue_knows_no_labels_so_only_integrity_is_judged(tmp_path: Path) -> None:
    event = {"merge_group": {"base_sha": A, "head_sha": B, "head_ref": "refs/heads/gh-readonly"}}
    assert github(tmp_path, "merge_group", event) == Request(
        base=A, head=B, provider="github", event="merge_group", is_integrity_only=True
    )


@pytest.mark.parametrize(
    ("event", "base"),
    [
        ({"before": A, "after": B, "forced": False}, A),
        ({"before": NULL, "after": B, "created": True}, None),
        ({"before": A, "after": B, "forced": True}, None),
        ({"before": "a" * 64, "after": "b" * 64}, "a" * 64),
    ],
)
def test_a_push_is_what_came_after_what_was_there(
    tmp_path: Path, event: dict[str, Any], base: str | None
) -> None:
    assert github(tmp_path, "push", event) == Request(
        base=base, head=event["after"], provider="github", event="push", is_integrity_only=True
    )


@pytest.mark.parametrize(
    ("name", "event", "said"),
    [
        ("pull_request", {}, "pull_request.base.sha holds no commit id"),
        ("pull_request", [], "pull_request.base.sha"),
        ("pull_request", {"pull_request": {"base": {"sha": "main"}}}, "base.sha"),
        ("pull_request", {"pull_request": {"base": {"sha": "--upload-pack=x"}}}, "base.sha"),
        ("pull_request", {"pull_request": {"base": {"sha": A + "\n"}}}, "base.sha"),
        ("pull_request", {"pull_request": {"base": {"sha": A.upper()}}}, "base.sha"),
        ("pull_request", {"pull_request": {"base": {"sha": A}, "head": [B]}}, "head.sha"),
        ("merge_group", {"merge_group": {"base_sha": A}}, "head_sha"),
        ("push", {"before": A}, "after holds no commit id"),
        ("push", {"before": A, "after": NULL}, "deletes a branch"),
        ("pull_request_target", PULL, "use `on: pull_request`"),
        ("issue_comment", {}, "'issue_comment' does not say"),
        ("schedule", {}, "GITHUB_SHA holds no commit id"),
        ("", {}, "does not say"),
        ("push", b'{"after": "x", "after": "y"}', "the key stands twice"),
        ("push", b"\xff\xfe{}", "is not UTF-8"),
        ("push", b"\xef\xbb\xbf{}", "byte order mark"),
        ("push", b"[" * 200_000, "nested deeper"),
        ("push", b'{"a": ' + b"9" * 5000 + b"}", "integer of 5000 digits"),
        ("push", b'{"a": NaN}', "bare NaN"),
        ("push", b" " * (16 * 1024 * 1024 + 1), "the limit is"),
        ("push", b"", "is not JSON"),
    ],
    ids=range(22),
)
def test_an_event_that_says_nothing_usable_cannot_be_judged(
    tmp_path: Path, name: str, event: Any, said: str
) -> None:
    with pytest.raises(LedgerError) as caught:
        github(tmp_path, name, event)
    assert said in str(caught.value)


def test_an_event_file_that_is_missing_cannot_be_judged() -> None:
    for path in ({}, {"GITHUB_EVENT_PATH": "/nowhere/event.json"}):
        with pytest.raises(LedgerError, match="GITHUB_EVENT_PATH"):
            github_request({"GITHUB_EVENT_NAME": "push"} | path)


def test_where_there_is_no_change_everything_is_judged(tmp_path: Path) -> None:
    for name in ("schedule", "workflow_dispatch"):
        request = github(tmp_path, name, {}, GITHUB_SHA=B)
        assert (None, B, True) == (request.base, request.head, request.is_integrity_only)
    for source in ("schedule", "web"):
        request = gitlab_request({"CI_PIPELINE_SOURCE": source, "CI_COMMIT_SHA": B})
        assert (None, B, True) == (request.base, request.head, request.is_integrity_only)


MERGE_REQUEST = {
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_COMMIT_SHA": B,
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": A,
    "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "",
    "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": "",
}


@pytest.mark.parametrize(
    ("variables", "base", "head", "event"),
    [
        ({}, A, B, "merge_request"),
        ({"CI_MERGE_REQUEST_EVENT_TYPE": "detached"}, A, B, "detached"),
        (
            {
                "CI_COMMIT_SHA": "d" * 40,
                "CI_MERGE_REQUEST_EVENT_TYPE": "merge_train",
                "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": B,
                "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": C,
            },
            C,
            B,
            "merge_train",
        ),
    ],
)
def test_a_merge_request_is_told_by_variables(
    variables: dict[str, str], base: str, head: str, event: str
) -> None:
    environ = MERGE_REQUEST | variables | {"CI_MERGE_REQUEST_LABELS": "no-experiment, bug,"}
    assert gitlab_request(environ) == Request(
        base=base,
        head=head,
        labels=frozenset({"no-experiment", "bug"}),
        provider="gitlab",
        event=event,
    )


@pytest.mark.parametrize(("before", "base"), [(A, A), (NULL, None)])
def test_a_push_to_gitlab_is_judged_for_integrity(before: str, base: str | None) -> None:
    environ = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BEFORE_SHA": before, "CI_COMMIT_SHA": B}
    assert gitlab_request(environ) == Request(
        base=base, head=B, provider="gitlab", event="push", is_integrity_only=True
    )


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"CI_MERGE_REQUEST_DIFF_BASE_SHA": ""}, "CI_MERGE_REQUEST_DIFF_BASE_SHA holds no commit"),
        ({"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "main"}, "SOURCE_BRANCH_SHA holds no commit"),
        ({"CI_PIPELINE_SOURCE": "chat"}, "'chat' does not say"),
        ({"CI_PIPELINE_SOURCE": "push"}, "CI_COMMIT_BEFORE_SHA holds no commit"),
    ],
)
def test_a_pipeline_that_says_nothing_usable_cannot_be_judged(
    variables: dict[str, str], said: str
) -> None:
    with pytest.raises(LedgerError, match=said):
        gitlab_request(MERGE_REQUEST | variables)

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ledger.storage.bare import find_objects
from ledger.storage.git import clean_environment
from ledger.storage.refs import find_ref, list_refs
from make_repo import commit_files, git, make_repo


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.storage.refs import Ref


def refs_of(repo: Path) -> list[Ref]:
    return list_refs(find_objects(str(repo), clean_environment(os.environ)))


def test_branches_remote_branches_and_tags_are_listed_with_their_commits(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a": "a"})
    first = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "tag", "plain")
    git(repo, "tag", "-a", "-m", "told", "annotated")
    git(repo, "update-ref", "refs/remotes/origin/x", "HEAD")
    git(repo, "update-ref", "refs/ledger/a_snapshot", "HEAD")
    git(repo, "branch", "exp/ü")
    second = commit_files(repo, {"b": "b"})

    found = [(ref.name, ref.short, ref.commit, ref.is_current) for ref in refs_of(repo)]

    assert [
        ("refs/heads/exp/ü", "exp/ü", first, False),
        ("refs/heads/main", "main", second, True),
        ("refs/remotes/origin/x", "origin/x", first, False),
        ("refs/tags/annotated", "annotated", first, False),
        ("refs/tags/plain", "plain", first, False),
    ] == found


def test_tags_of_other_things_than_commits_are_left_out(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a": "a"})
    git(repo, "tag", "a-tree", "HEAD^{tree}")
    git(repo, "tag", "-a", "-m", "told", "a-file", "HEAD:a")

    assert ["main"] == [ref.short for ref in refs_of(repo)]


def test_a_repository_without_commits_has_no_refs(tmp_path: Path) -> None:
    assert [] == refs_of(make_repo(tmp_path))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("both", "refs/heads/both"),
        ("refs/tags/both", "refs/tags/both"),
        ("origin/both", "refs/remotes/origin/both"),
        ("only-tag", "refs/tags/only-tag"),
        ("--all", "refs/heads/--all"),
        ("bot", None),
    ],
)
def test_a_name_is_a_branch_first(tmp_path: Path, wanted: str, expected: str | None) -> None:
    repo = make_repo(tmp_path, {"a": "a"})
    for name in ("heads/both", "heads/--all", "remotes/origin/both", "tags/both", "tags/only-tag"):
        git(repo, "update-ref", f"refs/{name}", "HEAD")

    found = find_ref(refs_of(repo), wanted)

    assert expected == (found and found.name)

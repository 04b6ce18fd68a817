"""Differences of trees, read from git's raw form."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ledger.errors import GitError
from ledger.storage.differences import changes_of_commits, differences, index_lines
from ledger.storage.git import (
    clean_environment,
    find_repository,
    hook_environment,
    user_environment,
)
from ledger.storage.tree import TreeEntry
from make_repo import commit_files, git, make_repo


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.storage.git import Repository

ODD = 'a\tb "c" \udcff ä\n.py'


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path, {"same.txt": "1\n", "changed.txt": "1\n", "gone.txt": "1\n"})


def at(repo: Path) -> Repository:
    return find_repository(str(repo), clean_environment(os.environ))


def test_added_changed_and_removed_paths_have_both_sides(repo: Path) -> None:
    first = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "rm", "--quiet", "gone.txt")
    commit_files(repo, {"changed.txt": "2\n", "new.txt": "2\n"})
    found = differences(at(repo), "diff-tree", first, "HEAD")
    assert {"changed.txt": "M", "gone.txt": "D", "new.txt": "A"} == {
        path: one.status for path, one in found.items()
    }
    assert None is found["new.txt"].old
    assert None is found["gone.txt"].new
    now = git(repo, "rev-parse", "HEAD:changed.txt").strip()
    assert TreeEntry(mode="100644", oid=now) == found["changed.txt"].new


def test_the_index_is_compared_without_what_is_only_meant_to_be_added(repo: Path) -> None:
    (repo / "meant.txt").write_text("1\n")
    git(repo, "add", "--intent-to-add", "meant.txt")
    (repo / "staged.txt").write_text("1\n")
    git(repo, "add", "staged.txt")
    found = differences(at(repo), "diff-index", "--cached", "--ita-invisible-in-index", "HEAD")
    assert ["staged.txt"] == [*found]


def test_a_tree_that_is_not_there_is_an_error(repo: Path) -> None:
    with pytest.raises(GitError):
        differences(at(repo), "diff-tree", "1" * 40, "HEAD")


def test_many_commits_are_told_at_once(repo: Path) -> None:
    first = git(repo, "rev-parse", "HEAD").strip()
    second = commit_files(repo, {"a.txt": "1\n", "b.txt": "1\n"})
    empty = commit_files(repo, {})
    third = commit_files(repo, {"a.txt": "2\n"})
    found = changes_of_commits(at(repo), [third, first, "1" * 40, empty, second, third])
    assert {
        third: ["a.txt"],
        first: ["changed.txt", "gone.txt", "same.txt"],
        second: ["a.txt", "b.txt"],
    } == {commit: [*paths] for commit, paths in found.items()}


def test_no_commits_ask_nothing(repo: Path) -> None:
    assert {} == changes_of_commits(at(repo), [])


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_lines_for_the_index_put_in_and_take_out(tmp_path: Path, object_format: str) -> None:
    repo = make_repo(tmp_path, {"place": "file\n"}, object_format=object_format)
    repository = at(repo)
    oid = git(repo, "rev-parse", "HEAD:place").strip()
    # a folder takes the place of a file
    wanted = {"place/below": TreeEntry(mode="100755", oid=oid), "place": None, ODD: None}
    lines = index_lines(wanted, repository.object_format)
    repository.git("update-index", "-z", "--index-info", stdin=lines)
    assert f"100755 {oid} 0\tplace/below\n" == git(repo, "ls-files", "--stage")


def test_odd_names_survive(repo: Path) -> None:
    repository = at(repo)
    oid = git(repo, "rev-parse", "HEAD:same.txt").strip()
    lines = index_lines({ODD: TreeEntry(mode="100644", oid=oid)}, "sha1")
    repository.git("update-index", "-z", "--index-info", stdin=lines)
    assert [ODD] == [*differences(repository, "diff-index", "--cached", "HEAD")]


def test_the_users_environment_keeps_what_is_the_users() -> None:
    environ = {
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_EDITOR": "vi",
        "LC_ALL": "de_DE.UTF-8",
        "GIT_DIR": "/elsewhere",
        "GIT_INDEX_FILE": "/elsewhere/index",
        "GIT_LITERAL_PATHSPECS": "1",
    }
    kept = user_environment(environ)
    assert {"GIT_AUTHOR_NAME", "GIT_EDITOR", "LC_ALL"} == set(kept)
    assert "GIT_DIR" in hook_environment(environ)

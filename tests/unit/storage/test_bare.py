from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ledger.errors import NoLedgerError
from ledger.storage.bare import find_bare, find_objects, is_partial, is_shallow
from ledger.storage.git import clean_environment, find_repository
from make_repo import commit_files, git, make_repo


if TYPE_CHECKING:
    from pathlib import Path

ENV = clean_environment(os.environ)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    made = make_repo(tmp_path, {"a": "a"})
    commit_files(made, {"b": "b"})
    git(made, "config", "uploadpack.allowFilter", "true")
    return made


def clone(repo: Path, *options: str) -> Path:
    git(repo.parent, "clone", "-q", *options, f"file://{repo}", "copy")
    return repo.parent / "copy"


@pytest.mark.parametrize("below", ["", "objects", "refs/heads"])
def test_a_bare_repository_is_found_from_anywhere_in_it(repo: Path, below: str) -> None:
    bare = clone(repo, "--bare")

    found = find_objects(str(bare / below), ENV)

    assert (str(bare), str(bare), True) == (found.top, found.common_dir, found.is_bare)
    assert git(repo, "rev-parse", "HEAD").encode() == found.git("rev-parse", "HEAD")


def test_recording_still_refuses_a_bare_repository(repo: Path) -> None:
    with pytest.raises(NoLedgerError, match="go to a clone that has files"):
        find_repository(str(clone(repo, "--bare")), ENV)


def test_a_clone_with_files_is_not_bare_nor_is_its_git_directory(repo: Path) -> None:
    git(repo, "worktree", "add", "-q", "../tree")

    places = [repo, repo / ".git", repo / ".git" / "objects", repo.parent / "tree", repo.parent]

    assert [None] * 5 == [find_bare(str(place)) for place in places]
    assert not find_objects(str(repo), ENV).is_bare


def test_a_folder_outside_any_repository_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoLedgerError, match="not a git repository"):
        find_objects(str(tmp_path), ENV)


def test_a_bare_repository_below_a_working_tree_goes_first(repo: Path) -> None:
    git(repo, "init", "-q", "--bare", "backup.git")

    assert str(repo / "backup.git") == find_bare(str(repo / "backup.git"))


def test_what_a_clone_lacks_is_seen(repo: Path) -> None:
    shallow = find_objects(str(clone(repo, "--depth", "1")), ENV)
    git(repo.parent, "clone", "-q", "--filter=blob:none", f"file://{repo}", "partial")
    partial = find_objects(str(repo.parent / "partial"), ENV)
    whole = find_objects(str(repo), ENV)

    assert [(True, False), (False, True), (False, False)] == [
        (is_shallow(each), is_partial(each)) for each in (shallow, partial, whole)
    ]


def test_nothing_is_fetched_for_a_question(repo: Path) -> None:
    git(repo.parent, "clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{repo}", "part")
    found = find_objects(str(repo.parent / "part"), ENV)

    assert found.ask("cat-file", "-p", "HEAD:a").code != 0


def test_a_folder_that_only_looks_a_little_like_a_repository_is_none(tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    (tmp_path / "refs").write_text("not a folder")
    (tmp_path / "HEAD").write_text("ref: refs/heads/main")

    assert find_bare(str(tmp_path)) is None

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ledger.errors import GitError
from ledger.storage.bare import find_objects
from ledger.storage.folders import (
    SUBFOLDER,
    changed_folders,
    list_folders,
    oid_of,
    why_no_file,
)
from ledger.storage.git import clean_environment
from make_repo import commit_files, git, make_repo


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.storage.folders import Folders
    from ledger.storage.git import Repository


def opened(repo: Path) -> Repository:
    return find_objects(str(repo), clean_environment(os.environ))


def tree_of(repo: Path, revision: str = "HEAD") -> str:
    return git(repo, "rev-parse", f"{revision}^{{tree}}").strip()


def names(folders: Folders) -> dict[str, list[str]]:
    return {folder: sorted(entries) for folder, entries in folders.items()}


def test_every_folder_is_listed_with_what_lies_in_it(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"m/r/run.json": "{}", 'm/r/s/"ü\n\t': "x", "top": "y"})

    found = list_folders(opened(repo), tree_of(repo))

    assert {
        "": ["m", "top"],
        "m": ["r"],
        "m/r": ["run.json", "s"],
        "m/r/s": ['"ü\n\t'],
    } == names(found)
    assert found["m/r"]["s"] == SUBFOLDER
    assert git(repo, "rev-parse", "HEAD:top").strip() == oid_of(found[""]["top"])


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("120000", "a symbolic link"), ("160000", "a submodule"), ("100644", None), ("100755", None)],
)
def test_what_is_no_file_is_told(tmp_path: Path, mode: str, kind: str | None) -> None:
    repo = make_repo(tmp_path, {"a": "a"})
    oid = git(repo, "rev-parse", "HEAD" if mode == "160000" else "HEAD:a").strip()
    git(repo, "update-index", "--add", "--cacheinfo", f"{mode},{oid},d/x")
    git(repo, "commit", "-qm", "x")

    found = list_folders(opened(repo), tree_of(repo))

    assert kind == why_no_file(found["d"]["x"])
    assert why_no_file(found[""]["d"]) == "a folder"


def test_of_other_trees_only_the_folders_that_differ_come(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"m/a/x": "1", "m/a/y": "1", "m/b/x": "1", "m/c/x": "1"})
    base = tree_of(repo)
    commit_files(repo, {"m/a/x": "2", "m/d/x": "1"})
    git(repo, "rm", "-rq", "m/b")
    git(repo, "commit", "-qm", "x")
    other = tree_of(repo)
    git(repo, "update-index", "--chmod=+x", "m/c/x")
    git(repo, "commit", "-qm", "x")
    third = tree_of(repo)
    repository = opened(repo)
    listed = list_folders(repository, base)

    found = dict(changed_folders(repository, (base, listed), [other, third]))

    assert {"m/a": ["x", "y"], "m/b": [], "m/d": ["x"]} == names(found[other])
    assert {"m/a", "m/b", "m/c", "m/d"} == set(found[third])
    for tree in (other, third):
        whole = list_folders(repository, tree)
        assert all(whole.get(name, {}) == each for name, each in found[tree].items())
    assert ["x", "y"] == sorted(listed["m/a"])


def test_a_tree_that_differs_in_nothing_comes_empty(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"m/a/x": "1"})
    repository, tree = opened(repo), tree_of(repo)
    base = (tree, list_folders(repository, tree))

    assert [(tree, {}), (tree, {})] == list(changed_folders(repository, base, [tree, tree]))
    assert [] == list(changed_folders(repository, base, []))


def test_a_tree_that_git_lacks_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GitError):
        list_folders(opened(make_repo(tmp_path, {"a": "a"})), "1" * 40)

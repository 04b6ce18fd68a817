"""The same reads over a working tree, the index, or a commit."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.errors import GitError
from ledger.storage.files import replace_file
from ledger.storage.git import clean_environment, find_repository
from ledger.storage.tree import (
    IndexTree,
    RevisionTree,
    TreeEntry,
    WorkTree,
    read_blobs,
    staged_changes,
)
from make_repo import commit_files, git, make_repo, write_files


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ledger.storage.git import Repository
    from ledger.storage.tree import Tree

WEIRD = [
    "with space",
    " leading",
    "trailing ",
    "tab\there",
    "new\nline",
    'quote"d',
    "apostrophe's",
    "back\\slash",
    "-dash",
    "glob*",
    "glob?",
    "[ab]",
    ":(top)magic",
    "!bang",
    "umläut",
    "😀",
    "e\u0301",
    "\udcff\udcfe",
    "HEAD",
    "main",
    "\x01\x7f",
]
FILES = {
    "ledger/2026-02/a/run.json": "{}\n",
    "ledger/2026-02/a/metrics.csv": b"epoch,loss\n0,\xff\r\n",
    "ledger/empty": "",
    "train.py": "print()\n",
}


def repository(repo: Path) -> Repository:
    return find_repository(str(repo), clean_environment(os.environ))


def trees(repo: Path) -> dict[str, Tree]:
    found = repository(repo)
    return {
        "index": IndexTree(found),
        "commit": RevisionTree(found, "HEAD"),
    }


def contents(tree: Tree) -> dict[str, bytes]:
    return tree.read(tree.entries())


def as_bytes(files: Mapping[str, str | bytes]) -> dict[str, bytes]:
    return {
        path: item if isinstance(item, bytes) else item.encode() for path, item in files.items()
    }


# -- the three agree


def test_work_tree_index_and_commit_hold_the_same(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, FILES)
    inside = {path: data for path, data in as_bytes(FILES).items() if path.startswith("ledger/")}
    assert inside == contents(WorkTree(str(repo), str(repo / "ledger")))
    assert as_bytes(FILES) == contents(IndexTree(repository(repo)))
    assert as_bytes(FILES) == contents(RevisionTree(repository(repo), "HEAD"))
    assert inside == contents(RevisionTree(repository(repo), "HEAD", "ledger"))


def test_names_that_git_would_quote_are_kept(tmp_path: Path) -> None:
    files = {f"ledger/{name}": f"{place}" for place, name in enumerate(WEIRD)}
    repo = make_repo(
        tmp_path, {**files, **{name: name.encode("utf-8", "surrogateescape") for name in WEIRD}}
    )
    work = WorkTree(str(repo), str(repo / "ledger"))
    assert as_bytes(files) == contents(work)
    for name, tree in trees(repo).items():
        assert set(files) | set(WEIRD) == set(tree.entries()), name
        assert as_bytes(files) == tree.read(files), name
    assert as_bytes(files) == contents(RevisionTree(repository(repo), "HEAD", "ledger"))


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.binary(min_size=1, max_size=6)
        .filter(lambda raw: not set(raw) & {0, 47} and raw not in {b".", b"..", b".git", b".GIT"})
        .map(os.fsdecode),
        st.binary(max_size=40),
        min_size=1,
        max_size=5,
    ),
    st.integers(0, 10**9),
)
def test_any_name_and_any_content_survive(
    tmp_path: Path, files: dict[str, bytes], number: int
) -> None:
    made = tmp_path / str(number)
    if made.exists():
        return
    below = {f"ledger/x{name}": data for name, data in files.items()}
    repo = make_repo(made, below)
    assert below == contents(WorkTree(str(repo), str(repo / "ledger")))
    for tree in trees(repo).values():
        assert below == contents(tree)


def test_modes_are_told_alike(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"ledger/plain": "x"})
    write_files(repo, {"ledger/script": "x"})
    (repo / "ledger" / "script").chmod(0o755)
    (repo / "ledger" / "link").symlink_to("plain")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "modes")
    expected = {"ledger/plain": "100644", "ledger/script": "100755", "ledger/link": "120000"}
    for tree in (WorkTree(str(repo), str(repo / "ledger")), *trees(repo).values()):
        assert expected == {path: entry.mode for path, entry in tree.entries().items()}
        assert {"ledger/plain", "ledger/script"} == set(contents(tree))


def test_submodule_is_told_and_never_read(tmp_path: Path) -> None:
    inner = make_repo(tmp_path, {"x": "x"}, name="inner")
    repo = make_repo(tmp_path, {"a": "a"})
    git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub")
    git(repo, "commit", "-qm", "submodule")
    for tree in trees(repo).values():
        assert "160000" == tree.entries()["sub"].mode
        assert {} == tree.read(["sub"])


def test_paths_that_are_not_there_are_left_out(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a": "a"})
    for tree in (WorkTree(str(repo), str(repo)), *trees(repo).values()):
        assert {"a": b"a"} == tree.read(["a", "gone", "gone/too", "a/below"])


# -- what each of them is


def test_index_holds_what_is_staged_and_not_the_disk(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a": "committed", "b": "b"})
    write_files(repo, {"a": "staged"})
    git(repo, "add", "a")
    write_files(repo, {"a": "edited", "untracked": "x"})
    git(repo, "rm", "-q", "--cached", "b")
    assert {"a": b"staged"} == contents(IndexTree(repository(repo)))
    assert {"a": b"committed", "b": b"b"} == contents(RevisionTree(repository(repo), "HEAD"))
    assert b"edited" == WorkTree(str(repo), str(repo)).read(["a"])["a"]


def test_index_is_the_one_of_the_environment(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a": "old"})
    other = tmp_path / "other-index"
    write_files(repo, {"a": "new"})
    git(repo, "add", "a", env={"GIT_INDEX_FILE": str(other)})
    env = {**clean_environment(os.environ), "GIT_INDEX_FILE": str(other)}
    assert {"a": b"new"} == contents(IndexTree(find_repository(str(repo), env)))
    assert {"a": b"old"} == contents(IndexTree(repository(repo)))


def test_empty_repository_has_an_empty_index(tmp_path: Path) -> None:
    assert {} == IndexTree(repository(make_repo(tmp_path))).entries()


def test_unmerged_path_is_told_once(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a": "base"})
    git(repo, "switch", "-qc", "side")
    commit_files(repo, {"a": "side"})
    git(repo, "switch", "-q", "main")
    commit_files(repo, {"a": "main"})
    assert repository(repo).ask("merge", "-q", "side").code
    assert {"a": b"base"} == contents(IndexTree(repository(repo)))


def test_entries_of_index_and_commit_carry_the_id_of_the_content(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a": "hello"})
    entry = TreeEntry(mode="100644", oid="b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0")
    for tree in trees(repo).values():
        assert {"a": entry} == tree.entries()
    assert {"a": TreeEntry(mode="100644", oid=None)} == {
        path: entry
        for path, entry in WorkTree(str(repo), str(repo)).entries().items()
        if not path.startswith(".git/")
    }


def test_prefix_is_a_name_and_no_pattern(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a*/x": "1", "ab/x": "2", "[a]/x": "3", "a/x": "4"})
    for prefix in ("a*", "[a]"):
        assert [f"{prefix}/x"] == list(RevisionTree(repository(repo), "HEAD", prefix).entries())


def test_prefix_that_is_not_there_is_an_empty_tree(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a": "a", "ledgers/x": "x"})
    assert {} == RevisionTree(repository(repo), "HEAD", "ledger").entries()


def test_unknown_commit_is_an_error(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a": "a"})
    with pytest.raises(GitError):
        RevisionTree(repository(repo), "gone").entries()


# -- the working tree


def test_missing_folder_is_an_empty_tree(tmp_path: Path) -> None:
    assert {} == WorkTree(str(tmp_path), str(tmp_path / "gone")).entries()


def test_linked_folder_is_told_and_not_entered(tmp_path: Path) -> None:
    write_files(tmp_path, {"ledger/a": "a", "elsewhere/b": "b"})
    (tmp_path / "ledger" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "ledger" / "loop").symlink_to(tmp_path / "ledger")
    tree = WorkTree(str(tmp_path), str(tmp_path / "ledger"))
    assert {"ledger/a": "100644", "ledger/link": "120000", "ledger/loop": "120000"} == {
        path: entry.mode for path, entry in tree.entries().items()
    }
    assert {"ledger/a": b"a"} == contents(tree)


def test_paths_are_relative_to_the_top_behind_a_symbolic_link(tmp_path: Path) -> None:
    """git names the top by its real path; the folder of the settings may be reached by a link."""
    repo = make_repo(tmp_path, {"project/ledger/a": "a"})
    (tmp_path / "link").symlink_to(repo / "project")
    tree = WorkTree(str(repo), str(tmp_path / "link" / "ledger"))
    assert {"project/ledger/a": b"a"} == contents(tree)


def test_pipe_is_told_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    tree = WorkTree(str(tmp_path), str(tmp_path))
    assert "000000" == tree.entries()["pipe"].mode
    assert {} == tree.read(["pipe"])


def test_file_that_vanishes_hides_no_other_file(tmp_path: Path) -> None:
    """A live run replaces run.json all the time; its temporary file may be gone any moment."""
    write_files(tmp_path, {f"ledger/{place:03d}": "x" for place in range(50)})
    expected = {f"ledger/{place:03d}" for place in range(50)}
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.is_set():
            replace_file(str(tmp_path / "ledger" / "000"), b"x", is_durable=False)

    writers = [threading.Thread(target=rewrite)]
    for writer in writers:
        writer.start()
    try:
        tree = WorkTree(str(tmp_path), str(tmp_path / "ledger"))
        for _ in range(400):
            assert expected <= set(tree.entries()) | {"ledger/000"}
    finally:
        stop.set()
        for writer in writers:
            writer.join()


# -- blobs and changes


def test_blobs_are_read_by_id_and_absent_ones_left_out(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a": b"\0\n\nbinary\n", "b": "", "c": "x" * 300_000})
    found = repository(repo)
    oids = {path: git(repo, "rev-parse", f"HEAD:{path}").strip() for path in "abc"}
    wanted = [*oids.values(), "0" * 40, oids["a"]]
    assert {oids["a"]: b"\0\n\nbinary\n", oids["b"]: b"", oids["c"]: b"x" * 300_000} == read_blobs(
        found, wanted
    )
    assert {} == read_blobs(found, [])


def test_five_mebibytes_and_thousands_of_files_are_read_at_once(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        f"ledger/{place:04d}": f"{place}" * 500 for place in range(3000)
    }
    repo = make_repo(tmp_path, {})
    write_files(repo, files)
    git(repo, "add", "-A")
    read = contents(IndexTree(repository(repo)))
    assert as_bytes(files) == read
    assert sum(map(len, read.values())) > 5 * 1024 * 1024


def test_damaged_object_is_an_error_and_never_a_wrong_answer(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a": "hello"})
    loose = repo / ".git" / "objects" / "b6" / "fc4c620b67d95f953a5c1c1230aaab5db5a1b0"
    loose.chmod(0o644)
    loose.write_bytes(b"garbage")
    with contextlib.suppress(GitError):  # an error and nothing are answers; content is none
        assert {} == IndexTree(repository(repo)).read(["a"])


def test_staged_changes_are_told_by_letter(tmp_path: Path) -> None:
    repo = make_repo(
        tmp_path, {"kept": "x", "changed": "x", "gone": "y" * 99, "typed": "x", "mode": "x"}
    )
    write_files(repo, {"changed": "new", "added": "z", "untracked": "x", "renamed": "y" * 99})
    (repo / "typed").unlink()
    (repo / "typed").symlink_to("kept")
    (repo / "mode").chmod(0o755)
    git(repo, "add", "changed", "added", "typed", "mode", "renamed")
    git(repo, "rm", "-q", "gone")
    write_files(repo, {"kept": "edited and not staged"})
    assert {
        "added": "A",
        "changed": "M",
        "gone": "D",
        "renamed": "A",
        "typed": "T",
        "mode": "M",
    } == staged_changes(repository(repo), "HEAD")


def test_staged_changes_with_weird_names(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a": "a"})
    write_files(repo, dict.fromkeys(WEIRD, "x"))
    git(repo, "add", "-A")
    assert dict.fromkeys(WEIRD, "A") == staged_changes(repository(repo), "HEAD")


@pytest.mark.parametrize("name", ["HEAD", "main"])
def test_file_named_like_the_revision_does_not_confuse_git(tmp_path: Path, name: str) -> None:
    repo = make_repo(tmp_path, {name: "x", "a": "a"})
    write_files(repo, {"a": "b"})
    git(repo, "add", "a")
    assert {"a": "M"} == staged_changes(repository(repo), name)
    assert {name, "a"} == set(RevisionTree(repository(repo), name).entries())


def test_users_diff_settings_do_not_change_the_answer(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"gone": "y" * 99, "sub/a": "a"})
    for key, item in {
        "diff.renames": "copies",
        "diff.noprefix": "true",
        "diff.relative": "true",
        "diff.external": "false",
        "core.quotePath": "true",
        "color.ui": "always",
    }.items():
        git(repo, "config", key, item)
    git(repo, "mv", "gone", "sub/new")
    assert {"gone": "D", "sub/new": "A"} == staged_changes(repository(repo), "HEAD")


def test_intent_to_add_is_no_staged_change(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a": "a"})
    write_files(repo, {"later": "x"})
    git(repo, "add", "--intent-to-add", "later")
    assert {} == staged_changes(repository(repo), "HEAD")

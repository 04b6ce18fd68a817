"""The lines that a patch adds, told apart from everything that looks like them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.patch import added_lines
from make_repo import commit_files, git, make_repo, write_files


if TYPE_CHECKING:
    from pathlib import Path


def added(patch: bytes) -> list[tuple[str, str]]:
    return [(line.path, line.text) for line in added_lines(patch)]


def diff(repo: Path) -> bytes:
    git(repo, "add", "-A")
    return git(repo, "diff", "--cached", "--binary", "--no-renames").encode()


def test_lines_go_to_their_files(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.py": "1\n2\n3\n", "b.py": "x\n"})
    write_files(repo, {"a.py": "1\ntwo\n3\n4\n", "b.py": "y", "c.py": "new\n"})
    patch = diff(repo)
    assert [("a.py", "two"), ("a.py", "4"), ("b.py", "y"), ("c.py", "new")] == added(patch)
    lines = patch.split(b"\n")
    assert all(lines[one.number - 1] == b"+" + one.text.encode() for one in added_lines(patch))


def test_added_line_that_looks_like_a_header_is_a_line(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.py": "-- a/x\nz\n"})
    write_files(repo, {"a.py": "++ b/evil\nz\n@@ -1 +1 @@\n"})
    assert [("a.py", "++ b/evil"), ("a.py", "@@ -1 +1 @@")] == added(diff(repo))


def test_binary_and_deleted_files_add_nothing(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.bin": b"\0\1", "b.py": "x\n"})
    write_files(repo, {"a.bin": b"\0+\n+secret\n" * 9})
    (repo / "b.py").unlink()
    assert [] == added(diff(repo))


def test_name_with_blanks_is_told(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a b.py": "x\n"})
    write_files(repo, {"a b.py": "y\n"})
    assert [("a b.py", "y")] == added(diff(repo))


@given(st.binary(max_size=300))
def test_any_bytes_are_read(patch: bytes) -> None:
    assert all(line.number >= 1 for line in added_lines(patch))


def test_what_is_committed_is_not_added(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.py": "1\n"})
    commit_files(repo, {"a.py": "2\n"})
    assert [] == added(diff(repo))

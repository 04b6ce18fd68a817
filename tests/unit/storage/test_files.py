"""Writing files so that a reader or a crash never sees half of one."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.storage.files import append_line, create_file, open_table, replace_file, write_all
from plain_user import as_plain_user


if TYPE_CHECKING:
    from collections.abc import Iterator

SRC = str(Path(__file__).parents[3] / "src")


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("mounting needs root")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def limited(n_bytes: int, program: str) -> str:
    """Return what ``program`` prints where no file may grow over ``n_bytes``."""
    prologue = f"""
    import os, resource, signal, sys
    sys.path.insert(0, {SRC!r})
    from ledger.storage.files import *
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, ({n_bytes}, {n_bytes}))
    """
    text = textwrap.dedent(prologue) + textwrap.dedent(program)
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=False, timeout=60
    )
    assert "" == done.stderr
    return done.stdout.strip()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# -- replacing a document


@pytest.mark.parametrize("is_durable", [True, False])
def test_document_is_replaced_whole_and_nothing_else_is_left(
    tmp_path: Path,
    is_durable: bool,  # a table
) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(b"old and longer")
    replace_file(str(path), b"new", is_durable=is_durable)
    assert b"new" == path.read_bytes()
    assert ["run.json"] == names(tmp_path)


def test_document_is_made_where_none_was(tmp_path: Path) -> None:
    replace_file(str(tmp_path / "run.json"), b"")
    assert b"" == (tmp_path / "run.json").read_bytes()


def test_reader_that_has_the_old_document_open_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(b"old")
    with path.open("rb") as file:
        replace_file(str(path), b"new")
        assert b"old" == file.read()


def test_file_name_without_a_folder_is_in_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    replace_file("run.json", b"x")
    assert ["run.json"] == names(tmp_path)


def test_full_disk_keeps_the_old_document_and_leaves_no_temporary_file(full_disk: Path) -> None:
    path = full_disk / "run.json"
    path.write_bytes(b"old")
    with pytest.raises(OSError, match="No space left") as caught:
        replace_file(str(path), b"x" * 200_000)
    assert errno.ENOSPC == caught.value.errno
    assert b"old" == path.read_bytes()
    assert ["run.json"] == names(full_disk)


def test_file_size_limit_keeps_the_old_document_and_leaves_no_temporary_file(
    tmp_path: Path,
) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(b"old")
    said = limited(
        1000,
        f"""
        try:
            replace_file({str(path)!r}, b"x" * 5000)
        except OSError as error:
            print(error.errno)
        """,
    )
    assert str(errno.EFBIG) == said
    assert b"old" == path.read_bytes()
    assert ["run.json"] == names(tmp_path)


def test_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        replace_file(str(tmp_path / "gone" / "run.json"), b"x")


def test_document_that_is_a_folder_is_an_error_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    (tmp_path / "run.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        replace_file(str(tmp_path / "run.json"), b"x")
    assert ["run.json"] == names(tmp_path)


def test_folder_that_is_read_only_is_an_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    script = "import sys; from ledger.storage.files import replace_file;"
    done = as_plain_user(script + "replace_file(sys.argv[1], b'x')", str(tmp_path / "run.json"))
    assert "PermissionError" in done.stderr.splitlines()[-1]
    assert [] == names(tmp_path)


def test_temporary_file_planted_as_a_link_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / f".run.json.{os.getpid()}.tmp").symlink_to(victim)
    with contextlib.suppress(OSError):
        replace_file(str(tmp_path / "run.json"), b"x")
    assert b"precious" == victim.read_bytes()


def test_temporary_file_is_named_as_the_ignore_rules_expect(tmp_path: Path) -> None:
    """``.<name>.<pid>.tmp``, seen while a folder in the way makes the rename fail."""
    (tmp_path / f".run.json.{os.getpid()}.tmp").mkdir()
    with pytest.raises(IsADirectoryError):
        replace_file(str(tmp_path / "run.json"), b"x")


def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        replace_file(str(tmp_path / "run.json"), b"x")
        create_file(str(tmp_path / "run.md"), b"x")
    finally:
        os.umask(before)
    assert {0o640} == {(tmp_path / name).stat().st_mode & 0o777 for name in ("run.json", "run.md")}


# -- creating a document


def test_document_is_created_once(tmp_path: Path) -> None:
    path = tmp_path / "run.md"
    assert create_file(str(path), b"first")
    assert not create_file(str(path), b"second")
    assert b"first" == path.read_bytes()


def test_dangling_link_is_something_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "run.md").symlink_to(tmp_path / "gone")
    assert not create_file(str(tmp_path / "run.md"), b"x")
    assert ["run.md"] == names(tmp_path)


def test_full_disk_leaves_no_half_document(full_disk: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        create_file(str(full_disk / "run.md"), b"x" * 200_000)
    assert [] == names(full_disk)


def test_everything_is_written_through_a_pipe(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    program = "import sys; print(len(sys.stdin.buffer.read()))"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=read_end, stdout=subprocess.PIPE, cwd=tmp_path
    ) as child:
        os.close(read_end)
        write_all(write_end, b"x" * 3_000_000)
        os.close(write_end)
        assert child.stdout is not None
        assert b"3000000" == child.stdout.read().strip()


def test_device_that_is_full_is_an_error() -> None:
    handle = os.open("/dev/full", os.O_WRONLY)
    try:
        with pytest.raises(OSError, match="No space left"):
            write_all(handle, b"x")
    finally:
        os.close(handle)


# -- tables


def reopened(path: Path) -> bytes:
    os.close(open_table(str(path)))
    return path.read_bytes()


def test_table_that_was_not_there_is_empty(tmp_path: Path) -> None:
    assert b"" == reopened(tmp_path / "metrics.csv")


@given(st.text(st.sampled_from("a,1\n"), max_size=30))
def test_opening_keeps_exactly_the_whole_lines(text: str) -> None:
    with tempfile_folder() as folder:
        path = folder / "metrics.csv"
        path.write_bytes(text.encode())
        assert text[: text.rfind("\n") + 1].encode() == reopened(path)


@pytest.mark.parametrize("n_torn", [1, 65535, 65536, 65537, 200_000])
@pytest.mark.parametrize("head", [b"", b"epoch,loss\n", b"x" * 65535 + b"\n"])
def test_torn_tail_of_any_length_is_cut(tmp_path: Path, head: bytes, n_torn: int) -> None:
    path = tmp_path / "metrics.csv"
    path.write_bytes(head + b"9" * n_torn)
    assert head == reopened(path)


def test_whole_table_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_bytes(b"epoch,loss\n0,1\n")
    os.utime(path, ns=(5, 5))
    os.close(open_table(str(path)))
    assert 5 == path.stat().st_mtime_ns


def test_lines_are_appended_behind_the_last_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_bytes(b"epoch,loss\n0,1.5\n1,0.0")
    handle = open_table(str(path))
    append_line(handle, b"1,0.25\n")
    append_line(handle, b"2,0.125\n")
    os.close(handle)
    assert b"epoch,loss\n0,1.5\n1,0.25\n2,0.125\n" == path.read_bytes()


def test_child_processes_do_not_inherit_the_table(tmp_path: Path) -> None:
    handle = open_table(str(tmp_path / "metrics.csv"))
    assert not os.get_inheritable(handle)
    os.close(handle)


def test_short_write_is_cut_back_to_the_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    said = limited(
        1000,
        f"""
        handle = open_table({str(path)!r})
        n_lines = 0
        try:
            while True:
                append_line(handle, b"0123456,8\\n" if n_lines % 2 else b"0123,5\\n")
                n_lines += 1
        except OSError as error:
            print(n_lines, error.errno)
        """,
    )
    n_lines, code = map(int, said.split())
    data = path.read_bytes()
    assert n_lines == data.count(b"\n")
    assert data.endswith(b"\n")
    assert code in {errno.ENOSPC, errno.EFBIG}
    assert 1000 - 10 <= len(data) <= 1000


def test_table_goes_on_after_a_short_write(tmp_path: Path) -> None:
    """Space may come back: the next row must stand on a line of its own."""
    path = tmp_path / "metrics.csv"
    limited(
        1000,
        f"""
        handle = open_table({str(path)!r})
        append_line(handle, b"epoch,loss\\n")
        try:
            append_line(handle, b"x" * 2000 + b"\\n")
        except OSError:
            append_line(handle, b"0,1\\n")
        """,
    )
    assert b"epoch,loss\n0,1\n" == path.read_bytes()


def test_full_disk_keeps_every_whole_line(full_disk: Path) -> None:
    path = full_disk / "metrics.csv"
    line = b"7" * 999 + b"\n"
    handle = open_table(str(path))
    n_lines = 0

    def append_for_ever() -> None:
        nonlocal n_lines
        while True:
            append_line(handle, line)
            n_lines += 1

    with pytest.raises(OSError, match="No space left"):
        append_for_ever()
    os.close(handle)
    assert n_lines * line == path.read_bytes()
    assert n_lines > 10


@contextlib.contextmanager
def tempfile_folder() -> Iterator[Path]:
    """A folder for one example of hypothesis, which runs a test's fixtures only once."""
    import tempfile  # only here

    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)

"""From bytes to lines, to the log, and to rows of a real run."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.writer.command.console import MAX_METRICS, Console
from ledger.writer.command.lines import MAX_HELD, LineSplitter
from ledger.writer.command.log import ConsoleLog
from ledger.writer.command.pattern import find_numbers
from unit.writer.opened import open_here
from unit.writer.recording import read_record, read_rows


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.writer.start import Opened


def lines_of(*chunks: bytes) -> list[tuple[str, str]]:
    splitter = LineSplitter()
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    return [*lines, *splitter.finish()]


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ((b"a\nb\n",), [("a", "\n"), ("b", "\n")]),
        ((b"a", b"b\n"), [("ab", "\n")]),
        ((b"no end",), [("no end", "\n")]),
        ((b"a\r\nb\r", b"\nc"), [("a", "\n"), ("b", "\n"), ("c", "\n")]),
        ((b"1%\r2%\r", b"3%\n"), [("1%", "\r"), ("2%", "\r"), ("3%", "\n")]),
        ((b"1%\r",), [("1%", "\n")]),
        ((b"\n\n",), [("", "\n"), ("", "\n")]),
        ((b"\x1b[31mred\x1b[0m\x1b[K\n",), [("red", "\n")]),
        ((b"\x1b]0;title\x07x\n",), [("x", "\n")]),
        ((), []),
    ],
)
def test_lines_are_cut_where_they_end(
    chunks: tuple[bytes, ...], expected: list[tuple[str, str]]
) -> None:
    assert expected == lines_of(*chunks)


def test_bytes_that_are_no_text_keep_their_value() -> None:
    ((text, _),) = lines_of(b"\xff\xfe\n")
    assert b"\xff\xfe" == text.encode("utf-8", "surrogateescape")


def test_a_line_without_an_end_comes_in_pieces() -> None:
    splitter = LineSplitter()
    assert [] == splitter.feed(b"x" * MAX_HELD)
    assert [("x" * (MAX_HELD + 1), "")] == splitter.feed(b"x")
    assert [("", "\n")] == splitter.feed(b"\n")


@given(st.binary(), st.lists(st.integers(0, 400)))
def test_lines_do_not_depend_on_how_the_bytes_come(data: bytes, places: list[int]) -> None:
    cuts = sorted({0, len(data), *(min(place, len(data)) for place in places)})
    chunks = [data[a:b] for a, b in pairwise(cuts)]
    assert lines_of(data) == lines_of(*chunks)


# -- the log


def test_a_short_log_is_whole(tmp_path: Path) -> None:
    log = ConsoleLog(tmp_path / "out", head=100, tail=100)
    log.write(b"one\ntwo\n")
    assert b"one\ntwo\n" == log.path.read_bytes()  # at once, not only at the end
    log.close()
    assert b"one\ntwo\n" == log.path.read_bytes()


def test_a_long_log_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    log = ConsoleLog(tmp_path / "out", head=100, tail=100)
    whole = [f"line {n}\n".encode() for n in range(1000)]
    for line in whole:
        log.write(line)
        assert log.path.stat().st_size < 100 + 2 * 100 + 60
    log.close()
    kept = log.path.read_bytes()
    lines = kept.splitlines(keepends=True)
    notice = next(line for line in lines if line.startswith(b"[ledger: "))
    place = lines.index(notice)
    assert whole[:place] == lines[:place]
    assert whole[-(len(lines) - place - 1) :] == lines[place + 1 :]
    left_out = sum(map(len, whole)) - sum(map(len, lines)) + len(notice)
    assert f"[ledger: {left_out} bytes are left out here]\n".encode() == notice
    assert len(kept) <= 100 + 100 + len(notice)


@given(st.lists(st.integers(1, 300), max_size=40))
def test_no_byte_of_a_log_is_lost_untold(sizes: list[int]) -> None:
    import re
    import tempfile
    from pathlib import Path as FolderPath

    with tempfile.TemporaryDirectory() as folder:
        log = ConsoleLog(FolderPath(folder), head=100, tail=100)
        for size in sizes:
            log.write(b"x" * (size - 1) + b"\n")
        log.close()
        kept = log.path.read_bytes()
        notice = re.search(rb"\[ledger: ([0-9]+) bytes are left out here\]\n", kept)
    told = int(notice[1]) - len(notice[0]) if notice else 0
    assert sum(sizes) == len(kept) + told


def test_a_log_is_ignored_by_git_and_nothing_else_beside_it(tmp_path: Path) -> None:
    ConsoleLog(tmp_path / "out").close()
    assert "/console.log\n/.gitignore\n" == (tmp_path / "out" / ".gitignore").read_text()


def test_a_log_whose_folder_was_removed_comes_back(tmp_path: Path) -> None:
    """``git clean -fdx`` takes what git ignores."""
    import shutil

    log = ConsoleLog(tmp_path / "out")
    log.write(b"one\n")
    shutil.rmtree(tmp_path / "out")
    log.write(b"two\n")
    log.close()
    assert b"one\ntwo\n" == log.path.read_bytes()


# -- the rows


class Clock:
    """Seconds as the test sets them."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def opened(project: Path) -> Opened:
    return open_here(project, argv=("sh",))


def printed(opened: Opened, *chunks: bytes, clock: Clock | None = None) -> Console:
    console = Console(opened.run, opened.record, None, find_numbers, clock or Clock())
    for chunk in chunks:
        console.feed(1, chunk)
    console.close()
    opened.run.finish()
    return console


def test_each_line_with_numbers_is_a_row(opened: Opened) -> None:
    console = printed(opened, b"loss=1.5\nhello\nloss=0", b".5 acc=1\n", b"loss=2")
    assert [
        {"step": "0", "loss": "1.5"},
        {"step": "1", "loss": "0.5", "acc": "1"},
        {"step": "2", "loss": "2"},
    ] == read_rows(opened.run.dir)
    assert 3 == console.n_rows


def test_the_heading_of_an_epoch_counts_for_the_lines_below(opened: Opened) -> None:
    printed(opened, b"loss=3\nEpoch 1/2\nloss=2\nloss=1.5\nEpoch 2/2\nstep 7 loss=1\n")
    assert [
        {"step": "0", "loss": "3"},
        {"epoch": "1", "step": "1", "loss": "2"},
        {"epoch": "1", "step": "2", "loss": "1.5"},
        {"epoch": "2", "step": "7", "loss": "1"},
    ] == [dict(sorted(row.items(), key=lambda each: each[0] == "loss")) for row in rows(opened)]


def rows(opened: Opened) -> list[dict[str, str]]:
    return [
        {name: row[name] for name in ("epoch", "step", "loss") if name in row}
        for row in read_rows(opened.run.dir)
    ]


def test_of_a_progress_bar_a_state_a_second_is_a_row_and_its_last(opened: Opened) -> None:
    clock = Clock()
    console = Console(opened.run, opened.record, None, find_numbers, clock)
    for tenth in range(25):
        clock.now = 100 + tenth / 10
        console.feed(2, f"\r{tenth}%|# loss={tenth}".encode())
    console.feed(2, b"\n")
    console.close()
    opened.run.finish()
    assert ["0", "10", "20", "24"] == [row["loss"] for row in read_rows(opened.run.dir)]


def test_a_bar_that_repeats_its_last_state_is_no_further_row(opened: Opened) -> None:
    clock = Clock()
    clock.now = 100
    printed(opened, b"\r99% loss=1\r100% loss=1\n", b"loss=1\n", clock=clock)
    assert ["1", "1"] == [row["loss"] for row in read_rows(opened.run.dir)]


def test_names_without_end_fill_no_table_without_end(
    opened: Opened, capsys: pytest.CaptureFixture[str]
) -> None:
    printed(opened, *(f"loss_{n}=1\n".encode() for n in range(MAX_METRICS + 5)))
    columns = read_record(opened.run.dir)["columns"]
    assert MAX_METRICS == sum(1 for entry in columns.values() if entry["role"] == "metric")
    assert 1 == capsys.readouterr().err.count(f"over {MAX_METRICS} metrics")


def test_the_last_lines_are_kept_and_hold_no_credential(opened: Opened) -> None:
    lines = b"".join(f"line {n}\n".encode() for n in range(30))
    console = printed(opened, lines + b"password=hunter22\n\xff end")
    assert ["line 12", "password=<redacted>", "? end"] == [
        console.last_lines[0],
        console.last_lines[-2],
        console.last_lines[-1].replace("\ufffd", "?"),
    ]


def test_a_disk_that_is_full_loses_the_log_and_nothing_else(
    opened: Opened, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = ConsoleLog(tmp_path / "out")
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, log._handle)
    console = Console(opened.run, opened.record, log, find_numbers, Clock())
    console.feed(1, b"loss=1\n")
    console.feed(1, b"loss=0.5\n")
    console.close()
    opened.run.finish()
    record = read_record(opened.run.dir)
    assert "console log could not be written: No space left" in record["incomplete"]
    assert 0.5 == record["metrics"]["loss"]
    assert 1 == capsys.readouterr().err.count("console log")
    os.close(full)


def test_a_finder_that_breaks_is_told_and_nothing_is_raised(opened: Opened) -> None:
    def broken(line: str) -> dict[str, float]:
        raise ZeroDivisionError(line)

    console = Console(opened.run, opened.record, None, broken, Clock())
    console.feed(1, b"loss=1\n")
    console.feed(1, b"loss=2\n")
    console.close()
    opened.run.finish()
    assert "ZeroDivisionError" in read_record(opened.run.dir)["incomplete"]

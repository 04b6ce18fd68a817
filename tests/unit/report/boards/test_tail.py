"""A table that grows, is cut, replaced, widened, or goes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.contract.metrics import decode_table
from ledger.errors import MalformedError
from ledger.report.boards.tail import OwnForm, Tail


if TYPE_CHECKING:
    from pathlib import Path

TABLE = b"epoch,loss\n0,1.5\n1,0.25\n2,nan\n"


def tail_of(path: Path, data: bytes | None = TABLE) -> Tail:
    if data is not None:
        path.write_bytes(data)
    return Tail(str(path), OwnForm())


def test_the_first_look_finds_all_and_the_next_only_what_is_new(tmp_path: Path) -> None:
    tail = tail_of(tmp_path / "metrics.csv")
    assert [["0", "1.5"], ["1", "0.25"], ["2", "nan"]] == tail.look().rows
    assert [] == tail.look().rows
    with (tmp_path / "metrics.csv").open("ab") as file:
        file.write(b"3,0.1\n")
    news = tail.look()
    assert [["3", "0.1"]] == news.rows
    assert not news.is_anew


def test_a_line_without_its_end_is_not_there_yet(tmp_path: Path) -> None:
    tail = tail_of(tmp_path / "metrics.csv", TABLE + b"3,0.0")
    assert ["2", "nan"] == tail.look().rows[-1]
    with (tmp_path / "metrics.csv").open("ab") as file:
        file.write(b"613\n")
    assert [["3", "0.0613"]] == tail.look().rows


def test_a_header_without_its_end_is_none(tmp_path: Path) -> None:
    tail = tail_of(tmp_path / "metrics.csv", b"epoch,lo")
    assert () == tail.look().header
    (tmp_path / "metrics.csv").write_bytes(TABLE)
    assert 3 == len(tail.look().rows)


def test_a_table_that_is_not_there_yet_begins_when_it_comes(tmp_path: Path) -> None:
    tail = tail_of(tmp_path / "metrics.csv", None)
    assert tail.look().is_gone
    (tmp_path / "metrics.csv").write_bytes(TABLE)
    news = tail.look()
    assert (True, 3) == (news.is_anew, len(news.rows))


def test_a_table_that_goes_is_told(tmp_path: Path) -> None:
    tail = tail_of(tmp_path / "metrics.csv")
    tail.look()
    (tmp_path / "metrics.csv").unlink()
    news = tail.look()
    assert (True, True) == (news.is_gone, news.is_anew)
    assert tail.written is None


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"epoch,loss\n0,1.5\n", id="shorter"),
        pytest.param(b"epoch,acc\n0,1.5\n1,1\n2,1\n3,1\n4,1\n", id="another header"),
    ],
)
def test_a_table_that_was_rewritten_in_place_is_read_anew(tmp_path: Path, data: bytes) -> None:
    tail = tail_of(tmp_path / "metrics.csv")
    tail.look()
    (tmp_path / "metrics.csv").write_bytes(data)
    news = tail.look()
    assert news.is_anew
    assert decode_table(data).rows == news.rows


def test_a_table_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    tail = tail_of(tmp_path / "metrics.csv")
    tail.look()
    (tmp_path / "other").write_bytes(TABLE + b"3,9\n")
    os.replace(tmp_path / "other", tmp_path / "metrics.csv")
    news = tail.look()
    assert (True, 4) == (news.is_anew, len(news.rows))


def test_a_line_that_does_not_fit_is_named(tmp_path: Path) -> None:
    tail = tail_of(tmp_path / "metrics.csv", TABLE + b"3\n")
    with pytest.raises(MalformedError, match=r"metrics\.csv:5: has 1 cells"):
        tail.look()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, len(TABLE)), max_size=8))
def test_however_it_grows_every_row_is_seen_once(tmp_path: Path, cuts: list[int]) -> None:
    path = tmp_path / "metrics.csv"
    tail = tail_of(path, b"")
    seen: list[list[str]] = []
    for cut in [*sorted(cuts), len(TABLE)]:
        with path.open("ab") as file:
            file.write(TABLE[path.stat().st_size : cut])
        seen += tail.look().rows
    assert decode_table(TABLE).rows == seen


def test_a_line_that_is_longer_than_what_is_read_at_once_is_a_row(tmp_path: Path) -> None:
    wide = b"epoch,loss\n" + b"0" * (1 << 17) + b",1.5\n1,0.25\n"
    tail = tail_of(tmp_path / "metrics.csv", wide)
    found = [row for _ in range(3) for row in tail.look().rows]
    assert [["1.5"], ["0.25"]] == [row[1:] for row in found]

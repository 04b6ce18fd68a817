"""The quick look may only say yes where the full reading has nothing to say."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.metrics import encode_row
from ledger.contract.record import RunRecord
from ledger.policy.told import is_as_told
from policy.builders import RUN_ID, make_document, make_table


if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS = st.one_of(
    st.floats(),
    st.floats(min_value=0, max_value=20),
    st.sampled_from([0.0, -0.0, 1e-7, 9.5, 10.25, 0.1, 0.30000000000000004]),
)


def told(table: bytes, change: Callable[[dict[str, Any]], None] | None = None) -> int | None:
    document = copy.deepcopy(make_document(RUN_ID, table))
    if change is not None:
        change(document)
    return is_as_told(RunRecord(document=document), table)


def test_an_honest_table_is_as_told() -> None:
    assert told(make_table(100)) == 100


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=12), st.data())
def test_yes_means_that_the_full_reading_agrees(rows: list[tuple[float, float]], data: Any) -> None:
    """A table that differs from what the record was sealed over is never told to be the same."""
    table = b"epoch,loss,val_acc\n" + b"".join(encode_row((n, *row)) for n, row in enumerate(rows))
    document = make_document(RUN_ID, table)
    record = RunRecord(document=document)
    finite = all(abs(cell) < 1e300 for row in rows for cell in row)
    assert is_as_told(record, table) in ({len(rows)} if finite else {None, len(rows)})
    place = data.draw(st.integers(0, len(rows) - 1))
    rows[place] = (data.draw(NUMBERS), rows[place][1])
    other = b"epoch,loss,val_acc\n" + b"".join(encode_row((n, *row)) for n, row in enumerate(rows))
    if is_as_told(record, other) is not None:
        again = make_document(RUN_ID, other)
        assert again["summary"] == document["summary"]
        assert again["metrics"] == document["metrics"]


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["summary"]["loss"].update(min=0.0),
        lambda d: d["summary"]["loss"].update(min_at=0),
        lambda d: d["summary"]["loss"].update(max=9.0),
        lambda d: d["summary"]["loss"].update(last=True),
        lambda d: d["summary"]["loss"].update(n=4),
        lambda d: d["summary"]["loss"].update(n_nonfinite=1),
        lambda d: d["summary"].pop("loss"),
        lambda d: d["summary"].update(more=d["summary"]["loss"]),
        lambda d: d["metrics"].update(loss=0.5),
        lambda d: d["metrics"].pop("loss"),
        lambda d: d.pop("columns"),
    ],
)
def test_no_where_the_record_says_something_else(change: Callable[[dict[str, Any]], None]) -> None:
    assert told(make_table(), change) is None


@pytest.mark.parametrize(
    "table",
    [
        b"epoch,loss\n0,1.0\n0,2.0\n",
        b"epoch,loss\n0,1.0\n1,\n",
        b"epoch,loss\n0,nan\n",
        b"epoch,loss\n0,1_0.5\n",
        b'epoch,loss\n0,"1.0"\n',
        b"epoch,loss\n0,1.0\r\n",
        b"loss\n1.0\n",
        b"epoch,loss\n",
    ],
)
def test_odd_tables_are_left_to_the_full_reading(table: bytes) -> None:
    document = make_document(RUN_ID, make_table()) | {"columns": {"loss": {"role": "metric"}}}
    one = {"last": 1.0, "min": 1.0, "min_at": 0, "max": 1.0, "max_at": 0, "n": 1, "n_nonfinite": 0}
    document |= {"summary": {"loss": one}, "metrics": {"loss": 1.0}}
    assert is_as_told(RunRecord(document=document), table) is None

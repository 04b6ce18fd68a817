"""Tables handed to the engine as they are say what the careful reading says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.contract.metrics import encode_row
from ledger.reader.index import open_index
from ledger.reader.index.raw_table import raw_table
from unit.reader.builders import add_run, epochs, make_project, open_at
from unit.reader.index.many import N_RUNS, index_dir, make_many


if TYPE_CHECKING:
    from pathlib import Path

ROWS = "SELECT epoch, step, time, metric, value FROM metrics WHERE run_id = $run ORDER BY ALL"


def rows_of(root: Path, run_id: str, *, is_kept: bool) -> list[tuple[object, ...]]:
    """Return the values of one run from an index that is kept, or from none."""
    ledger = open_at(root)
    ledger.index_dir = ledger.index_dir if is_kept else None
    return open_index(ledger, "curves").rows(ROWS, {"run": run_id})


@pytest.mark.parametrize(
    ("data", "is_raw"),
    [
        (b"epoch,a\n0,1.5\n1,nan\n", True),
        (b"epoch,step,a\n0,,1\n,3,-inf\n", True),
        (b"a\n1\n", False),  # one column: a line is a cell
        (b"time,a\n0.5,1\n0.5,2\n", True),
        (b"epoch,a\n0,1e+3\n1,-1.5e-7\n", True),
        (b"epoch,a\n0,+1\n", False),
        (b"epoch,a\n0,true\n", False),
        (b"epoch,a\n0,1_0\n", False),
        (b'epoch,a\n0,"1"\n', False),
        (b"epoch,a\n0,1\n2\n", False),
        (b"epoch,a\n\n0,1\n", False),
        (b"epoch,a\n", False),
        (b"", False),
        (b"trial_id,epoch,a\n0,0,1\n", False),
        (b"epoch,gr\xc3\xb6sse\n0,1\n", False),
        (b"epoch,a,a\n0,1,2\n", False),
        (b"epoch,\n0,1\n", False),
    ],
)
def test_only_plain_tables_are_handed_over(data: bytes, is_raw: bool) -> None:
    found = raw_table(data, {"a"})

    assert (found is not None) == is_raw


def test_a_table_that_only_seems_plain_is_read_with_care(tmp_path: Path) -> None:
    """Letters of nan and inf, a point and a sign: the alphabet is right, the word is not."""
    ids = make_many(tmp_path)
    for number, (body, values) in enumerate(
        [(b"0,fan\n1,0.5\n", None), (b"0,1-2\n", None), (b"0,0.1\n1,0.2\n1,0.3\n", [0.1, 0.3])]
    ):
        table = next(tmp_path.glob(f"ledger/*/{ids[number]}/metrics.csv"))
        table.write_bytes(b"epoch,val_acc\n" + body)
        found = [row[-1] for row in rows_of(tmp_path, ids[number], is_kept=True)]
        assert found == (values or [])
    assert len(open_index(open_at(tmp_path), "curves").broken) == 2
    assert any(
        name.startswith("curves-")
        for name in map(str, (p.name for p in index_dir(tmp_path).iterdir()))
    )


CELLS = st.one_of(
    st.none(),
    st.floats(width=64),
    st.integers(-(10**9), 10**9),
    st.sampled_from([True, False, 1e-300, 1e300, 0.1 + 0.2]),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=12))
def test_any_table_of_the_writer_is_read_as_with_care(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[float | None, float | None]]
) -> None:
    root = tmp_path_factory.mktemp("any")
    make_project(root)
    rows = [{"epoch": at, "a": a, "b": b} for at, (a, b) in enumerate(cells)]
    run_id = add_run(root, "any", rows)
    found = open_index(open_at(root), "curves").rows(ROWS, {"run": run_id})

    wanted = [
        (at, None, None, name, float(cell))
        for at, pair in enumerate(cells)
        for name, cell in zip("ab", pair, strict=True)
        if cell is not None
    ]
    assert sorted(map(repr, found)) == sorted(map(repr, wanted))


def test_the_kept_rows_are_the_rows(tmp_path: Path) -> None:
    ids = make_many(tmp_path)
    run_id = add_run(tmp_path, "one", epochs(val_acc=[0.1, float("nan"), float("inf"), 3.0]))

    for each in (ids[0], ids[N_RUNS - 1], run_id):
        assert repr(rows_of(tmp_path, each, is_kept=True)) == repr(
            rows_of(tmp_path, each, is_kept=False)
        )
    assert encode_row((1.0, None)) == b"1.0,\n"

"""A report that is too long loses whole items, in the order that was asked for."""

from __future__ import annotations

from ledger.ci.fitting import Part, fit


TABLE = Part(head="\n| a |\n| - |\n", items=tuple(f"| é{n:03} |\n" for n in range(40)), noun="rows")
BLOCKS = Part(head="", items=tuple(f"\nblock {n:03}\n" for n in range(40)), noun="blocks")
RANKS = ((0, 5), (1, 5), (0, 40), (1, 40))


def _shown(max_bytes: int) -> tuple[str, int, int]:
    text = fit("start\n", (TABLE, BLOCKS), RANKS, max_bytes)
    return text, text.count("| é"), text.count("\nblock ")


def test_all_is_there_where_it_fits() -> None:
    text, n_rows, n_blocks = _shown(10_000)

    assert (n_rows, n_blocks) == (40, 40)
    assert "more" not in text
    assert text == "start\n" + TABLE.head + "".join(TABLE.items) + "".join(BLOCKS.items)


def test_the_least_important_goes_first_and_nothing_is_cut() -> None:
    seen = {_check(max_bytes) for max_bytes in range(250, 1400, 7)}

    assert {(0, 0), (5, 0), (5, 5), (40, 5), (40, 40)} <= seen


def _check(max_bytes: int) -> tuple[int, int]:
    text, n_rows, n_blocks = _shown(max_bytes)

    assert len(text.encode()) <= max_bytes
    known = {"start", "", "| a |", "| - |", *(i.strip() for i in (*TABLE.items, *BLOCKS.items))}
    strange = [line for line in text.split("\n") if line not in known]
    expected = []
    if n_rows < 40:
        expected.append(f"{'and ' * (n_rows > 0)}{40 - n_rows} more rows")
    if n_blocks < 40:
        expected.append(f"{'and ' * (n_blocks > 0)}{40 - n_blocks} more blocks")
    assert expected == strange
    assert n_blocks <= 5 or n_rows == 40
    assert n_rows <= 5 or n_blocks >= 5
    assert n_blocks == 0 or n_rows >= 5
    return n_rows, n_blocks


def test_a_part_without_items_is_not_there_and_what_was_never_made_is_told() -> None:
    empty = Part(head="\nhead\n", items=(), noun="rows")
    more = Part(head="\nhead\n", items=("row\n",), noun="runs", n_elsewhere=7, tail="tail\n")

    assert fit("start\n", (empty,), ((0, 9),), 1000) == "start\n"
    assert fit("", (more,), ((0, 9),), 1000) == "\nhead\nrow\ntail\n\nand 7 more runs\n"

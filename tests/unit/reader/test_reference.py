"""Which run a word means."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ledger.errors import LedgerError, MalformedError, UnknownNameError
from ledger.reader.reference import find_run
from unit.reader.builders import FIRST, add_run, epochs, make_project, open_at, small_ledger


if TYPE_CHECKING:
    from pathlib import Path


def test_ids_prefixes_names_tokens_paths_and_signs(tmp_path: Path) -> None:
    ids = small_ledger(tmp_path)
    ledger = open_at(tmp_path)
    small = ids["small_lr"]

    for reference in (
        small,
        small[:16],
        "small_lr",
        "SMALL",
        small[-8:],
        small[-8:-4],
        f"ledger/2026-02/{small}/",
        "@best:val_acc",
        "@best:loss",
    ):
        assert find_run(ledger, reference).run_id == small
    assert find_run(ledger, "@latest").run_id == ids["stopped"]


def test_an_id_goes_before_what_it_begins(tmp_path: Path) -> None:
    make_project(tmp_path)
    for run_id in ("run", "run2"):
        add_run(tmp_path, run_id, run_id=run_id)

    assert find_run(open_at(tmp_path), "run").run_id == "run"


def test_a_name_may_hold_a_slash(tmp_path: Path) -> None:
    make_project(tmp_path)
    run_id = add_run(tmp_path, "a/b", run_id="one")
    add_run(tmp_path, "b", run_id="two")

    assert find_run(open_at(tmp_path), "a/b").run_id == run_id


def test_an_ambiguous_reference_lists_the_runs(tmp_path: Path) -> None:
    ids = small_ledger(tmp_path)

    with pytest.raises(UnknownNameError, match="any of 4 runs") as caught:
        find_run(open_at(tmp_path), "2026-02")

    assert caught.value.exit_code == 1
    assert ids["baseline"] in caught.value.hint


def test_an_unknown_run_suggests_the_nearest(tmp_path: Path) -> None:
    ids = small_ledger(tmp_path)

    with pytest.raises(UnknownNameError) as caught:
        find_run(open_at(tmp_path), "basline")

    assert ids["baseline"] in caught.value.hint


@pytest.mark.parametrize("reference", ["", " ", "/"])
def test_nothing_names_no_run(tmp_path: Path, reference: str) -> None:
    small_ledger(tmp_path)

    with pytest.raises(UnknownNameError):
        find_run(open_at(tmp_path), reference)


def test_a_foreign_sign_is_refused(tmp_path: Path) -> None:
    small_ledger(tmp_path)

    with pytest.raises(LedgerError, match="@latest or @best") as caught:
        find_run(open_at(tmp_path), "@newest")

    assert caught.value.exit_code == 2


def test_a_broken_run_is_told_rather_than_unknown(tmp_path: Path) -> None:
    run_id = small_ledger(tmp_path)["baseline"]
    next(tmp_path.glob(f"ledger/*/{run_id}/run.json")).write_bytes(b"{}")

    with pytest.raises(MalformedError, match="run_id: is missing"):
        find_run(open_at(tmp_path), run_id)


def test_a_retracted_run_is_found_by_name_but_is_not_the_latest(tmp_path: Path) -> None:
    make_project(tmp_path)
    good = add_run(tmp_path, "good", epochs(val_acc=[0.1]))
    files = {"retraction.md": b"no\n"}
    bad = add_run(tmp_path, "bad", epochs(val_acc=[0.9]), started=FIRST + timedelta(1), files=files)
    ledger = open_at(tmp_path)

    assert find_run(ledger, "bad").run_id == bad
    assert find_run(ledger, "@latest").run_id == good
    assert find_run(ledger, "@best:val_acc").run_id == good

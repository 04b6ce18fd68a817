"""Nobody else can get the same folder, and none is ever overwritten."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.errors import LedgerError
from ledger.writer.claim import claim_folder, claim_own_id, find_folder, release_id, run_folders


STARTED = datetime(2026, 2, 1, 16, 30, tzinfo=UTC)


def test_a_folder_lies_in_its_month(tmp_path: Path) -> None:
    run_dir = claim_folder(tmp_path, "a b", STARTED)
    assert tmp_path / "2026-02" == run_dir.parent
    assert run_dir.name.startswith("2026-02-01_1630_a_b-")
    assert run_dir.is_dir()
    assert [run_dir] == run_folders(tmp_path)
    assert run_dir == find_folder(tmp_path, run_dir.name)


def test_one_of_many_gets_the_id(tmp_path: Path) -> None:
    won: list[Path] = []

    def claim(number: int) -> None:
        try:
            won.append(
                claim_own_id(tmp_path / f"tree{number}", str(tmp_path / "git"), "exp1", STARTED)
            )
        except LedgerError:
            return

    threads = [threading.Thread(target=claim, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 == len(won)


def test_an_id_of_another_month_is_taken(tmp_path: Path) -> None:
    (tmp_path / "2025-01" / "exp1").mkdir(parents=True)
    with pytest.raises(LedgerError, match="taken"):
        claim_own_id(tmp_path, None, "Exp1", STARTED)


def test_a_released_id_is_free(tmp_path: Path) -> None:
    private = str(tmp_path / "git")
    claim_own_id(tmp_path / "a", private, "exp1", STARTED)
    release_id(private, "EXP1")
    assert claim_own_id(tmp_path / "b", private, "exp1", STARTED).is_dir()


def test_files_among_the_months_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "2026-01").write_text("")
    (tmp_path / "code").mkdir()
    assert [] == run_folders(tmp_path)
    assert [] == run_folders(tmp_path / "nowhere")
    assert [] == run_folders(tmp_path / "2026-01")

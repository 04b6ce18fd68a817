"""A retraction is there as a whole or not at all, and is never written over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ledger.errors import LedgerError
from ledger.writer.retract import retract
from plain_user import as_plain_user
from unit.reader.builders import add_run, epochs, make_project


if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 2, 11, 9, 0, tzinfo=UTC)
ELSEWHERE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from ledger.writer.retract import retract
retract(Path(sys.argv[1]), "wrong", by=None, now=datetime.now(tz=UTC))
"""


def folder_of(root: Path, **run: object) -> Path:
    make_project(root)
    run_id = add_run(root, "run", epochs(loss=[1.0]), **run)  # type: ignore[arg-type]
    return root / "ledger" / "2026-02" / run_id


def test_it_says_what_is_wrong_who_says_so_and_when(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)

    path = retract(folder, "  test rows\nin training \n", by="Ada <ada@example.com>", now=NOW)

    assert path.read_text(encoding="utf-8") == (
        f"# Retracted: {folder.name}\n\ntest rows\nin training\n\n"
        "- by: Ada <ada@example.com>\n- at: 2026-02-11T09:00:00+00:00\n"
    )


def test_without_a_name_nobody_is_named(tmp_path: Path) -> None:
    text = retract(folder_of(tmp_path), "wrong", by=None, now=NOW).read_text(encoding="utf-8")

    assert "by:" not in text
    assert "None" not in text


def test_a_running_run_is_not_taken_back(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, is_sealed=False, status="running")

    with pytest.raises(LedgerError, match="is not sealed"):
        retract(folder, "wrong", by=None, now=NOW)

    assert not (folder / "retraction.md").exists()


def test_an_earlier_reason_stays(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    (folder / "retraction.md").write_bytes(b"by hand\n")

    with pytest.raises(LedgerError, match="was retracted before"):
        retract(folder, "another", by=None, now=NOW)

    assert (folder / "retraction.md").read_bytes() == b"by hand\n"


def test_a_folder_that_cannot_be_written_holds_what_it_held(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    before = sorted(folder.iterdir())
    folder.chmod(0o555)

    try:
        done = as_plain_user(ELSEWHERE, str(folder))
    finally:
        folder.chmod(0o755)

    assert "PermissionError" in done.stderr
    assert sorted(folder.iterdir()) == before

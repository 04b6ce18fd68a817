"""A decision is there as a whole or not at all, and is never written over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ledger.errors import LedgerError
from ledger.writer.decision import Choice, write_decision
from unit.reader.builders import add_run, epochs, make_project


if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 2, 11, 9, 0, tzinfo=UTC)


def folder_of(root: Path, **run: object) -> Path:
    make_project(root)
    run_id = add_run(root, "run", epochs(loss=[1.0]), **run)  # type: ignore[arg-type]
    return root / "ledger" / "2026-02" / run_id


def choice(folder: Path, why: str = " half the\nparameters ", **more: object) -> Choice:
    facts: dict[str, object] = {
        "chosen": folder.name,
        "why": why,
        "over": "best loss",
        "standing": "loss best 1, smoothed 1; rank 1",
        "rejected": ("other (loss best 2)",),
        "evidence": ("Decision supported? partly: one seed each",),
    }
    return Choice(**facts | more)  # type: ignore[arg-type]  # its own fields


def test_it_says_what_was_chosen_over_what_and_why(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)

    path = write_decision(folder, choice(folder), by="Ada <ada@example.com>", now=NOW)

    assert path.read_text(encoding="utf-8") == (
        f"# Decision: {folder.name}\n\nhalf the\nparameters\n\n"
        f"- chosen: {folder.name} (loss best 1, smoothed 1; rank 1)\n- over: best loss\n"
        "- by: Ada <ada@example.com>\n- at: 2026-02-11T09:00:00+00:00\n\n"
        "## Rejected\n\n- other (loss best 2)\n\n"
        "## Evidence\n\n- Decision supported? partly: one seed each\n"
    )


def test_without_a_name_nobody_is_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)

    text = write_decision(folder, choice(folder, rejected=()), by=None, now=NOW).read_text("utf-8")

    assert "by:" not in text
    assert "## Rejected\n\n- nothing\n" in text


def test_a_reason_is_needed(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)

    with pytest.raises(LedgerError, match="says why"):
        write_decision(folder, choice(folder, why=" \n"), by=None, now=NOW)

    assert not (folder / "decision.md").exists()


def test_a_running_run_is_not_chosen(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, is_sealed=False, status="running")

    with pytest.raises(LedgerError, match="is not sealed"):
        write_decision(folder, choice(folder), by=None, now=NOW)


def test_a_decision_is_not_written_over(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    first = write_decision(folder, choice(folder), by=None, now=NOW).read_bytes()

    with pytest.raises(LedgerError, match="is there already"):
        write_decision(folder, choice(folder, why="other"), by=None, now=NOW)

    assert (folder / "decision.md").read_bytes() == first

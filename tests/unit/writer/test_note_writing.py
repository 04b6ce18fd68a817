"""What goes into a note, and what of a person's is never replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.contract.note import note_hash, parse_note, render_note
from ledger.errors import LedgerError, MalformedError
from ledger.storage.files import replace_file
from ledger.writer.note_file import refresh_untouched, write_template
from ledger.writer.note_writing import add_automatic, waiting_sections, write_sections


if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = render_note("r", {"Change": ["[auto] lr 1"], "Hypothesis": ["mine"]})


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    (tmp_path / "run.md").write_bytes(TEMPLATE)
    return tmp_path


def text_of(run_dir: Path, name: str) -> str:
    return parse_note((run_dir / "run.md").read_bytes()).sections[name].text


def test_only_what_waits_is_written(run_dir: Path) -> None:
    change = write_sections(run_dir, {"Hypothesis": "theirs", "Next": "n"})
    assert (("Next",), ("Hypothesis",)) == (change.written, change.kept)
    assert ("Change", "Result", "Risk/Anomaly") == change.waiting
    assert ("mine", "n") == (text_of(run_dir, "Hypothesis"), text_of(run_dir, "Next"))


def test_a_text_replaces_automatic_lines(run_dir: Path) -> None:
    write_sections(run_dir, {"Change": "mine"})
    assert "mine" == text_of(run_dir, "Change")


def test_force_replaces_what_is_filled(run_dir: Path) -> None:
    write_sections(run_dir, {"Hypothesis": "theirs"}, is_forced=True)
    assert "theirs" == text_of(run_dir, "Hypothesis")


def test_accept_comes_after_the_texts(run_dir: Path) -> None:
    change = write_sections(run_dir, {"Next": "n"}, accepts=True)
    assert "lr 1" == text_of(run_dir, "Change")
    assert ("Result", "Risk/Anomaly") == change.waiting


def test_without_anything_to_do_no_byte_changes(run_dir: Path) -> None:
    (run_dir / "run.md").write_bytes(b"\xef\xbb\xbfmine\r\n")
    write_sections(run_dir, {})
    assert b"\xef\xbb\xbfmine\r\n" == (run_dir / "run.md").read_bytes()


def test_a_missing_note_is_made(tmp_path: Path) -> None:
    write_sections(tmp_path, {"Next": "n"})
    assert "n" == text_of(tmp_path, "Next")
    assert (
        f"# Run: {tmp_path.name}\n".encode()
        == (tmp_path / "run.md").read_bytes().splitlines(keepends=True)[0]
    )


def test_an_automatic_line_is_added_once_and_never_to_a_filled_section(run_dir: Path) -> None:
    for _ in range(2):
        add_automatic(run_dir, "Result", "best 3")
        add_automatic(run_dir, "Hypothesis", "best 3")
    assert ("[auto] best 3", "mine") == (text_of(run_dir, "Result"), text_of(run_dir, "Hypothesis"))


def test_an_automatic_line_goes_under_those_that_are_there(run_dir: Path) -> None:
    add_automatic(run_dir, "Change", "and more")
    assert "[auto] lr 1\n[auto] and more" == text_of(run_dir, "Change")


def test_a_note_that_is_no_text_is_named(run_dir: Path) -> None:
    (run_dir / "run.md").write_bytes(b"a\n\xff")
    with pytest.raises(MalformedError, match=r"run\.md:2: is not UTF-8"):
        write_sections(run_dir, {"Next": "n"})


def test_a_note_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "run.md").mkdir()
    with pytest.raises(LedgerError, match="cannot be read"):
        write_sections(tmp_path, {"Next": "n"})


def test_what_waits_is_in_the_order_of_the_template() -> None:
    assert ("Hypothesis", "Next") == waiting_sections(
        b"## Next\n## Change\nc\n## Result\nr\n## Risk/Anomaly\nnone\n"
    )


def test_an_untouched_note_is_refreshed(run_dir: Path) -> None:
    assert refresh_untouched(run_dir, note_hash(TEMPLATE), b"new")
    assert b"new" == (run_dir / "run.md").read_bytes()
    assert ["run.md"] == [path.name for path in run_dir.iterdir()]


def test_a_touched_note_is_not(run_dir: Path) -> None:
    (run_dir / "run.md").write_bytes(TEMPLATE + b"\n")
    assert not refresh_untouched(run_dir, note_hash(TEMPLATE), b"new")
    assert TEMPLATE + b"\n" == (run_dir / "run.md").read_bytes()


def test_an_editor_that_saves_at_the_last_moment_wins(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save_meanwhile(path: str, data: bytes) -> None:
        replace_file(path, data)
        (run_dir / "run.md").write_bytes(b"edited")

    monkeypatch.setattr("ledger.writer.note_file.replace_file", save_meanwhile)
    assert not refresh_untouched(run_dir, note_hash(TEMPLATE), b"new")
    assert b"edited" == (run_dir / "run.md").read_bytes()
    assert ["run.md"] == [path.name for path in run_dir.iterdir()]


def test_a_template_never_replaces_a_note(run_dir: Path) -> None:
    assert not write_template(run_dir, b"new")
    assert TEMPLATE == (run_dir / "run.md").read_bytes()

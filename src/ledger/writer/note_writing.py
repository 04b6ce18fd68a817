"""What people write into notes with the program's help; their own words are never replaced."""

from __future__ import annotations

from pathlib import Path

from ledger.contract.layout import NOTE_NAME
from ledger.contract.note import AUTO, accept, fill_section, parse_note, render_note
from ledger.errors import LedgerError, MalformedError
from ledger.storage.files import replace_file
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


@value
class NoteChange:
    """What became of a note."""

    path: Path
    written: tuple[str, ...]
    """Sections that were filled."""
    kept: tuple[str, ...]
    """Sections that had been filled by a person and were left as they are."""
    waiting: tuple[str, ...]
    """Sections that still wait."""


def write_sections(
    run_dir: Path, texts: Mapping[str, str], *, is_forced: bool = False, accepts: bool = False
) -> NoteChange:
    """Write ``texts`` into the sections of the run's note that nobody has filled.

    Args:
        run_dir: the run's folder; a note that is missing is made from the template.
        texts: what to write, by section name; a line that reads as a heading is quoted with
            ``> ``, so that it stays where it was put.
        is_forced: whether to replace sections that are filled.
        accepts: whether automatic lines become the person's own, after ``texts`` are written.

    Raises:
        LedgerError: the note cannot be read or written.
        MalformedError: the note is not UTF-8.
    """
    path = run_dir / NOTE_NAME
    before = data = _read(path)
    written: list[str] = []
    kept: list[str] = []
    for name, text in texts.items():
        section = parse_note(data).sections.get(name)
        if section is not None and section.is_filled and not is_forced:
            kept.append(name)
            continue
        data = fill_section(data, name, [_as_text(line) for line in text.splitlines()] or [""])
        written.append(name)
    if accepts:
        data = _accepted(data)
    if data != before or not path.exists():
        _write(path, data)
    return NoteChange(
        path=path, written=tuple(written), kept=tuple(kept), waiting=waiting_sections(data)
    )


def add_automatic(run_dir: Path, name: str, line: str) -> None:
    """Add ``line`` as automatic text to the section ``name``, unless a person has filled it.

    Raises:
        LedgerError: the note cannot be read or written.
        MalformedError: the note is not UTF-8.
    """
    path = run_dir / NOTE_NAME
    data = _read(path)
    section = parse_note(data).sections.get(name)
    if section is not None and section.is_filled:
        return
    present = section.text.splitlines() if section else []
    automatic = f"{AUTO}{line}"
    if automatic not in present:
        _write(path, fill_section(data, name, [*present, automatic]))


def waiting_sections(data: bytes) -> tuple[str, ...]:
    """Return the sections of the note ``data`` that are missing or wait for a person."""
    note = parse_note(data)
    return (*note.missing, *(section.name for section in note.unfilled))


def _as_text(line: str) -> str:
    """Return ``line`` so that it begins no section: ``## Next`` becomes ``> ## Next``."""
    return f"> {line}" if parse_note(line.encode("utf-8", "replace")).sections else line


def _accepted(data: bytes) -> bytes:
    """Return the note ``data`` with its automatic lines accepted; none becomes a heading."""
    lines = data.decode("utf-8-sig").split("\n")
    safe = (_accepted_safely(line) for line in lines)
    return accept("\n".join(safe).encode("utf-8"))


def _accepted_safely(line: str) -> str:
    indent, sign, rest = line.partition(AUTO)
    return f"{indent}{sign}{_as_text(rest)}" if sign and not indent.strip() else line


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        parse_note(data)
    except MalformedError as error:
        raise error.at(path) from error
    except FileNotFoundError:
        return render_note(path.parent.name, {})
    except OSError as error:
        message = f"the note cannot be read: {error.strerror}"
        raise LedgerError(message, hint="mend the permissions", path=path) from error
    return data


def _write(path: Path, data: bytes) -> None:
    try:
        replace_file(str(path), data)
    except OSError as error:
        message = f"the note cannot be written: {error.strerror}"
        hint = "free disk space or mend the permissions"
        raise LedgerError(message, hint=hint, path=path) from error

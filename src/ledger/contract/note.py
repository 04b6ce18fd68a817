"""run.md: the template and its parser.

A section is filled when it holds a line that a person wrote: not blank, not the template's own
prompt for it, not led by ``[auto] `` (text the program filled in, waiting to be accepted).
"""

from __future__ import annotations

import hashlib
import re

from ledger.errors import MalformedError
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECTIONS = ("Hypothesis", "Change", "Result", "Next", "Risk/Anomaly")
PROMPTS = {
    "Hypothesis": "[What did you expect, and why?]",
    "Change": "[What is different from the run before?]",
    "Result": "[What came out, in numbers, against what?]",
    "Next": "[What follows from it?]",
    "Risk/Anomaly": '[What could make this wrong? "none" is an answer.]',
}
AUTO = "[auto] "

_SPELLINGS = {
    "hypothesis": "Hypothesis",
    "change": "Change",
    "changes": "Change",
    "result": "Result",
    "results": "Result",
    "next": "Next",
    "next steps": "Next",
    "risk/anomaly": "Risk/Anomaly",
    "risk/anomalies": "Risk/Anomaly",
    "risks/anomalies": "Risk/Anomaly",
}
_MAX_LEVEL = 6
# Published examples of the format leave the last two headings unmarked.
_MAY_BE_BARE = frozenset({"Next", "Risk/Anomaly"})
_SEE = re.compile(r"(?i)^\s*see:\s*(\S+)\s*$")


@value
class Section:
    """One heading and what stands under it."""

    name: str
    line: int
    """1-based line of the heading."""
    lines: tuple[str, ...]

    @property
    def is_filled(self) -> bool:
        """Whether a person answered: any length counts, so do "none" and "forgotten"."""
        return any(map(self._is_content, self.lines))

    @property
    def text(self) -> str:
        """The lines without prompt and surrounding blank ones, ``[auto] `` kept."""
        kept = [line for line in self.lines if line.strip() != PROMPTS[self.name]]
        return "\n".join(kept).strip()

    def _is_content(self, line: str) -> bool:
        stripped = line.strip()
        is_auto = f"{stripped} ".startswith(AUTO)  # an editor may have cut the last blank
        return bool(stripped) and stripped != PROMPTS[self.name] and not is_auto


@value
class Note:
    """A parsed note: its sections by name, and the run ids it refers to."""

    sections: Mapping[str, Section]
    see: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Headings that are not there."""
        return tuple(name for name in SECTIONS if name not in self.sections)

    @property
    def unfilled(self) -> tuple[Section, ...]:
        """Sections that wait for a person."""
        return tuple(section for section in self.sections.values() if not section.is_filled)

    @property
    def is_complete(self) -> bool:
        """Whether every heading is there and answered."""
        return not self.missing and not self.unfilled


def parse_note(data: bytes) -> Note:
    """Return the note that ``data``, the bytes of a run.md, holds.

    Headings may have any level from 1 to 6 and any case; text before the first is not judged.

    Raises:
        MalformedError: not UTF-8.
    """
    whole = _lines(data)
    found: dict[str, tuple[int, list[str]]] = {}
    lines: list[str] | None = None
    for number, line in enumerate(whole, 1):
        name = _heading(line)
        if name is not None:
            lines = found.setdefault(name, (number, []))[1]
        elif lines is not None:
            lines.append(line.removesuffix("\r"))
    sections = {
        name: Section(name=name, line=line, lines=tuple(body))
        for name, (line, body) in found.items()
    }
    see = tuple(match[1] for match in map(_SEE.match, whole) if match)
    return Note(sections=sections, see=see)


def render_note(run_id: str, filled: Mapping[str, Sequence[str]]) -> bytes:
    """Return a note for ``run_id`` with the lines of ``filled`` by section, prompts elsewhere."""
    parts = [f"# Run: {run_id}\n"]
    for name in SECTIONS:
        body = "\n".join(filled.get(name) or [PROMPTS[name]])
        parts.append(f"## {name}\n\n{body}\n")
    return "\n".join(parts).encode("utf-8")


def fill_section(data: bytes, name: str, lines: Sequence[str]) -> bytes:
    """Return the note ``data`` with what stands under ``name`` replaced by ``lines``.

    A heading that is missing is added at the end.
    """
    old = _lines(data)
    start = next((at for at, line in enumerate(old, 1) if _heading(line) == name), None)
    if start is None:
        text = "\n".join(old).rstrip()
        return "\n".join([text, "", f"## {name}", "", *lines, ""]).encode("utf-8")
    # a heading may stand twice: only what is under the first is replaced
    after = next((at for at in range(start, len(old)) if _heading(old[at])), len(old))
    tail = ["", *old[after:]] if after < len(old) else [""]
    return "\n".join([*old[:start], "", *lines, *tail]).encode("utf-8")


def accept(data: bytes) -> bytes:
    """Return the note ``data`` with every automatic line made a person's own."""
    return "\n".join(map(_accepted, _lines(data))).encode("utf-8")


def note_hash(data: bytes) -> str:
    """Return the SHA-256 by which a record knows the note the program wrote."""
    return hashlib.sha256(data).hexdigest()


def _lines(data: bytes) -> list[str]:
    """Return the lines of ``data``; the last is what follows the last newline."""
    try:
        return data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        message = "is not UTF-8"
        raise MalformedError(message, line=data.count(b"\n", 0, error.start) + 1) from error


def _accepted(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    return indent + line[len(indent) :].removeprefix(AUTO)


def _heading(line: str) -> str | None:
    # by hand: a regular expression takes cubic time on a line of blanks
    stripped = line.strip()
    bare = stripped.lstrip("#")
    level = len(stripped) - len(bare)
    is_marked = 1 <= level <= _MAX_LEVEL and bare[:1].isspace()
    name = _SPELLINGS.get((bare.rstrip("#") if is_marked else stripped).strip().rstrip(":").lower())
    return name if is_marked or name in _MAY_BE_BARE else None

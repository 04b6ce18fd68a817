"""One broken rule at one place, and the one way it is shown."""

from __future__ import annotations

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ledger.contract.json_text import Json

ERROR, WARN, NOTICE, OFF = "error", "warn", "notice", "off"
_RANK = {ERROR: 0, WARN: 1, NOTICE: 2, OFF: 3}
_LATIN, _BASIC_PLANE = 0xFF, 0xFFFF
_IN_LINE = ("##[", "##vso[", "##teamcity[")
"""How commands to GitHub, Azure Pipelines and TeamCity begin."""
_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%+=:,./-_")


@value
class Finding:
    """One broken rule at one place."""

    code: str
    severity: str
    """error, warn or notice; only errors block. What is off is told nowhere."""
    run_id: str | None = None
    path: str
    """Relative to the top of the repository, with ``/``."""
    line: int | None = None
    """1-based."""
    message: str
    fix: str
    """What mends it: a command where there is one."""

    def to_json(self) -> dict[str, Json]:
        """Return the finding as an answer holds it."""
        return {
            "code": self.code,
            "severity": self.severity,
            "run_id": self.run_id,
            "path": self.path,
            "line": self.line,
            "message": self.message,
            "fix": self.fix,
        }

    def to_text(self) -> str:
        """Return two lines: what is wrong and where, then what mends it."""
        return f"{self.what()}\n{self.mend()}"

    def mend(self) -> str:
        """Return the line that says what mends it."""
        return f"    fix: {printable(self.fix)}"

    def what(self) -> str:
        """Return one line: what is wrong, and where."""
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        note = "" if self.severity == ERROR else f" ({self.severity})"
        return f"{self.code}{note} {printable(where)}: {printable(self.message)}"


def by_weight(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return ``findings`` without repeats and what is off: errors first, then by path and line."""
    unique = dict.fromkeys(one for one in findings if one.severity != OFF)
    return tuple(
        sorted(unique, key=lambda one: (_RANK[one.severity], one.path, one.line or 0, one.code))
    )


def lighter(severity: str, other: str) -> str:
    """Return the one of two severities that weighs less."""
    return max(severity, other, key=_RANK.__getitem__)


def to_lines(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield ``findings`` as text; neighbours that one command mends share the line that says so."""
    for place, one in enumerate(findings):
        yield one.what()
        if place + 1 == len(findings) or findings[place + 1].fix != one.fix:
            yield one.mend()


def is_blocking(findings: Iterable[Finding]) -> bool:
    """Whether one of ``findings`` is an error."""
    return any(one.severity == ERROR for one in findings)


def printable(text: str) -> str:
    """Return ``text`` with everything that a terminal or the log of a CI acts on escaped.

    Control characters, bidirectional overrides, line separators and bytes that are no UTF-8 can
    make a terminal or a log show something else than what is in the file. Some runners obey
    commands like ``##[error]`` wherever they stand in a line.
    """
    if "##" in text:
        for command in _IN_LINE:
            text = text.replace(command, f"#\\x23{command[2:]}")
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def shell_word(text: str) -> str:
    """Return ``text`` as one word of a POSIX shell command."""
    if text and _SAFE.issuperset(text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


def shell_words(texts: Iterable[str], limit: int = 8) -> str:
    """Return ``texts`` as words of a command; beyond ``limit`` an ellipsis stands for the rest."""
    words = [shell_word(text) for text in texts]
    return " ".join([*words[:limit], "…"] if len(words) > limit else words)


def _escape(char: str) -> str:
    number = ord(char)
    if number <= _LATIN:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= _BASIC_PLANE else f"\\U{number:08x}"

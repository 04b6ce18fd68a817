"""A judgement as annotations of a GitHub workflow: commands that its runner reads from stdout.

Everything that others wrote is escaped twice: what a terminal acts on is written out, then what
could end a command or one of its properties.
"""

from __future__ import annotations

from ledger.ci.formats.text import waiver_line
from ledger.policy.catalogue import RULES
from ledger.policy.finding import ERROR, NOTICE, WARN, printable


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.ci.judged import Judged
    from ledger.policy.finding import Finding

MOST = 10
"""Annotations of one kind that GitHub shows of a step."""
_KINDS = {ERROR: "error", WARN: "warning", NOTICE: "notice"}
_TOP = "."
"""The path of what concerns no file."""


def to_github(judged: Judged) -> str:
    """Return workflow commands, the worst first, and a line on what is left out."""
    lines: list[str] = []
    n_left_out = 0
    for severity, kind in _KINDS.items():
        found = [
            _annotation(one, kind) for one in judged.verdict.findings if one.severity == severity
        ]
        if severity == NOTICE:
            found += _waivers(judged)
        lines += found[:MOST]
        n_left_out += len(found[MOST:])
    if n_left_out:
        lines.append(f"ledger: {n_left_out} more, which GitHub would not show here")
    return "\n".join(lines)


def escape_data(text: str) -> str:
    """Return ``text`` as the message of a workflow command."""
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """Return ``text`` as a property of a workflow command."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def _annotation(finding: Finding, kind: str) -> str:
    title = f"{finding.code} {RULES[finding.code].title}"
    properties = {"title": title}
    if finding.path != _TOP:
        properties = {"file": finding.path} | properties
        if finding.line is not None:
            properties["line"] = str(finding.line)
    listed = ",".join(f"{key}={escape_property(item)}" for key, item in properties.items())
    # the line break is ours, and the only one
    message = f"{escape_data(finding.message)}%0Afix: {escape_data(finding.fix)}"
    return f"::{kind} {listed}::{message}"


def _waivers(judged: Judged) -> Iterator[str]:
    for waiver in judged.waived:
        yield f"::notice title=opt-out::{escape_data(waiver_line(waiver))}"

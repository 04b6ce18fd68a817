"""Untrusted text made harmless: on a terminal, and in the Markdown that a forge renders.

Whoever opens a pull request chooses the ids, names, notes, file names and messages of a report.
Each is shown as what it is, on one line: nothing of it is obeyed by a terminal, becomes a tag, a
link, an image, a heading or a cell of a table, calls a person or another issue, or is hidden.
"""

from __future__ import annotations

import re

from ledger.policy.finding import printable


MAX_CHARS = 500
"""So much of one text is shown, unless the caller says otherwise."""
_ELLIPSIS = "…"
_BREAK = "&#8203;"
"""A zero-width space of our own: it ends what a forge would take for a link or a reference."""

# Printable by Unicode's categories, and yet nothing to see: fillers, joiners, and the variation
# selectors that text can be smuggled in. U+FE0F alone makes an ordinary emoji.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0e\uffa0"
    "\U000e0100-\U000e01ef]"
)
# more marks on one letter than any script has cover the lines around it
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
_STACKED = re.compile(f"(?<={_MARK}{{3}}){_MARK}")

# Of `_` only what could begin or end an emphasis: within a word it cannot, and ids are full of it.
_SIGNS = r"[\\`*\[\]~^]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|[&<>\"|$]"
_LINKS = r"(?P<broken>@|://|(?i:www)(?=\.)|:(?=[\w+-]+:)"
"""Addresses, and the names of pictures between colons."""
# Issues, merge requests, labels, milestones, snippets, epics of GitHub and GitLab. Forges look for
# them in what is rendered, where an entity hides nothing; in code they do not look.
_REFERENCES = r"|[#!~%$&\[](?=[\w\"'])|(?<!\w)(?i:gh)(?=-[0-9])"
_IN_CODE = re.compile(f"{_LINKS})|{_SIGNS}")
_IN_TEXT = re.compile(f"{_LINKS}{_REFERENCES})|{_SIGNS}")
_ESCAPES = {sign: f"&#{ord(sign)};" for sign in "\\`*[]~^_|$"}
_ESCAPES |= {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_LINK = "://"
_START = re.compile(r"[-+:=#/]|[0-9]{1,9}[.)]")
"""What begins a list, a heading or the line below one, or is a command to GitLab."""


def clip(text: str, limit: int) -> str:
    """Return ``text``, or the beginning of it with an ellipsis, at most ``limit`` characters."""
    return text if len(text) <= limit else text[: max(0, limit - 1)] + _ELLIPSIS


def visible(text: str, limit: int = MAX_CHARS) -> str:
    r"""Return ``text`` as one line that a terminal only shows, cut to ``limit`` characters.

    Controls, escapes, line breaks, bidirectional and zero-width characters, surrogates and
    whatever else cannot be seen stand as ``\x1b``, ``\u202e``.
    """
    shown = printable(clip(text, limit))
    return shown if shown.isascii() else _STACKED.sub(_escaped, _UNSEEN.sub(_escaped, shown))


def markdown_text(text: str, limit: int = MAX_CHARS) -> str:
    """Return ``text`` as Markdown that renders as the text itself; it may stand in a cell."""
    shown = _IN_TEXT.sub(_unmeant, visible(text, limit).strip(" "))
    start = _START.match(shown)
    if start is None:
        return shown
    last = start.end() - 1
    return f"{shown[:last]}&#{ord(shown[last])};{shown[last + 1 :]}"


def markdown_code(text: str, limit: int = MAX_CHARS) -> str:
    """Return ``text`` as code in Markdown or HTML; it may stand in a cell. Nothing for nothing.

    It is an element of HTML: between backticks not every text can stand, least of all in a table.
    """
    shown = _IN_CODE.sub(_unmeant, visible(text, limit).strip(" "))
    return f"<code>{shown}</code>" if shown else ""


def paragraph(text: str) -> str:
    """Return the first paragraph of ``text`` as one line; its line breaks become blanks."""
    lines: list[str] = []
    for line in text.split("\n"):
        if line.strip():
            lines.append(line.strip())
        elif lines:
            break
    return " ".join(lines)


def _unmeant(found: re.Match[str]) -> str:
    sign = found[0]
    if sign == _LINK:
        return f":{_BREAK}//"
    shown = _ESCAPES.get(sign, sign)
    return shown if found["broken"] is None else shown + _BREAK


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004  # one plane

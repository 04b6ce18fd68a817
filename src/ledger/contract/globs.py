"""Path patterns of the settings: ``**/*.{py,yaml}``, ``configs/**``, ``!docs/**``."""

from __future__ import annotations

import re


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


_PART = re.compile(r"(?s)\*\*/|\*\*|.")
_PLAIN = {"**/": "(?:[^/]+/)*", "**": "(?s:.*)", "*": "[^/]*", "?": "[^/]", "{": "(?:"}
_IN_BRACES = {",": "|", "}": ")"}


def compile_globs(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Return a test of paths (relative, ``/``) against ``patterns``; one led by ``!`` excludes.

    ``*`` and ``?`` stop at ``/``; ``**/`` is any number of folders; ``{a,b}`` is a choice; a
    pattern that ends with ``/`` means everything below.
    """
    taken: list[str] = []
    refused: list[str] = []
    for pattern in patterns:
        (refused if pattern.startswith("!") else taken).append(
            _translate(pattern.removeprefix("!"))
        )
    include = re.compile("|".join(taken) or r"(?!)")
    exclude = re.compile("|".join(refused) or r"(?!)")
    return lambda path: bool(include.fullmatch(path)) and not exclude.fullmatch(path)


def _translate(pattern: str) -> str:
    if pattern.endswith("/"):
        pattern += "**"
    # a run of `**/` takes what one takes, and repeated costs a power of the path's length
    pattern = re.sub(r"(?:\*\*/)+", "**/", pattern)
    out: list[str] = []
    depth = 0
    for part in _PART.findall(pattern):
        depth += part == "{"
        known = _PLAIN | _IN_BRACES if depth else _PLAIN
        depth -= part == "}" and depth > 0
        out.append(known.get(part, re.escape(part)))
    return "".join(out) + ")" * depth

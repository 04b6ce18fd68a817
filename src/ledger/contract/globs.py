"""Path patterns of the settings: ``**/*.{py,yaml}``, ``configs/**``, ``!docs/**``."""

from __future__ import annotations

import re


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


_PART = re.compile(r"(?s)\*\*/|\*\*|.")
_PLAIN = {"**/": "(?:[^/]+/)*", "**": "(?s:.*)", "*": "[^/]*", "?": "[^/]", "{": "(?:"}
_IN_BRACES = {",": "|", "}": ")"}
_MOST_STARS, _MOST_CHOICES, _MOST_WORDS, _MOST_CHARS = 2, 3, 40, 400
"""Of what a regular expression is asked: it is the faster way, and takes a power of these."""


def compile_globs(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Return a test of paths (relative, ``/``) against ``patterns``; one led by ``!`` excludes.

    ``*`` and ``?`` stop at ``/``; ``**/`` is any number of folders; ``{a,b}`` is a choice; a
    pattern that ends with ``/`` means everything below.
    """
    taken: list[str] = []
    refused: list[str] = []
    for pattern in patterns:
        (refused if pattern.startswith("!") else taken).append(pattern.removeprefix("!"))
    include, exclude = _test(taken), _test(refused)
    return lambda path: include(path) and not exclude(path)


def _test(patterns: Sequence[str]) -> Callable[[str], bool]:
    easy = [pattern for pattern in patterns if _is_easy(pattern)]
    compiled = re.compile("|".join(map(_translate, easy)) or r"(?!)")
    hard = _Slow([pattern for pattern in patterns if not _is_easy(pattern)])
    every = _Slow(patterns)

    def takes(path: str) -> bool:
        if len(path) > _MOST_CHARS:
            return every.takes(path)
        return compiled.fullmatch(path) is not None or hard.takes(path)

    return takes


class _Slow:
    """A test that takes no longer than path and patterns are long; made when it is needed."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self.patterns = patterns
        self._matches: Callable[[str], bool] | None = None

    def takes(self, path: str) -> bool:
        """Whether one of the patterns takes the whole of ``path``."""
        if not self.patterns:
            return False
        if self._matches is None:
            from ledger.contract.glob_automaton import matcher  # noqa: PLC0415  # hardly ever

            self._matches = matcher(map(_tokens, self.patterns))
        return self._matches(path)


def _is_easy(pattern: str) -> bool:
    """Whether a regular expression answers soon, whatever the path."""
    n_stars = sum(token in {"*", "**", "**/"} for token in _tokens(pattern))
    n_choices = n_stars + pattern.count("{")
    return (
        n_stars <= _MOST_STARS
        and n_choices <= _MOST_CHOICES
        and pattern.count(",") <= _MOST_WORDS
        and len(pattern) <= _MOST_CHARS
    )


def _tokens(pattern: str) -> list[str]:
    if pattern.endswith("/"):
        pattern += "**"
    # a run of `**/` takes what one takes, and repeated costs a power of the path's length
    found: list[str] = _PART.findall(re.sub(r"(?:\*\*/)+", "**/", pattern))
    return found


def _translate(pattern: str) -> str:
    out: list[str] = []
    depth = 0
    for part in _tokens(pattern):
        depth += part == "{"
        known = _PLAIN | _IN_BRACES if depth else _PLAIN
        depth -= part == "}" and depth > 0
        out.append(known.get(part, re.escape(part)))
    return "".join(out) + ")" * depth

r"""Which paths ``.dvcignore`` files keep out of a data hash, decided as DVC 3 decides it.

The syntax is that of ``.gitignore``. Where DVC departs from git we follow DVC, because the hash
has to be the one that ``dvc add`` writes: a line in a nested file is rewritten to be relative to
the top folder without escaping that folder's name, and loses one leading backslash.
"""

from __future__ import annotations

import os
import re

from ledger.capture.regular_file import read_whole
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

IGNORE_FILE = ".dvcignore"
MAX_BYTES = 1 << 20
"""A larger ``.dvcignore`` is not read."""


@value
class Rule:
    """One line of a ``.dvcignore`` file."""

    pattern: re.Pattern[str]
    """Matched at the start of a path relative to the top folder; a folder's also with ``/``."""
    is_ignoring: bool
    """False for a line with ``!``, which takes the path back in."""
    is_for_folders: bool
    """Whether the line ends with ``/``, so that it does not look at files."""


@value
class Rules:
    """The rules in force in one folder; the last that matches a path decides."""

    top: str
    """Absolute path of the folder that the rules count from."""
    rules: tuple[Rule, ...]

    def is_ignored(self, path: str, *, is_folder: bool) -> bool:
        """Return whether to leave out ``path``, absolute and inside ``top``.

        The folders above it are taken to be not ignored: ask for them first, from the top down.
        ``top`` itself never is.
        """
        name = path[len(self.top.rstrip("/")) + 1 :]
        if not name:
            return False
        for rule in reversed(self.rules):
            if rule.is_for_folders and not is_folder:
                continue
            if rule.pattern.match(name) or (is_folder and rule.pattern.match(f"{name}/")):
                return rule.is_ignoring
        return False


def default_rules(top: str) -> Rules:
    """Return the rules that hold without any ``.dvcignore``: no git, Mercurial or DVC internals."""
    folders = re.compile(r"(?:.+/)?\.(?:hg|git|dvc)/")
    link = re.compile(r"(?:.+/)?\.git(?:/|$)")  # a file of this name in submodules and worktrees
    return Rules(
        top=top,
        rules=(
            Rule(pattern=folders, is_ignoring=True, is_for_folders=True),
            Rule(pattern=link, is_ignoring=True, is_for_folders=False),
        ),
    )


def rules_above(path: str, top: str, warnings: list[str]) -> Rules:
    """Return the rules in force for the entry ``path``, which lies below the folder ``top``.

    When they ignore ``path`` itself, DVC would refuse it; then only the default rules hold, so
    that what is inside counts, and ``warnings`` gets a line.
    """
    rules: Rules | None = default_rules(top)
    for folder in (top, *_between(top, path)):
        rules = rules and enter(rules, folder, warnings)
    if rules is None or rules.is_ignored(path, is_folder=os.path.isdir(path)):
        warnings.append(f"{path}: {IGNORE_FILE} rules leave it out of DVC; hashed without them")
        return default_rules(path)
    return rules


def enter(rules: Rules, folder: str, warnings: list[str]) -> Rules | None:
    """Return the rules in force in ``folder``, or None when it is left out.

    The rules of its own ``.dvcignore``, which come behind the others, can leave it out too (by
    ``**``). A file that cannot be read, or a line that is no pattern, is passed over with a line in
    ``warnings``; DVC would stop there.
    """
    if rules.is_ignored(folder, is_folder=True):
        return None
    file = f"{folder}/{IGNORE_FILE}"
    if not os.path.lexists(file) or rules.is_ignored(file, is_folder=False):
        return rules
    try:
        text = read_whole(file, limit_bytes=MAX_BYTES).decode("utf-8")
    except (OSError, ValueError) as error:
        warnings.append(f"ignored: {file}: {error}")
        return rules
    own = _parsed(text, folder[len(rules.top.rstrip("/")) + 1 :], file, warnings)
    both = Rules(top=rules.top, rules=(*rules.rules, *own))
    return None if both.is_ignored(folder, is_folder=True) else both


def _parsed(text: str, below_top: str, file: str, warnings: list[str]) -> Iterator[Rule]:
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", text)]
    for line in lines:
        if line and not line.startswith("#"):
            try:
                yield from _rule(_from_the_top(line, below_top) if below_top else line)
            except ValueError:
                warnings.append(f"ignored: {file}: {line!r} is not a pattern")


def _rule(line: str) -> Iterator[Rule]:
    # 60 ms, which the .dvcignore of comments only that `dvc init` writes need not pay.
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern  # noqa: PLC0415

    regex, is_ignoring = GitIgnoreSpecPattern.pattern_to_regex(line)
    if regex is not None and is_ignoring is not None:
        yield Rule(
            pattern=re.compile(regex), is_ignoring=is_ignoring, is_for_folders=line.endswith("/")
        )


def _from_the_top(line: str, below_top: str) -> str:
    """Return a line of the ``.dvcignore`` in the folder ``below_top`` as the top would have it."""
    sign, body = ("!", line[1:]) if line.startswith("!") else ("", line)
    is_anchored = "/" in body[:-1] and not body.startswith("**/")
    body = body.removeprefix("/") if is_anchored else body.removeprefix("**/")
    body = body.removeprefix("\\")
    return f"{sign}/{below_top}/{body}" if is_anchored else f"{sign}/{below_top}/**/{body}"


def _between(top: str, path: str) -> Iterator[str]:
    """Yield the folders below ``top`` and above ``path``, from the top down."""
    base = top.rstrip("/")
    parts = path[len(base) + 1 :].split("/")
    for depth in range(1, len(parts)):
        yield "/".join((base, *parts[:depth]))

"""What differs between two trees, entry by entry, as git's raw form tells it."""

from __future__ import annotations

import os

from ledger.storage.tree import TreeEntry
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ledger.storage.git import Repository

RAW = ("--raw", "-r", "-z", "--no-renames", "--ignore-submodules=none")
_ABSENT = "000000"


@value
class Difference:
    """One path that two trees do not hold alike; None where a side has nothing there."""

    old: TreeEntry | None
    new: TreeEntry | None
    status: str
    """git's letter: A, D, M, T, or U where a merge is unresolved."""


def differences(repository: Repository, command: str, *arguments: str) -> dict[str, Difference]:
    """Return {path: difference} by ``git <command>``, diff-tree or diff-index, of ``arguments``.

    Raises:
        GitError: git does not know one of the trees.
    """
    # the "--" tells a revision from a file of the same name
    return dict(parse_raw(repository.git(command, *RAW, *arguments, "--")))


def parse_raw(listed: bytes) -> Iterator[tuple[str, Difference]]:
    """Yield (path, difference) of git's raw form between NUL bytes, without ids of commits."""
    words = listed.split(b"\0")
    for facts, path in zip(words[0::2], words[1::2], strict=False):
        yield os.fsdecode(path), _difference(facts)


def changes_of_commits(
    repository: Repository, commits: Iterable[str]
) -> dict[str, dict[str, Difference]]:
    """Return, by commit, how each of ``commits`` differs from its parent; one git process for all.

    A commit that changes nothing, or that git does not have, is left out.
    """
    stdin = "".join(f"{commit}\n" for commit in dict.fromkeys(commits)).encode("ascii")
    if not stdin:
        return {}
    listed = repository.git("diff-tree", "--stdin", "--root", *RAW, stdin=stdin)
    found: dict[str, dict[str, Difference]] = {}
    commit = ""
    words = iter(listed.split(b"\0"))
    for word in words:
        if word.startswith(b":"):
            found[commit][os.fsdecode(next(words))] = _difference(word)
        elif word:
            commit = word.decode("ascii")
            found[commit] = {}
    return found


def index_lines(entries: Mapping[str, TreeEntry | None], object_format: str) -> bytes:
    """Return ``entries`` as ``git update-index -z --index-info`` reads them; None takes out.

    What is taken out comes first: a folder may take the place of a file.
    """
    null = "0" * (64 if object_format == "sha256" else 40)
    ordered = sorted(entries.items(), key=lambda item: item[1] is not None)
    lines = (
        os.fsencode(f"{entry.mode} {entry.oid}\t{path}" if entry else f"0 {null}\t{path}")
        for path, entry in ordered
    )
    return b"".join(line + b"\0" for line in lines)


def _difference(facts: bytes) -> Difference:
    old_mode, mode, old_oid, oid, status = facts[1:].decode("ascii").split(" ")
    return Difference(old=_entry(old_mode, old_oid), new=_entry(mode, oid), status=status[0])


def _entry(mode: str, oid: str) -> TreeEntry | None:
    return None if mode == _ABSENT else TreeEntry(mode=mode, oid=oid)

"""Which files git would leave out of every commit."""

from __future__ import annotations

from ledger.storage.git import failure, join_z, split_z


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.storage.git import Repository


def ignored_paths(
    repository: Repository, paths: Iterable[str], *, even_tracked: bool
) -> frozenset[str]:
    """Return those of ``paths`` that ignore rules name.

    Args:
        repository: whose rules count.
        paths: relative to the top.
        even_tracked: also files that git tracks in spite of its rules.

    Raises:
        GitError: git could not say.
    """
    stdin = join_z(paths)
    if not stdin:
        return frozenset()
    output = repository.ask(*_command(even_tracked=even_tracked), stdin=stdin)
    if output.code not in {0, 1}:
        raise failure(("check-ignore",), output)
    return frozenset(split_z(output.stdout))


def ignoring_rule(repository: Repository, path: str) -> tuple[str, str, str] | None:
    """Return (file, line, pattern) of the rule that names ``path``, None where there is none."""
    output = repository.ask(*_command(even_tracked=True), "-v", stdin=join_z((path,)))
    words = split_z(output.stdout)
    return (words[0], words[1], words[2]) if len(words) > 2 else None  # noqa: PLR2004


def _command(*, even_tracked: bool) -> tuple[str, ...]:
    index = ("--no-index",) if even_tracked else ()
    return "check-ignore", *index, "-z", "--stdin"

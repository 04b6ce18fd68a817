"""How much there is to read of a run's tables: a change may bring tables that nobody should."""

from __future__ import annotations

from ledger.contract.layout import is_table
from ledger.reader.ledger import StoredRun
from ledger.value import as_dict


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.reader.ledger import Ledger
    from ledger.storage.git import Repository

MAX_TABLES = 32 * 1024 * 1024
"""Bytes of one run's tables that are read."""


def without_tables(run: StoredRun) -> StoredRun:
    """Return ``run`` as its record alone tells it."""
    names = tuple(name for name in run.names if not is_table(name))
    return StoredRun(**{**as_dict(run), "names": names})  # type: ignore[arg-type]  # its own fields


def table_sizes(
    repository: Repository, ledger: Ledger, runs: Iterable[StoredRun]
) -> dict[str, int]:
    """Return the bytes of the tables of each of ``runs`` by id; one git process.

    Args:
        repository: holds the contents.
        ledger: of a commit.
        runs: of ``ledger``.

    Raises:
        GitError: git cannot tell.
    """
    listed = [
        (run.run_id, oid)
        for run in runs
        for name, oid in (ledger.source.oids(run.path) or {}).items()
        if is_table(name)
    ]
    found = dict.fromkeys((run_id for run_id, _ in listed), 0)
    if not listed:
        return found
    asked = "".join(f"{oid}\n" for _, oid in listed).encode("ascii")
    answer = repository.git("cat-file", "--batch-check=%(objectsize)", stdin=asked)
    for (run_id, _), line in zip(listed, answer.split(b"\n"), strict=False):
        if line.isdigit():  # else it is missing, and whoever reads it is told so
            found[run_id] += int(line)
    return found

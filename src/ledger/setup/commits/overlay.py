"""What a run's commit holds otherwise than HEAD, and what is put back after the last one."""

from __future__ import annotations

from ledger.contract.json_text import as_text
from ledger.contract.layout import RECORD_NAME
from ledger.contract.record import parse_record
from ledger.errors import GitError, LedgerError
from ledger.setup.commits.selection import started_at
from ledger.value import value
from ledger.writer.claim import run_folders


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from ledger.contract.record import RunRecord
    from ledger.setup.commits.code import SeenCode
    from ledger.setup.commits.history import History, Moves
    from ledger.setup.commits.selection import Candidate
    from ledger.storage.git import Repository
    from ledger.storage.tree import TreeEntry


@value
class Overlay:
    """The code of one run on top of HEAD."""

    entries: Mapping[str, TreeEntry | None]
    """By path; None where the run had nothing there."""
    borrowed: frozenset[str]
    """Paths that others have changed since the run: they go back to what HEAD holds."""


class Overlays:
    """Overlays for the runs of one ledger.

    Args:
        repository: whose objects are named.
        ledger_dir: the folder of the ledger, absolute.
        history: what moved since the runs started.
        seen: the code the runs saw.
    """

    def __init__(
        self, repository: Repository, ledger_dir: Path, history: History, seen: SeenCode
    ) -> None:
        self._repository = repository
        self._ledger_dir = ledger_dir
        self._history = history
        self._seen = seen
        self._folders: dict[str, Path] | None = None
        self._known: dict[str, tuple[datetime, frozenset[str]] | None] = {}

    def of(self, candidate: Candidate) -> Overlay:
        """Return the overlay of ``candidate``; a clean run, or a changed note, needs none.

        Raises:
            LedgerError: git no longer holds the code.
        """
        record = candidate.record
        if not candidate.is_new or record.is_dirty is False or record.is_imported:
            return Overlay(entries={}, borrowed=frozenset())
        entries = self._seen.entries_of(record, candidate.run_dir)
        moves = self._moves(record)
        if moves is None:
            return Overlay(entries=entries, borrowed=frozenset())
        # what runs committed since have made of tracked files is not what this one saw
        undone: dict[str, TreeEntry | None] = {
            path: one.old
            for path, one in moves.paths.items()
            if one.old and path not in entries and self._is_only_of_runs(path, moves)
        }
        entries = undone | entries
        borrowed = frozenset(
            path
            for path, entry in entries.items()
            if path in moves.paths
            and moves.paths[path].new != entry
            and self._is_of_others(path, moves, candidate.order[0])
        )
        return Overlay(entries=entries, borrowed=borrowed)

    def _moves(self, record: RunRecord) -> Moves | None:
        commit, base = as_text(record.git.get("commit")), as_text(record.git.get("base"))
        starts = [start for start in (commit, base) if start]
        if not starts:
            empty = self._repository.git("hash-object", "-t", "tree", "-w", "--stdin")
            starts = [empty.decode("ascii").strip()]
        for start in starts:
            try:
                return self._history.since(start)
            except GitError:
                continue  # it was pruned, or never came to this clone
        return None

    def _is_only_of_runs(self, path: str, moves: Moves) -> bool:
        """Whether nothing but the code of recorded runs ever changed ``path``."""
        if path in moves.by_others or path not in moves.by_runs:
            return False
        runs = [self._run(run_id) for run_id in moves.by_runs[path]]
        return all(run is not None and path in run[1] for run in runs)

    def _is_of_others(self, path: str, moves: Moves, started: datetime) -> bool:
        """Whether HEAD's ``path`` is the work of an ordinary commit, or of a later run."""
        runs = [self._run(run_id) for run_id in moves.by_runs.get(path, ())]
        is_later = any(run is None or run[0] > started for run in runs)
        return path in moves.by_others or is_later

    def _run(self, run_id: str) -> tuple[datetime, frozenset[str]] | None:
        """Return (start, dirty paths) of a run of this ledger, None where it is not here."""
        if run_id not in self._known:
            if self._folders is None:
                self._folders = {path.name: path for path in run_folders(self._ledger_dir)}
            folder = self._folders.get(run_id)
            self._known[run_id] = None if folder is None else _facts(folder)
        return self._known[run_id]


def _facts(folder: Path) -> tuple[datetime, frozenset[str]] | None:
    try:
        record = parse_record((folder / RECORD_NAME).read_bytes())
    except (OSError, LedgerError):
        return None
    paths: Iterable[str] = (dirty.path for dirty in record.dirty_paths or ())
    return started_at(record), frozenset(paths)

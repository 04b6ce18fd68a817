"""The commits of a series of runs, each on top of the one before, and one that puts back."""

from __future__ import annotations

import os

from ledger.contract.layout import NOTE_NAME
from ledger.errors import LedgerError
from ledger.policy.finding import is_blocking, to_lines
from ledger.policy.judge import judge_staged
from ledger.setup.commits.files import (
    Gathered,
    files_below,
    gather,
    gather_stored,
    ground_paths,
    shared_paths,
    tracking_paths,
)
from ledger.setup.commits.index import Head, PrivateIndex
from ledger.setup.commits.message import closing_message, run_message
from ledger.setup.commits.place import HeadMovedError, open_place
from ledger.setup.commits.selection import frozen_changes
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ledger.policy.ledgers import Ledger
    from ledger.setup.commits.index import UserIndex
    from ledger.setup.commits.overlay import Overlay, Overlays
    from ledger.setup.commits.place import Made, Place
    from ledger.setup.commits.selection import Candidate
    from ledger.storage.git import Repository
    from ledger.storage.tree import TreeEntry

    Entries = Mapping[str, TreeEntry | None]


@value
class Committed:
    """One commit of the series, made or, in a dry run, to be made."""

    commit: str | None
    """None in a dry run."""
    run_id: str | None
    """None for the commit that puts back what others changed."""
    changes: tuple[tuple[str, str], ...]
    """(A, M or D, path) against the commit before."""


@value
class Report:
    """Who is told what."""

    show: Callable[[Committed], None]
    """Takes each commit as it is made."""
    tell: Callable[[str], None]
    """Takes lines of narration."""


@value
class Rules:
    """How runs are committed."""

    message: str | None
    """The user's own message."""
    skips_hooks: bool
    """Whether neither our checks nor the commit hooks are asked."""
    is_dry: bool
    """Whether nothing is committed."""


class Series:
    """Commits runs one after the other.

    Args:
        repository: where.
        index: the user's, locked; HEAD is where it says.
        held: what HEAD holds, by path.
        environ: the user's, as ``user_environment`` returns it.
        rules: how.
        report: who is told.
    """

    def __init__(  # noqa: PLR0913  # the parts of a series, put together in one place
        self,
        *,
        repository: Repository,
        index: UserIndex,
        held: Mapping[str, TreeEntry],
        environ: Mapping[str, str],
        rules: Rules,
        report: Report,
    ) -> None:
        self._repository = repository
        self._index = index
        self._held = held
        self._environ = environ
        self._rules = rules
        self._show = report.show
        self._tell = report.tell
        self._private = PrivateIndex(repository, "next")
        self._place: Place | None = None
        self._onto = index.head
        # what differs from `held`: in the private index, in the last commit, in its ledger, and
        # in files of earlier runs that git did not track
        self._prepared: Entries = {}
        self._last: Entries = {}
        self._ledger: Entries = {}
        self._brought: Entries = {}
        self.n_committed = 0
        self.n_refused = 0

    def run(
        self,
        ledger: Ledger,
        chosen: Sequence[Candidate],
        overlays: Overlays,
    ) -> None:
        """Commit ``chosen`` in their order, then put back what others changed.

        The first commit also brings what the ledger stands on and HEAD does not hold.

        Args:
            ledger: whose runs they are.
            chosen: the runs.
            overlays: their code.

        Raises:
            HeadMovedError: somebody else committed meanwhile.
            LedgerError: git refuses altogether.
        """
        self._start_over()
        ground = ground_paths(self._repository, ledger, self._held)
        paths = {one.run_id: self._paths_of(ledger, one) for one in chosen}
        wanted = [*ground, *(path for each in paths.values() for path in each)]
        gathered = self._gather(ledger, wanted)
        self._ledger = {p: gathered.entries[p] for p in ground if p in gathered.entries}
        last = None
        for candidate in chosen:
            try:
                overlay = self._commit(candidate, paths[candidate.run_id], gathered, overlays)
            except HeadMovedError:
                raise
            except LedgerError as error:
                self._refuse([f"{candidate.run_id}: {error}"])
                self._start_over()
            else:
                last = overlay or last
        if last is not None:
            self._put_back(last.borrowed | self._untried(last))

    def close(self) -> None:
        """Leave nothing behind but the commits."""
        if self._place is not None:
            self._place.close()
        self._private.remove()

    def _gather(self, ledger: Ledger, wanted: Sequence[str]) -> Gathered:
        found = gather(self._repository, self._index.path, wanted)
        away = [path for path in wanted if path not in found.entries and path not in self._held]
        stored = gather_stored(self._repository, ledger, away)
        return Gathered(entries={**found.entries, **stored}, unreadable=found.unreadable)

    def _paths_of(self, ledger: Ledger, candidate: Candidate) -> list[str]:
        own = files_below(self._repository.top, candidate.path)
        tracking = tracking_paths(self._repository, ledger, candidate.record)
        return own + shared_paths(ledger, candidate.record) + tracking

    def _commit(
        self, candidate: Candidate, paths: Sequence[str], gathered: Gathered, overlays: Overlays
    ) -> Overlay | None:
        """Commit one run; return its code, None where the run was refused."""
        unreadable = [f"{p}: {gathered.unreadable[p]}" for p in paths if p in gathered.unreadable]
        frozen = [*to_lines(frozen_changes(candidate, self._held, gathered.entries))]
        if unreadable or frozen:
            self._refuse(unreadable + frozen)
            return None
        overlay = overlays.of(candidate)
        files = _files_of(candidate, paths, gathered.entries, self._held)
        ledger = {**self._ledger, **files}
        wanted = {**self._brought, **overlay.entries, **ledger}
        if not self._is_fit(candidate, wanted):
            return None
        message = self._message(candidate)
        if not self._make(wanted, message, candidate.run_id):
            return None
        self._ledger = ledger
        self._brought = {**self._brought, **self._new_files(overlay)}
        return overlay

    def _is_fit(self, candidate: Candidate, wanted: Entries) -> bool:
        """Prepare the private index, and judge it as the commit hook would."""
        self._prepare(wanted)
        if self._rules.skips_hooks:
            return True
        verdict = judge_staged(self._private.repository, self._repository.env)
        about = {None, candidate.run_id}  # in a dry run HEAD lacks the runs before this one
        findings = [one for one in verdict.findings if one.run_id in about]
        if is_blocking(findings):
            self._refuse([*to_lines(findings)])
            return False
        for line in to_lines(findings):
            self._tell(line)
        return True

    def _new_files(self, overlay: Overlay) -> dict[str, TreeEntry | None]:
        """Return files that git did not track before this run, and that are still on the disk.

        They stay for the runs after it, which did not load them: a config for each run would else
        come with one commit and go with the next (decision 0014).
        """
        top = self._repository.top
        return {
            path: entry
            for path, entry in overlay.entries.items()
            if entry and path not in self._held and os.path.lexists(os.path.join(top, path))
        }

    def _message(self, candidate: Candidate) -> bytes:
        try:
            note = (candidate.run_dir / NOTE_NAME).read_bytes()
        except OSError:
            note = b""  # LED102 says so
        return run_message(candidate.record, note, self._rules.message, is_new=candidate.is_new)

    def _make(self, wanted: Entries, message: bytes, run_id: str | None) -> bool:
        """Commit what the private index holds; whether it was committed."""
        changes = self._changes(wanted)
        if not changes:
            self._tell(f"{run_id}: HEAD holds all of it already")
            return False
        commit = None
        if not self._rules.is_dry:
            made = self._commit_tree(message)
            if made.commit is None:
                self._refuse([f"{run_id or 'putting back'}: git commit refused:", made.said])
                self._start_over()
                return False
            commit = made.commit
            self._onto = Head(commit=commit, tree=commit)
        self._last = wanted
        self.n_committed += 1
        self._show(Committed(commit=commit, run_id=run_id, changes=changes))
        return True

    def _commit_tree(self, message: bytes) -> Made:
        if self._place is None:
            self._place = open_place(self._repository, self._private, self._environ)
        skips_hooks = self._rules.skips_hooks
        tree = self._private.write_tree()
        return self._place.commit(tree, self._onto, message, skips_hooks=skips_hooks)

    def _untried(self, last: Overlay) -> frozenset[str]:
        """Return paths that the last run changed and that are on the disk as HEAD held them.

        Somebody put them back, or into a stash: HEAD follows, so that they are no change now.
        """
        paths = [path for path in last.entries if path not in self._index.staged]
        if not paths:
            return frozenset()
        now = gather(self._repository, self._index.path, paths)
        return frozenset(
            path
            for path in paths
            if path not in now.unreadable and now.entries.get(path) == self._held.get(path)
        )

    def _put_back(self, paths: frozenset[str]) -> None:
        """Commit ``paths`` as HEAD held them before, where the last commit changed them."""
        changed = [path for path in paths if self._at(self._last, path) != self._held.get(path)]
        if not changed:
            return
        wanted = {path: entry for path, entry in self._last.items() if path not in paths}
        self._prepare(wanted)
        if self._make(wanted, closing_message(changed), None):
            n_paths = f"{len(changed)} path{'' if len(changed) == 1 else 's'}"
            why = "others changed them since, or you put them back"
            self._tell(f"the last commit puts back {n_paths} that the runs had otherwise: {why}")

    def _prepare(self, wanted: Entries) -> None:
        """Make the private index hold ``wanted`` on top of what HEAD held at the start."""
        paths = [
            p
            for p in {**self._prepared, **wanted}
            if self._at(self._prepared, p) != self._at(wanted, p)
        ]
        self._private.set({path: self._at(wanted, path) for path in paths})
        self._prepared = wanted

    def _start_over(self) -> None:
        """Make the private index anew: as HEAD, knowing what the user's knows of the disk."""
        self._private.remove()
        self._private.copy(self._index.path)
        self._private.set({path: one.old for path, one in self._index.staged.items()})
        self._prepared = {}

    def _changes(self, wanted: Entries) -> tuple[tuple[str, str], ...]:
        found = []
        for path in sorted({**self._last, **wanted}):
            before, after = self._at(self._last, path), self._at(wanted, path)
            if before != after:
                found.append(("A" if before is None else "D" if after is None else "M", path))
        return tuple(found)

    def _at(self, entries: Entries, path: str) -> TreeEntry | None:
        return entries[path] if path in entries else self._held.get(path)

    def _refuse(self, lines: Sequence[str]) -> None:
        self.n_refused += 1
        for line in lines:
            self._tell(line)


def _files_of(
    candidate: Candidate,
    paths: Sequence[str],
    gathered: Mapping[str, TreeEntry],
    held: Mapping[str, TreeEntry],
) -> dict[str, TreeEntry | None]:
    """Return what the commit holds of the run's folder and of what it shares."""
    gone = [p for p in held if p.startswith(candidate.path + "/") and p not in gathered]
    return dict.fromkeys(gone) | {path: gathered[path] for path in paths if path in gathered}

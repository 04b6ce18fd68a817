"""Which runs there are to commit: sealed, and not in HEAD as they are on the disk."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ledger.contract.layout import RECORD_NAME, is_frozen_file
from ledger.contract.record import parse_record
from ledger.errors import LedgerError, MalformedError
from ledger.policy.finding import ERROR, Finding
from ledger.policy.mend import from_head
from ledger.reader.times import parse_time
from ledger.setup.commits.files import files_below
from ledger.storage.git import split_z
from ledger.value import value
from ledger.writer.claim import run_folders
from ledger.writer.seal import seal_abandoned


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from ledger.contract.record import RunRecord
    from ledger.policy.ledgers import Ledger
    from ledger.setup.commits.index import Head
    from ledger.storage.git import Repository
    from ledger.storage.tree import TreeEntry


@value
class Candidate:
    """A sealed run of which the disk holds something that HEAD does not."""

    record: RunRecord
    run_dir: Path
    path: str
    """The folder, relative to the top of the repository."""
    is_new: bool
    """Whether HEAD does not hold the run at all."""

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.record.run_id

    @property
    def order(self) -> tuple[datetime, str]:
        """By which runs are committed: the oldest first."""
        return started_at(self.record), self.run_id


class Selection:
    """The runs of one ledger that can be committed, and what was said of the others.

    Args:
        repository: the repository of the ledger.
        ledger: the ledger, its paths relative to the top.
        held: what HEAD holds below the ledger, by path.
        head: where HEAD is.
        tell: takes the lines for the user.
    """

    def __init__(
        self,
        repository: Repository,
        ledger: Ledger,
        held: Mapping[str, TreeEntry],
        head: Head,
        tell: Callable[[str], None],
    ) -> None:
        self._repository = repository
        self._ledger = ledger
        self._held = held
        self._head = head
        self._tell = tell
        self._wanted: Collection[str] = ()
        self.n_refused = 0

    def choose(self, wanted: Collection[str], *, seals: bool) -> list[Candidate]:
        """Return the runs to commit, the oldest first.

        Args:
            wanted: run ids; empty for all that HEAD does not hold.
            seals: whether runs whose process is gone are sealed, rather than left out.
        """
        self._wanted = wanted
        folders = run_folders(Path(self._repository.top, self._ledger.folder))
        if wanted:
            here = {folder.name: folder for folder in folders}
            for name in wanted:
                if name not in here:
                    self._leave_out(f"{name} is not in the folder of the ledger now")
            folders = [here[name] for name in dict.fromkeys(wanted) if name in here]
        changed = self._changed_folders()
        chosen = []
        for folder in folders:
            path = f"{self._ledger.folder}/{folder.parent.name}/{folder.name}"
            if f"{path}/{RECORD_NAME}" in self._held and path not in changed:
                if wanted:
                    self._tell(f"{folder.name} is committed already")
                continue
            candidate = self._candidate(folder, path, seals=seals)
            if candidate is not None:
                chosen.append(candidate)
        return sorted(chosen, key=lambda one: one.order)

    def _candidate(self, folder: Path, path: str, *, seals: bool) -> Candidate | None:
        try:
            record = parse_record((folder / RECORD_NAME).read_bytes())
            if _is_open(record):
                if not seals:
                    self._leave_out(f"{folder.name} is not sealed")
                    return None
                record = seal_abandoned(folder)
                self._tell(f"{folder.name} was left by its process; sealed as {record.status}")
        except MalformedError as error:
            self._leave_out(str(error.at(f"{path}/{RECORD_NAME}")), is_broken=True)
        except FileNotFoundError:
            self._leave_out(f"{path} holds no {RECORD_NAME}", is_broken=True)
        except LedgerError as error:  # it runs, or runs elsewhere
            self._leave_out(error.message)
        except OSError as error:
            why = error.strerror or error
            self._leave_out(f"{path} cannot be read or sealed: {why}", is_broken=True)
        else:
            is_new = f"{path}/{RECORD_NAME}" not in self._held
            return Candidate(record=record, run_dir=folder, path=path, is_new=is_new)
        return None

    def _changed_folders(self) -> set[str]:
        """Return the folders of runs where the disk may differ from HEAD."""
        if not self._held:
            return set()
        top, ledger = self._repository.top, self._ledger.folder
        depth = ledger.count("/") + 3  # the month, and the run in it
        listed = self._repository.git(
            "diff-index", "--name-only", "-z", self._head.tree, "--", ledger
        )
        new = [path for path in files_below(top, ledger) if path not in self._held]
        return {"/".join(path.split("/")[:depth]) for path in [*split_z(listed), *new]}

    def _leave_out(self, why: str, *, is_broken: bool = False) -> None:
        """Say why a run is not committed; it counts when it was asked for, or can never be."""
        self.n_refused += is_broken or bool(self._wanted)
        self._tell(f"{why}; left out")


def started_at(record: RunRecord) -> datetime:
    """Return when the run began; a time that is none is the earliest there is."""
    return parse_time(record.started) or datetime.min.replace(tzinfo=UTC)


def frozen_changes(
    candidate: Candidate, held: Mapping[str, TreeEntry], now: Mapping[str, TreeEntry]
) -> list[Finding]:
    """Return a finding for each frozen file of a committed run that the disk holds otherwise.

    What a person means to correct is a new run: here, unlike at the hook, others need not have seen
    the record.
    """
    if candidate.is_new:
        return []
    prefix = candidate.path + "/"
    paths = [path for path in {**held, **now} if path.startswith(prefix)]
    return [
        Finding(
            code="LED103",
            severity=ERROR,
            run_id=candidate.run_id,
            path=path,
            message="a frozen file of the run is not what was committed",
            fix=from_head(path),
        )
        for path in sorted(paths)
        if is_frozen_file(path.removeprefix(prefix)) and held.get(path) != now.get(path)
    ]


def _is_open(record: RunRecord) -> bool:
    is_ours = "sessions" in record.document and "files" not in record.document
    return record.status == "running" or is_ours

"""What one judgement looks at: a ledger of a tree, the changes in it, and git's other opinions."""

from __future__ import annotations

from ledger.contract.layout import NOTE_NAME
from ledger.contract.note import parse_note
from ledger.errors import MalformedError
from ledger.policy.catalogue import RULES, STAGED
from ledger.policy.finding import NOTICE, Finding, lighter
from ledger.storage.git import split_z
from ledger.storage.tree import WorkTree


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ledger.contract.manifest import Manifest
    from ledger.contract.note import Note
    from ledger.policy.history import History
    from ledger.policy.ledgers import Ledger, RunFolder
    from ledger.policy.parents import Parents
    from ledger.policy.reading import Blobs
    from ledger.settings import Settings
    from ledger.storage.git import Repository
    from ledger.storage.tree import Tree


_LONGEST = 1000
"""Characters of a message: what it quotes may be a stranger's megabyte."""


class Scene:
    """One ledger at one stage.

    Attributes:
        stage: one of the catalogue's.
        runs: every run of the ledger in the judged tree, by folder.
        code: files by path as git would store them, what LED101 compares with; None without git.
        changes: {path: status} against HEAD; None where everything is judged.
        parents: the further parents of a merge in progress.
        history: the commits of the range; None at the other stages.
        policy: the settings to judge by; of a range, those of its base.
    """

    def __init__(  # noqa: PLR0913  # what a judgement looks at is this many things
        self,
        *,
        stage: str,
        ledger: Ledger,
        blobs: Blobs,
        runs: Mapping[str, RunFolder],
        code: Blobs | None,
        repository: Repository | None,
        changes: Mapping[str, str] | None = None,
        parents: Parents | None = None,
        history: History | None = None,
        policy: Settings | None = None,
    ) -> None:
        self.stage = stage
        self.ledger = ledger
        self.blobs = blobs
        self.runs = runs
        self.code = code
        self.repository = repository
        self.changes = changes
        self.parents = parents
        self.history = history
        self.policy = policy or ledger.settings
        self.harmless_lines: set[bytes] = set()
        """Lines, digits aside, that were found to hold no part of a credential."""
        self.manifests: dict[str, Manifest | str] = {}
        """Code manifests by hash as far as they were read, or why one cannot be used."""
        self.commits: dict[str | None, Mapping[str, str | None] | None] = {}
        """What ``check_unchanged`` knows of the commits that runs began from."""
        self.code_ids: dict[str, str] = {}
        """Ids of the code cells by the ids of the notebooks that were read."""
        self._folders: dict[str, RunFolder] | None = None
        self._brought: dict[str, str] | None = None
        self._committed: frozenset[str] | None = None
        self._has_head: bool | None = None

    def finding(  # noqa: PLR0913  # a finding has this many fields
        self,
        code: str,
        path: str,
        message: str,
        fix: str,
        *,
        run_id: str | None = None,
        line: int | None = None,
        severity: str | None = None,
    ) -> Finding:
        """Return a finding with the weight that ``code`` has at this stage.

        ``severity`` is what it weighs at most; the other arguments are the finding's fields.
        """
        message = message if len(message) <= _LONGEST else message[:_LONGEST] + "…"
        weight = self.weight(code) or severity or NOTICE
        weight = lighter(weight, severity or weight)
        return Finding(
            code=code,
            severity=weight,
            run_id=run_id,
            path=path,
            line=line,
            message=message,
            fix=fix,
        )

    def weight(self, code: str) -> str | None:
        """Return the weight of ``code`` at this stage, None where it is not judged."""
        return RULES[code].severity(self.stage, self.policy)

    @property
    def is_staged(self) -> bool:
        """Whether the next commit is what is judged."""
        return self.stage == STAGED

    @property
    def is_on_disk(self) -> bool:
        """Whether files of the disk are judged, which git may not track."""
        return isinstance(self.blobs.tree, WorkTree)

    def run_called(self, run_id: str) -> RunFolder | None:
        """Return the run ``run_id`` of this ledger, None where the tree has none."""
        if self._folders is None:
            self._folders = {run.run_id: run for run in self.runs.values()}
        return self._folders.get(run_id)

    def note_of(self, run: RunFolder) -> Note | None:
        """Return the note of ``run``; None where there is none that can be read."""
        data = self.blobs.get(run.path_of(NOTE_NAME)) if NOTE_NAME in run.files else None
        if data is None:
            return None
        try:
            return parse_note(data)
        except MalformedError:
            return None

    def code_trees(self, paths: Sequence[str]) -> Iterator[Tree]:
        """Yield the trees one of which must hold a dirty run's code, at least at ``paths``.

        What is to be committed, or every commit of a range, the newest first.
        """
        if self.history is not None:
            yield from self.history.trees(paths)
        elif self.code is not None:
            yield self.code.tree

    def brought_by(self, path: str) -> str | None:
        """Return the commit of HEAD's history that added ``path``; one walk answers for all."""
        if self._brought is None:
            from ledger.policy.earlier import commits_that_add  # noqa: PLC0415  # only of old runs

            self._brought = {}
            if self.repository is not None:
                self._brought = commits_that_add(self.repository, self.ledger.folder)
        return self._brought.get(path)

    @property
    def has_head(self) -> bool:
        """Whether there is a commit to restore from; asked once, however much there is to mend."""
        if self._has_head is None:
            how = ("rev-parse", "--quiet", "--verify", "HEAD^{commit}")
            self._has_head = self.repository is None or self.repository.ask(*how).code == 0
        return self._has_head

    def is_committed(self, path: str) -> bool:
        """Whether the last commit holds ``path``, a file of the ledger; one listing answers all."""
        if self._committed is None:
            self._committed = frozenset()
            if self.repository is not None:
                said = self.repository.ask(
                    "ls-tree", "-r", "-z", "--name-only", "HEAD", "--", self.ledger.folder
                )
                self._committed = frozenset(split_z(said.stdout))
        return path in self._committed

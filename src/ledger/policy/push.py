"""What a push brings to a remote: a range for every ref, each judged by itself."""

from __future__ import annotations

from ledger.errors import LedgerError, NoLedgerError
from ledger.policy.judge import Verdict, judge_revision
from ledger.policy.judge_range import judge_range
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ledger.storage.git import Repository

_WORDS = 4


@value
class Pushed:
    """One ref of a push, as git tells the hook."""

    local_ref: str
    local_id: str
    """All zeros: the ref is deleted on the remote."""
    remote_ref: str
    remote_id: str
    """All zeros: the ref is new on the remote."""

    @property
    def is_deletion(self) -> bool:
        """Whether nothing is pushed but the end of the ref."""
        return not self.local_id.strip("0")

    @property
    def is_new(self) -> bool:
        """Whether the remote does not have the ref yet."""
        return not self.remote_id.strip("0")


@value
class Judged:
    """What came of one pushed ref."""

    pushed: Pushed
    verdict: Verdict | None
    """None where it cannot be judged."""
    told: tuple[str, ...] = ()
    """What a person is to know beside the findings: from where it was judged, or why not."""


def parse_pushed(lines: Iterable[str]) -> list[Pushed]:
    """Return the refs that the lines of a pre-push hook name.

    Raises:
        LedgerError: a line is something else.
    """
    found = []
    for line in lines:
        words = line.split(" ")
        if len(words) != _WORDS:
            message = f"not a line of a push: {line!r}"
            raise LedgerError(message, hint="give what git gives to a pre-push hook")
        found.append(
            Pushed(local_ref=words[0], local_id=words[1], remote_ref=words[2], remote_id=words[3])
        )
    return found


def judge_push(repository: Repository, remote: str, refs: Iterable[Pushed]) -> Iterator[Judged]:
    """Yield what comes of each of ``refs``; the same range is judged once.

    Args:
        repository: of ``find_repository``, without an index of its own in the environment.
        remote: its name, or its URL where it has none.
        refs: what is pushed; deletions, and tags of something else than a commit, are left out.
    """
    seen: set[tuple[str, str]] = set()
    for pushed in refs:
        if pushed.is_deletion or not _is_commit(repository, pushed.local_id):
            continue
        key = (pushed.local_id, pushed.remote_id)
        if key not in seen:
            seen.add(key)
            yield _judge(repository, remote, pushed)


def _judge(repository: Repository, remote: str, pushed: Pushed) -> Judged:
    told = []
    if not pushed.is_new and not _is_commit(repository, pushed.remote_id):
        told.append(f"what {pushed.remote_ref} is at {remote} is not here: git fetch tells more")
    try:
        base = _base(repository, remote, pushed)
        if base is None:
            verdict = _judge_whole(repository, pushed.local_id)
        else:
            # a branch may be pushed before anybody has run its code: the merge asks for the run
            verdict = judge_range(
                repository,
                base,
                pushed.local_id,
                is_integrity_only=True,
                is_replacing=base == pushed.remote_id and _is_default(repository, remote, pushed),
            )
    except LedgerError as error:
        return Judged(pushed=pushed, verdict=None, told=(*told, str(error)))
    return Judged(pushed=pushed, verdict=verdict, told=tuple(told))


def _base(repository: Repository, remote: str, pushed: Pushed) -> str | None:
    """Return the commit that ``pushed`` is judged against, None where all of it is new.

    What the remote has at that ref; of a new ref git config ledger.base, then the default branch
    of the remote, then the nearest commit that the remote has.

    Raises:
        LedgerError: the history here is too short to tell.
    """
    places = [] if pushed.is_new else [pushed.remote_id]
    places += [_configured(repository), f"refs/remotes/{remote}/HEAD"]
    for place in places:
        if place and _meets(repository, place, pushed.local_id):
            return place
    how = ("rev-list", "--boundary", "--topo-order", pushed.local_id, "--not")
    listed = repository.git(*how, f"--remotes={remote}").decode("ascii").split()
    edges = [one[1:] for one in listed if one.startswith("-")]
    if edges:
        return edges[0]
    if repository.git("rev-parse", "--is-shallow-repository").strip() == b"true":
        message = "this clone is shallow, and holds nothing that the remote has"
        raise LedgerError(message, hint="git fetch --unshallow")
    return None


def _is_default(repository: Repository, remote: str, pushed: Pushed) -> bool:
    """Whether ``pushed`` is the branch that others build on: what is forced away there is lost."""
    said = repository.ask("symbolic-ref", "--quiet", f"refs/remotes/{remote}/HEAD")
    branch = said.stdout.decode("utf-8", "surrogateescape").strip()
    tracked = branch.removeprefix(f"refs/remotes/{remote}/")
    return branch != tracked and pushed.remote_ref == f"refs/heads/{tracked}"


def _judge_whole(repository: Repository, commit: str) -> Verdict:
    try:
        return judge_revision(repository, commit)
    except NoLedgerError:
        return Verdict(findings=(), n_runs=0)


def _configured(repository: Repository) -> str:
    said = repository.ask("config", "--get", "ledger.base")
    return said.stdout.decode("utf-8", "surrogateescape").strip()


def _is_commit(repository: Repository, name: str) -> bool:
    wanted = f"{name}^{{commit}}"
    return repository.ask("rev-parse", "--quiet", "--verify", "--end-of-options", wanted).code == 0


def _meets(repository: Repository, name: str, commit: str) -> bool:
    """Whether ``name`` is a commit here that shares history with ``commit``."""
    if not _is_commit(repository, name):
        return False
    wanted = repository.git("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
    return repository.ask("merge-base", wanted.decode("ascii").strip(), commit).code == 0

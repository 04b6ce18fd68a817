"""The user's index beside ours: locked while we commit, then brought along, nothing unstaged."""

from __future__ import annotations

import os

from ledger.errors import LedgerError
from ledger.policy.finding import shell_words
from ledger.setup.commits.lock import IndexLock, left_behind
from ledger.storage.differences import differences, index_lines
from ledger.storage.git import join_z, split_z
from ledger.storage.scratch_index import ScratchIndex
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from ledger.storage.differences import Difference
    from ledger.storage.git import Repository
    from ledger.storage.tree import TreeEntry


@value
class Head:
    """Where HEAD is; ``tree`` is what to compare with, the empty tree before the first commit."""

    commit: str | None
    tree: str


def read_head(repository: Repository) -> Head:
    """Return where HEAD of ``repository`` is."""
    said = repository.ask("rev-parse", "--quiet", "--verify", "HEAD^{commit}")
    if said.code == 0:
        commit = said.stdout.decode("ascii").strip()
        return Head(commit=commit, tree=commit)
    empty = repository.git("hash-object", "-t", "tree", "-w", "--stdin")
    return Head(commit=None, tree=empty.decode("ascii").strip())


class PrivateIndex:
    """An index of our own, in the git directory; the user's stays as it is.

    Args:
        repository: whose objects it names.
        name: of the file below our private folder.
    """

    def __init__(self, repository: Repository, name: str) -> None:
        self._scratch = ScratchIndex(repository, f"commit-{name}")
        self.path = self._scratch.path
        self.repository = self._scratch.tree().repository
        os.makedirs(repository.private_dir, exist_ok=True)

    def copy(self, index: str) -> None:
        """Make it a copy of the file ``index``: what git knows of unchanged files stays known."""
        if os.path.exists(index):
            self._scratch.copy_from(index)
        else:
            self.repository.git("read-tree", "--empty")

    def set(self, entries: Mapping[str, TreeEntry | None]) -> None:
        """Put ``entries`` in by path; None takes out."""
        if entries:
            lines = index_lines(entries, self.repository.object_format)
            self.repository.git("update-index", "-z", "--index-info", stdin=lines)

    def add(self, paths: Collection[str]) -> None:
        """Put files of the working tree in, as ``git add --force`` would."""
        self.repository.git("update-index", "--add", "-z", "--stdin", stdin=join_z(paths))

    def write_tree(self) -> str:
        """Return the tree it holds."""
        return self.repository.git("write-tree").decode("ascii").strip()

    def entries(self) -> Mapping[str, TreeEntry]:
        """Return what it holds by path."""
        return self._scratch.tree().entries()

    def remove(self) -> None:
        """Remove the file, and a lock that an interrupted git left beside it."""
        self._scratch.remove()


class UserIndex:
    """The index of the working tree, and what the user has staged in it.

    Args:
        repository: the one whose working tree is meant.
        head: where HEAD is.

    Raises:
        LedgerError: paths in it are unmerged.
    """

    def __init__(self, repository: Repository, head: Head) -> None:
        self._repository = repository
        self.head = head
        self.path = os.path.join(repository.git_dir, "index")
        self._lock = IndexLock(repository, head.tree)
        self._is_locked = False
        self.staged = _staged(repository, head)

    def lock(self) -> None:
        """Let no git command change the index until ``bring_along``.

        Raises:
            LedgerError: somebody else holds the lock.
        """
        self._lock.take()
        self._is_locked = True
        try:
            self.staged = _staged(self._repository, self.head)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """End the lock, the index as it was."""
        if self._is_locked:
            self._is_locked = False
            self._lock.leave()

    def bring_along(self, ours: Callable[[str], bool]) -> None:
        """Let the index follow HEAD where nothing was staged, and end the lock.

        Args:
            ours: whether a path belongs to the ledger: those follow even where they were staged,
                since what was committed is what is on the disk.

        Raises:
            LedgerError: the index cannot be written; the lock is ended.
        """
        if not self._is_locked:
            return
        scratch = PrivateIndex(self._repository, "user")
        changed: Mapping[str, Difference] = {}
        try:
            now = read_head(self._repository)
            if now != self.head:
                changed = differences(self._repository, "diff-tree", self.head.tree, now.tree)
                wanted = {
                    path: one.new
                    for path, one in changed.items()
                    if path not in self.staged or ours(path)
                }
                _follow(scratch, self.path, _without_conflicts(wanted, self.staged))
                self._lock.put(scratch.path)
                self._is_locked = False
        except (LedgerError, OSError) as error:
            raise _stayed_behind(self._repository, changed, error) from error
        finally:
            self.release()
            scratch.remove()


def recover(repository: Repository) -> bool:
    """Bring the index along after a ``ledger commit`` that was killed; whether one was.

    Paths that are as HEAD held them before follow HEAD; everything else was staged by the user.
    Its private index stays: a ``git commit`` that outlived it may still be about to read that, and
    would take one that is gone for an empty tree.
    """
    head = left_behind(repository)
    if head is None:
        return False
    os.unlink(os.path.join(repository.git_dir, "index.lock"))
    index = UserIndex(repository, Head(commit=head, tree=head))
    index.lock()
    index.bring_along(lambda _: False)
    return True


def _staged(repository: Repository, head: Head) -> dict[str, Difference]:
    """Return what the index holds otherwise than HEAD; a path meant to be added is no difference.

    Raises:
        LedgerError: paths are unmerged.
    """
    found = differences(repository, "diff-index", "--cached", "--ita-invisible-in-index", head.tree)
    unmerged = [path for path, one in found.items() if one.status == "U"]
    if unmerged:
        message = f"{unmerged[0]} is unmerged"
        raise LedgerError(message, hint="resolve it and `git add` it, then again")
    return found


def _follow(scratch: PrivateIndex, index: str, wanted: Mapping[str, TreeEntry | None]) -> None:
    scratch.copy(index)
    flags = _flags(scratch.repository, wanted)
    scratch.set(wanted)
    for option, paths in flags.items():
        scratch.repository.git("update-index", "-z", option, "--stdin", stdin=join_z(paths))
    # exits with 1 where files differ, which later edits do
    scratch.repository.ask("update-index", "-q", "--refresh")


def _flags(repository: Repository, wanted: Mapping[str, TreeEntry | None]) -> dict[str, list[str]]:
    """Return, by option, those of ``wanted`` that git was told not to look at."""
    listed = split_z(repository.git("ls-files", "-v", "-z"))
    kept = {path for path, entry in wanted.items() if entry is not None}
    found: dict[str, list[str]] = {}
    for line in listed:
        letter, path = line[0], line[2:]
        if letter != "H" and path in kept:
            if letter.islower():
                found.setdefault("--assume-unchanged", []).append(path)
            if letter.upper() == "S":
                found.setdefault("--skip-worktree", []).append(path)
    return found


def _without_conflicts(
    wanted: Mapping[str, TreeEntry | None], staged: Mapping[str, Difference]
) -> dict[str, TreeEntry | None]:
    """Leave out what cannot stand beside what is staged: a file where the other has a folder."""
    files = {path for path, one in staged.items() if one.new is not None and path not in wanted}
    folders = {path[:at] for path in files for at, char in enumerate(path) if char == "/"}

    def fits(path: str) -> bool:
        above = (path[:at] for at, char in enumerate(path) if char == "/")
        return path not in folders and not any(folder in files for folder in above)

    return {path: entry for path, entry in wanted.items() if entry is None or fits(path)}


def _stayed_behind(
    repository: Repository, changed: Mapping[str, Difference], error: Exception
) -> LedgerError:
    why = error.message if isinstance(error, LedgerError) else str(error)
    message = f"the runs are committed, but the index could not follow: {why}"
    places = dict.fromkeys(path.split("/", 1)[0] for path in changed)
    hint = f"mend that, then `git reset -q -- {shell_words(places, len(places))}`"
    return LedgerError(message, hint=hint, path=repository.top)

"""What ``ledger gc`` may drop: snapshots nobody needs, and leftovers in the git directory."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from ledger.contract.layout import RECORD_NAME
from ledger.contract.live import LIVE_FOLDER
from ledger.contract.record import parse_record
from ledger.errors import MalformedError
from ledger.setup import whereabouts
from ledger.setup.garbage_shared import needless_copies
from ledger.setup.held import holding_commit, manifest_path
from ledger.storage.tree import RevisionTree
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ledger.contract.record import RunRecord
    from ledger.storage.git import Repository

SNAPSHOT, FILE = "snapshot", "file"
DAY_S = 86400.0
BUG_REPORTS_S = 30 * DAY_S
_TEMPORARY_INDEX = re.compile(r".+\.index(\.lock)?")
_BUG = re.compile(r"bug-.+\.txt")


@value
class Garbage:
    """One thing that may go."""

    kind: str
    """SNAPSHOT or FILE."""
    name: str
    """The run's id, or the absolute path of the file."""
    why: str
    is_stray: bool = False
    """Whether it is the snapshot of a run that is nowhere: nothing ordinary leaves it behind."""
    commit: str | None = None
    """Of a snapshot: what the ref points at; it is dropped only while it still does."""
    n_bytes: int = 0
    """Of a file: what it takes on the disk."""

    def to_text(self) -> str:
        """Return one line."""
        what = f"{whereabouts.SNAPSHOTS}{self.name}" if self.kind == SNAPSHOT else self.name
        return f"{what} ({self.why})"


def find_garbage(repository: Repository, ledgers: Sequence[str], now: float) -> list[Garbage]:
    """Return what may be dropped; nothing of a run that is running or cannot be judged.

    Args:
        repository: any worktree of it.
        ledgers: folders of its ledgers, relative to the top.
        now: seconds since the epoch.
    """
    found = list(_snapshots(repository, ledgers))
    private = Path(repository.private_dir)
    found += _own_ids(repository, ledgers, private, now)
    found += _files(private, now)
    why = "a copy of a file that HEAD holds"
    found += [_file(path, why) for path in needless_copies(repository, ledgers, now, DAY_S)]
    return found


def drop(repository: Repository, garbage: Iterable[Garbage]) -> list[Garbage]:
    """Drop ``garbage`` and return what is gone; what changed in between stays."""
    gone = []
    for one in garbage:
        if one.kind == SNAPSHOT:
            ref = f"{whereabouts.SNAPSHOTS}{one.name}"
            if repository.ask("update-ref", "-d", ref, one.commit or "").code == 0:
                gone.append(one)
            continue
        try:
            os.unlink(one.name)
        except OSError:
            continue
        gone.append(one)
    return gone


def _snapshots(repository: Repository, ledgers: Sequence[str]) -> Iterator[Garbage]:
    refs = whereabouts.snapshots(repository)
    if not refs:
        return
    present = whereabouts.on_disk(repository, ledgers)
    live = whereabouts.in_live(repository)
    committed = whereabouts.in_commit(repository, "HEAD")
    reachable = frozenset[str]() if refs.keys() <= committed.keys() else None
    for run_id, commit in refs.items():
        if run_id in live or any(map(_is_open, present.get(run_id, ()))):
            continue
        if run_id in committed:
            holder = _holder(repository, committed[run_id])
            if holder is not None:
                why = f"its code is in commit {holder[:10]}"
                yield Garbage(kind=SNAPSHOT, name=run_id, why=why, commit=commit)
            continue
        if run_id in present:
            continue
        if reachable is None:
            reachable = whereabouts.in_history(repository)
        if run_id not in reachable:
            why = "its run is nowhere any more"
            yield Garbage(kind=SNAPSHOT, name=run_id, why=why, is_stray=True, commit=commit)


def _holder(repository: Repository, record_path: str) -> str | None:
    """Return the commit of this branch that holds the code of the run whose record HEAD holds."""
    ledger = "/".join(record_path.split("/")[:-3])
    tree = RevisionTree(repository, "HEAD")
    record = _parsed(tree.read([record_path]).get(record_path))
    if record is None:
        return None
    path = manifest_path(ledger, record)
    manifest = tree.read([path]).get(path) if path else None
    holder = holding_commit(repository, record, manifest)
    return holder and os.fsdecode(repository.git("rev-parse", holder)).strip()


def _is_open(run_dir: Path) -> bool:
    """Whether the run in ``run_dir`` is not sealed, or nobody can tell."""
    try:
        record = _parsed((run_dir / RECORD_NAME).read_bytes())
    except OSError:
        return True
    return record is None or ("sessions" in record.document and "files" not in record.document)


def _parsed(data: bytes | None) -> RunRecord | None:
    try:
        return None if data is None else parse_record(data)
    except MalformedError:
        return None


def _own_ids(
    repository: Repository, ledgers: Sequence[str], private: Path, now: float
) -> Iterator[Garbage]:
    """Yield claims of ids that callers chose, for runs that are nowhere; young ones are in use."""
    claims = _old(private / "ids", now, DAY_S)
    if not claims:
        return
    known = {
        *map(str.casefold, whereabouts.on_disk(repository, ledgers)),
        *map(str.casefold, whereabouts.in_live(repository)),
        *map(str.casefold, whereabouts.in_history(repository)),
    }
    for path in claims:
        if path.name not in known:
            yield _file(path, "an id claimed for a run that is nowhere")


def _files(private: Path, now: float) -> Iterator[Garbage]:
    """Yield leftovers of processes that ended before they could clean up."""
    for path in _old(private, now, DAY_S):
        if _TEMPORARY_INDEX.fullmatch(path.name):
            yield _file(path, "a temporary index left behind")
    for path in _old(private, now, BUG_REPORTS_S):
        if _BUG.fullmatch(path.name):
            yield _file(path, "a bug report older than 30 days")
    for path in _old(private / "settings", now, DAY_S, depth=2):
        yield _file(path, "a copy of settings, made again when needed")
    yield from temporary_files(private, now, skip=LIVE_FOLDER)


def temporary_files(folder: Path, now: float, skip: str = "") -> Iterator[Garbage]:
    """Yield half-written files below ``folder`` that nobody wrote for a day.

    Such a file is renamed at once when it is whole: an old one has lost its process.
    """
    for above, folders, names in os.walk(folder):
        if skip in folders and above == str(folder):
            folders.remove(skip)
        for name in names:
            path = Path(above, name)
            if name.startswith(".") and name.endswith(".tmp") and _is_old(path, now, DAY_S):
                yield _file(path, "half a file, left behind")


def _old(folder: Path, now: float, age_s: float, depth: int = 1) -> list[Path]:
    """Return the files in ``folder``, ``depth`` levels down, that nobody wrote for ``age_s``."""
    try:
        listed = sorted(folder.iterdir())
    except OSError:
        return []
    if depth > 1:
        return [path for one in listed for path in _old(one, now, age_s, depth - 1)]
    return [path for path in listed if _is_old(path, now, age_s)]


def _is_old(path: Path, now: float, age_s: float) -> bool:
    try:
        facts = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(facts.st_mode) and now - facts.st_mtime >= age_s


def _file(path: Path, why: str) -> Garbage:
    return Garbage(kind=FILE, name=str(path), why=why, n_bytes=path.lstat().st_size)

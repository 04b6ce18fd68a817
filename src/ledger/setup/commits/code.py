"""The code a run saw, entry by entry: from its snapshot, its patch, or what git holds otherwise."""

from __future__ import annotations

from ledger.contract.json_text import as_text
from ledger.contract.layout import PATCH_NAME
from ledger.contract.manifest import (
    content_id,
    decode_manifest,
    manifest_hash,
    paths_recorded_as,
)
from ledger.contract.notebook import code_of
from ledger.errors import GitError, LedgerError, MalformedError
from ledger.policy.finding import shell_words
from ledger.setup.commits.index import PrivateIndex
from ledger.storage.differences import changes_of_commits
from ledger.storage.tree import TreeEntry, read_blobs
from ledger.writer.shared import stored_path


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ledger.contract.manifest import Manifest
    from ledger.contract.record import RunRecord
    from ledger.storage.git import Repository

    Entries = Mapping[str, TreeEntry | None]


class SeenCode:
    """The code that ``records`` were made with.

    Args:
        repository: whose objects hold it.
        ledger_dir: where the code manifests are.
        records: the runs; all of their snapshots are read by one git process.
        at_hand: what HEAD and the index hold, the first that fits is taken where neither snapshot
            nor patch holds a path (a likely credential that the user chose to stage).
    """

    def __init__(
        self,
        repository: Repository,
        ledger_dir: Path,
        records: Sequence[RunRecord],
        at_hand: Sequence[Entries],
    ) -> None:
        self._repository = repository
        self._ledger_dir = ledger_dir
        self._at_hand = at_hand
        snapshots = (_snapshot(record) for record in records)
        self._changes = changes_of_commits(repository, [one for one in snapshots if one])

    def entries_of(self, record: RunRecord, run_dir: Path) -> dict[str, TreeEntry | None]:
        """Return what the run's dirty paths held; None where they were absent.

        Without a manifest to compare with, the snapshot is taken as it is.

        Raises:
            LedgerError: nothing here holds them any more; the hint says which to stage.
        """
        taken = self._changes.get(_snapshot(record) or "", {})
        seen = {path: one.new for path, one in taken.items()}
        manifest = self._manifest(record)
        if manifest is None:
            return seen
        missing: list[str] = []
        sources = list(self._sources(record, run_dir, seen))
        for path in _dirty_paths(record, seen, manifest):
            fits = next((one for one in sources if self._is_in(one, path, manifest)), None)
            if fits is None:
                missing.append(path)
                continue
            entry = fits().get(path)
            seen[path] = entry and TreeEntry(mode=manifest.entries[path].mode, oid=entry.oid)
        if missing:
            message = f"git no longer holds the code that {record.run_id} used"
            hint = (
                f"`git add -- {shell_words(missing)}` with what the run used, then again; "
                "or record a new run"
            )
            raise LedgerError(message, hint=hint)
        return seen

    def _sources(
        self, record: RunRecord, run_dir: Path, seen: Entries
    ) -> Iterator[Callable[[], Entries]]:
        """Yield where a path may be held, the surest first; the patch is applied when asked for."""
        before = dict(seen)
        yield lambda: before
        patched: list[Entries] = []

        def from_patch() -> Entries:
            if not patched:
                patched.append(_apply(self._repository, record, run_dir))
            return patched[0]

        yield from_patch
        for entries in self._at_hand:
            yield lambda entries=entries: entries  # type: ignore[misc]  # bound on purpose

    def _is_in(self, source: Callable[[], Entries], path: str, manifest: Manifest) -> bool:
        used = manifest.entries.get(path)
        held = source().get(path)
        if used is None or held is None:
            return used is None and held is None
        if path.endswith(".ipynb"):
            return used.oid == self._notebook_id(path, held.oid or "")
        return used.oid == held.oid

    def _notebook_id(self, path: str, oid: str) -> str | None:
        data = read_blobs(self._repository, (oid,)).get(oid)
        code = None if data is None else code_of(path, data)
        return None if code is None else content_id(code, self._repository.object_format)

    def _manifest(self, record: RunRecord) -> Manifest | None:
        code = as_text(record.git.get("code"))
        if code is None:
            return None
        name = f"code/{code.removeprefix('sha256:')}.manifest"
        for path in (self._ledger_dir / name, stored_path(self._repository.private_dir, name)):
            try:
                data = path.read_bytes()
                return decode_manifest(data) if manifest_hash(data) == code else None
            except FileNotFoundError:
                continue
            except (OSError, MalformedError):
                return None  # LED101 says what is wrong with it
        return None


def _dirty_paths(record: RunRecord, seen: Entries, manifest: Manifest) -> list[str]:
    """Return the run's dirty paths; a name that is no UTF-8 stands in the record in words."""
    found: dict[str, None] = {}
    for dirty in record.dirty_paths or ():
        meant = paths_recorded_as(dirty.path)
        known = [path for path in meant if path in manifest.entries or path in seen]
        found |= dict.fromkeys(known or meant)
    return [*found]


def _snapshot(record: RunRecord) -> str | None:
    return as_text(record.git.get("snapshot")) if record.is_dirty is not False else None


def _apply(repository: Repository, record: RunRecord, run_dir: Path) -> Entries:
    """Return the tree that changes.patch makes of its base; nothing where it cannot be applied."""
    base = as_text(record.git.get("base")) or as_text(record.git.get("commit"))
    scratch = PrivateIndex(repository, "patch")
    try:
        patch = (run_dir / PATCH_NAME).read_bytes()
        scratch.repository.git("read-tree", base or "--empty")
        # byte for byte, whatever a person's settings would make of white space
        exactly = ("--whitespace=nowarn", "--no-ignore-whitespace")
        scratch.repository.git("apply", "--cached", *exactly, "-", stdin=patch)
        return scratch.entries()
    except (OSError, GitError):
        return {}
    finally:
        scratch.remove()

"""What the observed code means for the record: the git section and the files that go with it."""

from __future__ import annotations

from ledger.capture.content import changed_entries, committed_contents, is_same_code, read_late
from ledger.capture.hidden import hidden_changes
from ledger.capture.pipeline import pipeline_outs
from ledger.capture.snapshot import is_kept_out, make_patch, store_snapshot
from ledger.contract.manifest import manifest_hash, manifest_of, recorded_path
from ledger.contract.redaction import strip_user_info
from ledger.storage.git import split_z
from ledger.storage.overlay import OverlayTree
from ledger.storage.tree import RevisionTree, TreeEntry
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ledger.capture.code import Change, CodeState
    from ledger.contract.json_text import Json


@value
class CodeFacts:
    """The code section of a record, and the files that go with it."""

    commit: str | None
    base: str | None
    branch: str | None
    remote: str | None
    is_dirty: bool | None
    changes: tuple[tuple[str, str, bool], ...]
    """(path, status, loaded) of every code path that differed."""
    omitted: tuple[str, ...]
    """Paths that neither patch nor snapshot hold."""
    manifest: bytes
    snapshot: str | None
    patch: bytes | None
    is_raced: bool
    """Whether a changed file may have held something else when it was loaded."""
    reason: str | None
    """Why nobody can tell whether the run is dirty; None where that can be told."""
    left_out: tuple[str, ...]
    """Loaded code that git ignores or another repository holds; part of ``omitted``."""

    def to_json(self) -> dict[str, Json]:
        """Return the git section of run.json."""
        section: dict[str, Json] = {
            "commit": self.commit,
            "base": self.base,
            "branch": self.branch,
            "remote": self.remote,
            "dirty": self.is_dirty,
            "dirty_paths": [
                {"path": recorded_path(path), "status": status, "loaded": loaded}
                for path, status, loaded in self.changes
            ],
            "code": manifest_hash(self.manifest),
            "snapshot": self.snapshot,
        }
        if self.omitted:
            section["omitted"] = [recorded_path(path) for path in self.omitted]
        if self.reason:
            section["dirty_reason"] = self.reason
        if self.is_raced:
            section["code_raced"] = True
        return section


def settle(state: CodeState, run_id: str | None) -> CodeFacts:
    """Return what ``state`` means: content ids, manifest, and for a dirty run snapshot and patch.

    Args:
        state: the code at the start.
        run_id: names the snapshot's ref; None makes neither snapshot nor patch.

    Raises:
        GitError: git could not hash or store what it was given.
        OSError: the git directory cannot be written to.
    """
    repository = state.repository
    committed: Mapping[str, TreeEntry] = {}
    if state.commit is not None:
        committed = RevisionTree(repository, state.commit, state.prefix).entries()
    code = state.paths.without(_outs(state, committed))
    found = [change for change in state.changes if not code.is_out(change.path)]
    hidden = hidden_changes(state, {change.path for change in found})
    found += [change for change in hidden if not code.is_out(change.path)]
    huge = [change.path for change in found if change.status == "?" and change.is_large]
    changes = read_late(state, (change for change in found if change.path not in huge))
    before = committed_contents(state, committed, changes)
    changes = [change for change in changes if not is_same_code(change, before.get(change.path))]
    omitted = [change.path for change in changes if is_kept_out(change, before.get(change.path))]
    entries, unread = changed_entries(state, changes, omitted)
    undone = _undone(changes, committed, entries)
    changes = [change for change in changes if change.path not in undone]
    entries = {path: entry for path, entry in entries.items() if path not in undone}
    omitted = [path for path in omitted if path not in undone]
    unstored = {c.path: c.content for c in changes if c.path in omitted and c.content is not None}
    tree = OverlayTree(repository, committed, entries, unstored)
    base = _merge_base(state)
    snapshot = patch = None
    if changes and run_id is not None:
        stored = {path: entry for path, entry in entries.items() if path not in omitted}
        snapshot = store_snapshot(state, stored, run_id)
        patch, too_large = make_patch(state, base or state.commit, snapshot, code)
        omitted += too_large
    raced = [*state.stale, *unread, *(change.path for change in changes if change.is_raced)]
    is_raced = bool(raced)
    reason = _why_untold(state, raced)
    return CodeFacts(
        commit=state.commit,
        base=base,
        branch=state.branch,
        remote=_remote(state),
        is_dirty=None if reason else bool(changes),
        changes=tuple((change.path, change.status, change.is_loaded) for change in changes),
        omitted=tuple(dict.fromkeys([*omitted, *huge, *state.left_out])),
        manifest=manifest_of(tree, repository.object_format, code.lists).encode(),
        snapshot=snapshot,
        patch=patch,
        is_raced=is_raced,
        reason=reason,
        left_out=state.left_out,
    )


def _outs(state: CodeState, committed: Mapping[str, TreeEntry]) -> frozenset[str]:
    """Return what pipelines write, by the DVC files as they stand in the working tree."""
    contents = {c.path: c.content for c in state.changes if c.content is not None}
    changed = {
        change.path: TreeEntry(mode=change.mode, oid=None) if change.path in contents else None
        for change in state.changes
    }
    return pipeline_outs(OverlayTree(state.repository, committed, changed, contents), state.prefix)


def _why_untold(state: CodeState, raced: Sequence[str]) -> str | None:
    if state.strange_script is not None:
        return f"the program {state.strange_script} is no file of this repository"
    if raced:
        return f"nobody can tell what {recorded_path(raced[0])} held when it was loaded"
    return None


def _undone(
    changes: Iterable[Change],
    committed: Mapping[str, TreeEntry],
    entries: Mapping[str, TreeEntry | None],
) -> set[str]:
    """Return the paths that hold what the commit holds: staged, and then put back by hand."""
    return {
        change.path
        for change in changes
        if change.status != "S"
        and not change.is_raced
        and (entry := entries.get(change.path)) is not None
        and (known := committed.get(change.path)) is not None
        and (entry.mode, entry.oid) == (known.mode, known.oid)
    }


def _merge_base(state: CodeState) -> str | None:
    if state.upstream is None or state.commit is None:
        return None
    said = state.repository.ask("merge-base", state.commit, state.upstream)
    return said.stdout.decode("ascii").strip() or None


def _remote(state: CodeState) -> str | None:
    """Return the URL of the upstream's remote, else origin's, else the first; no credentials."""
    said = state.repository.ask("config", "--get-regexp", "-z", r"^remote\..*\.url$")
    urls: dict[str, str] = {}
    for entry in split_z(said.stdout):
        key, _, url = entry.partition("\n")
        urls.setdefault(key.removeprefix("remote.").removesuffix(".url"), url)
    wanted = (state.upstream or "").partition("/")[0]
    chosen = urls.get(wanted) or urls.get("origin") or next(iter(urls.values()), None)
    return strip_user_info(chosen) if chosen else None

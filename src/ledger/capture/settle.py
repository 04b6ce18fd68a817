"""What the observed code means for the record: the git section and the files that go with it."""

from __future__ import annotations

import os

from ledger.capture.content import (
    changed_entries,
    committed_contents,
    committed_entries,
    hidden_changes,
    is_out,
    is_same_code,
    make_manifest,
    read_late,
)
from ledger.capture.snapshot import is_huge, is_kept_out, make_patch, store_snapshot
from ledger.contract.manifest import manifest_hash
from ledger.contract.redaction import strip_user_info
from ledger.storage.git import split_z
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from ledger.capture.code import Change, CodeState
    from ledger.contract.json_text import Json
    from ledger.contract.manifest import Entry


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
    """Whether a file that was too large to read at the start changed before it was hashed."""

    def to_json(self) -> dict[str, Json]:
        """Return the git section of run.json."""
        section: dict[str, Json] = {
            "commit": self.commit,
            "base": self.base,
            "branch": self.branch,
            "remote": self.remote,
            "dirty": self.is_dirty,
            "dirty_paths": [
                {"path": _printable(path), "status": status, "loaded": loaded}
                for path, status, loaded in self.changes
            ],
            "code": manifest_hash(self.manifest),
            "snapshot": self.snapshot,
        }
        if self.omitted:
            section["omitted"] = [_printable(path) for path in self.omitted]
        if self.is_raced:
            section["code_raced"] = True
        return section


def settle(state: CodeState, run_id: str | None, outs: Collection[str] = ()) -> CodeFacts:
    """Return what ``state`` means: content ids, manifest, and for a dirty run snapshot and patch.

    Args:
        state: the code at the start.
        run_id: names the snapshot's ref; None makes neither snapshot nor patch.
        outs: paths that a pipeline writes, hence not code.

    Raises:
        GitError: git could not hash or store what it was given.
    """
    changes = [change for change in state.changes if not is_out(change.path, outs)]
    changes += hidden_changes(state, {change.path for change in changes})
    huge = [change.path for change in changes if is_huge(change)]
    changes, is_raced = read_late(state, [c for c in changes if c.path not in huge])
    before = committed_contents(state, changes)
    changes = [change for change in changes if not is_same_code(change, before.get(change.path))]
    omitted = [change.path for change in changes if is_kept_out(change, before.get(change.path))]
    entries = changed_entries(state, changes, omitted)
    undone = _undone(state, changes, entries)
    changes = [change for change in changes if change.path not in undone]
    omitted = [path for path in omitted if path not in undone]
    unstored = {c.path: c.content for c in changes if c.path in omitted and c.content is not None}
    base = _merge_base(state)
    snapshot = patch = None
    if changes and run_id is not None:
        stored = {path: entry for path, entry in entries.items() if path not in omitted}
        snapshot = store_snapshot(state, stored, run_id)
        patch, too_large = make_patch(state, base or state.commit, snapshot, outs)
        omitted += too_large
    return CodeFacts(
        commit=state.commit,
        base=base,
        branch=state.branch,
        remote=_remote(state),
        is_dirty=None if is_raced else bool(changes),
        changes=tuple((change.path, change.status, change.is_loaded) for change in changes),
        omitted=tuple(dict.fromkeys([*omitted, *huge])),
        manifest=make_manifest(state, entries, outs, unstored).encode(),
        snapshot=snapshot,
        patch=patch,
        is_raced=is_raced,
    )


def _undone(
    state: CodeState, changes: Iterable[Change], entries: Mapping[str, Entry | None]
) -> set[str]:
    """Return the paths that hold what the commit holds: staged, and then put back by hand."""
    committed = committed_entries(state) if entries else {}
    return {
        change.path
        for change in changes
        if change.status != "S"
        and (entry := entries[change.path]) is not None
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


def _printable(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")

"""The code of a dirty run made durable: a commit under refs/ledger and a portable patch."""

from __future__ import annotations

import os

from ledger.contract.credentials import is_secret_file, style_of
from ledger.contract.patch import added_lines
from ledger.contract.redaction import holds_secret
from ledger.storage.scratch_index import ScratchIndex


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.capture.code import Change, CodeState
    from ledger.contract.code_paths import CodePaths
    from ledger.storage.git import Repository
    from ledger.storage.tree import TreeEntry

MAX_PATCH_BYTES = 1024 * 1024
_IDENTITY = {
    f"GIT_{role}_{part}": text
    for role in ("AUTHOR", "COMMITTER")
    for part, text in (("NAME", "ledger"), ("EMAIL", "ledger@localhost"))
}
_DIFF = (
    *("diff", "--binary", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv"),
    *("--no-renames", "--src-prefix=a/", "--dst-prefix=b/"),
)


def is_kept_out(change: Change, before: bytes | None) -> bool:
    """Whether a change must not be copied: it is too large, or brings a new credential."""
    if change.is_large or is_secret_file(change.path):
        return True
    if change.content is None:
        return False
    known = set((before or b"").splitlines())
    added = b"\n".join(line for line in change.content.splitlines() if line not in known)
    return holds_secret(added.decode("utf-8", "replace"), style_of(change.path))


def store_snapshot(state: CodeState, entries: Mapping[str, TreeEntry | None], run_id: str) -> str:
    """Commit the observed code on top of HEAD under refs/ledger/<run_id>, touching nothing else."""
    repository = state.repository
    null = "0" * (64 if repository.object_format == "sha256" else 40)
    lines = (
        os.fsencode(f"{entry.mode} {entry.oid}\t{path}" if entry else f"0 {null}\t{path}")
        for path, entry in entries.items()
    )
    stdin = b"".join(line + b"\0" for line in lines)
    with ScratchIndex(repository, f"snapshot-{run_id}") as index:
        repository.git("read-tree", state.commit or "--empty", env=index.env)
        repository.git("update-index", "-z", "--index-info", stdin=stdin, env=index.env)
        tree = repository.git("write-tree", env=index.env).decode("ascii").strip()
    parents = ("-p", state.commit) if state.commit else ()
    message = f"code of run {run_id}\n".encode()
    said = repository.git("commit-tree", tree, *parents, stdin=message, env=_IDENTITY)
    commit = said.decode("ascii").strip()
    repository.git("update-ref", snapshot_ref(run_id), commit)
    return commit


def snapshot_ref(run_id: str) -> str:
    """Return the name of the ref that holds the snapshot of the run ``run_id``."""
    return f"refs/ledger/{run_id}"


def make_patch(
    state: CodeState, base: str | None, snapshot: str, code: CodePaths
) -> tuple[bytes | None, list[str]]:
    """Return the patch from ``base`` to the snapshot, or None and the paths it would have held."""
    against = base or _empty_tree(state.repository)
    how = ("diff-tree", "-r", "-z", "--raw", "--no-renames")
    listed = state.repository.git(*how, against, snapshot).split(b"\0")
    paths = []
    for facts, raw in zip(listed[0::2], listed[1::2], strict=False):
        before, after, *_ = facts.decode("ascii").removeprefix(":").split(" ")
        path = os.fsdecode(raw)
        if code.lists(path, after if after.strip("0") else before):
            paths.append(path)
    if not paths:
        return None, []

    def diff(wanted: list[str]) -> bytes:
        return state.repository.git(*_DIFF, against, snapshot, "--", *wanted) if wanted else b""

    kept = [path for path in paths if not is_secret_file(path)]
    patch = diff(kept)
    if len(patch) <= MAX_PATCH_BYTES and _adds_secret(patch):
        kept = [path for path in kept if not _adds_secret(diff([path]))]
        patch = diff(kept)
    if len(patch) > MAX_PATCH_BYTES:
        return None, paths
    return patch or None, [path for path in paths if path not in kept]


def _adds_secret(patch: bytes) -> bool:
    texts: dict[str, list[str]] = {}
    for line in added_lines(patch):
        texts.setdefault(line.path, []).append(line.text)
    return any(holds_secret("\n".join(lines), style_of(path)) for path, lines in texts.items())


def _empty_tree(repository: Repository) -> str:
    said = repository.git("hash-object", "-t", "tree", "-w", "--stdin")
    return said.decode("ascii").strip()

"""The code of a dirty run made durable: a commit under refs/ledger and a portable patch."""

from __future__ import annotations

import os

from ledger.capture.content import is_out
from ledger.contract.redaction import holds_secret, is_secret_file
from ledger.storage.git import split_z


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ledger.capture.code import Change, CodeState
    from ledger.contract.manifest import Entry
    from ledger.storage.git import Repository

MAX_PATCH_BYTES = 1024 * 1024
MAX_UNTRACKED_BYTES = 10 * 1024 * 1024
_IDENTITY = {
    f"GIT_{role}_{part}": text
    for role in ("AUTHOR", "COMMITTER")
    for part, text in (("NAME", "ledger"), ("EMAIL", "ledger@localhost"))
}
_DIFF = (
    *("diff", "--binary", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv"),
    *("--no-renames", "--src-prefix=a/", "--dst-prefix=b/"),
)


def is_huge(change: Change) -> bool:
    """Whether a change is an untracked file that is named and otherwise left alone."""
    size = change.stamp[1] if change.stamp else 0
    return change.status == "?" and size > MAX_UNTRACKED_BYTES


def is_kept_out(change: Change, before: bytes | None) -> bool:
    """Whether a change must not be copied, because it brings a new credential."""
    if is_secret_file(change.path):
        return True
    if change.content is None:
        return False
    known = set((before or b"").splitlines())
    added = b"\n".join(line for line in change.content.splitlines() if line not in known)
    return holds_secret(added.decode("utf-8", "replace"))


def store_snapshot(state: CodeState, entries: Mapping[str, Entry | None], run_id: str) -> str:
    """Commit the observed code on top of HEAD under refs/ledger/<run_id>, touching nothing else."""
    repository = state.repository
    os.makedirs(repository.private_dir, exist_ok=True)
    index = os.path.join(repository.private_dir, f"snapshot-{os.getpid()}-{run_id}.index")
    env = {"GIT_INDEX_FILE": index, **_IDENTITY}
    try:
        repository.git("read-tree", state.commit or "--empty", env=env)
        null = "0" * (64 if repository.object_format == "sha256" else 40)
        lines = (
            os.fsencode(f"{entry.mode} {entry.oid}\t{path}" if entry else f"0 {null}\t{path}")
            for path, entry in entries.items()
        )
        stdin = b"".join(line + b"\0" for line in lines)
        repository.git("update-index", "-z", "--index-info", stdin=stdin, env=env)
        tree = repository.git("write-tree", env=env).decode("ascii").strip()
    finally:
        if os.path.exists(index):
            os.unlink(index)
    parents = ("-p", state.commit) if state.commit else ()
    message = f"code of run {run_id}\n".encode()
    said = repository.git("commit-tree", tree, *parents, stdin=message, env=env)
    commit = said.decode("ascii").strip()
    repository.git("update-ref", f"refs/ledger/{run_id}", commit)
    return commit


def make_patch(
    state: CodeState, base: str | None, snapshot: str, outs: Collection[str]
) -> tuple[bytes | None, list[str]]:
    """Return the patch from ``base`` to the snapshot, or None and the paths it would have held."""
    against = base or _empty_tree(state.repository)
    changed = split_z(
        state.repository.git(
            "diff-tree", "-r", "-z", "--name-only", "--no-renames", against, snapshot
        )
    )
    paths = [path for path in changed if state.is_code(path) and not is_out(path, outs)]
    if not paths:
        return None, []

    def diff(wanted: list[str]) -> bytes:
        return state.repository.git(*_DIFF, against, snapshot, "--", *wanted) if wanted else b""

    kept = [path for path in paths if not is_secret_file(path)]
    patch = diff(kept)
    if len(patch) <= MAX_PATCH_BYTES and holds_secret(_added_lines(patch)):
        kept = [path for path in kept if not holds_secret(_added_lines(diff([path])))]
        patch = diff(kept)
    if len(patch) > MAX_PATCH_BYTES:
        return None, paths
    return patch or None, [path for path in paths if path not in kept]


def _added_lines(patch: bytes) -> str:
    return "\n".join(
        line[1:] for line in patch.decode("utf-8", "replace").splitlines() if line.startswith("+")
    )


def _empty_tree(repository: Repository) -> str:
    said = repository.git("hash-object", "-t", "tree", "-w", "--stdin")
    return said.decode("ascii").strip()

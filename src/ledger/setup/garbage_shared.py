"""Copies of files that runs share: what of the store in the git directory HEAD holds anyway."""

from __future__ import annotations

import os
from pathlib import Path

from ledger.contract.layout import RECORD_NAME, SHARED_STORE
from ledger.contract.record import parse_record
from ledger.contract.shared import shared_names
from ledger.errors import MalformedError
from ledger.setup import whereabouts
from ledger.storage.git import split_z


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.storage.git import Repository


def needless_copies(
    repository: Repository, ledgers: Sequence[str], now: float, age_s: float
) -> Iterator[Path]:
    """Yield the copies that are older than ``age_s``, in HEAD, and named by no uncommitted run.

    None while a run is open, cannot be read, or waits in a stash: what it needs is not known.
    """
    store = Path(repository.private_dir, SHARED_STORE)
    old = [path for path in store.glob("*/*") if now - path.stat().st_mtime >= age_s]
    if not old or whereabouts.in_live(repository) or _has_stash(repository):
        return
    needed = _needed(repository, ledgers)
    if needed is None:
        return
    held = set(split_z(repository.ask("ls-tree", "-r", "-z", "--name-only", "HEAD").stdout))
    for path in sorted(old):
        name = os.path.relpath(path, store).replace(os.sep, "/")
        if name not in needed and any(f"{ledger}/{name}" in held for ledger in ledgers):
            yield path


def _needed(repository: Repository, ledgers: Sequence[str]) -> set[str] | None:
    """Return what runs on a disk name that HEAD does not hold; None where one does not say."""
    committed = whereabouts.in_commit(repository, "HEAD")
    needed: set[str] = set()
    for run_id, folders in whereabouts.on_disk(repository, ledgers).items():
        if run_id in committed:
            continue
        for folder in folders:
            try:
                document = parse_record((folder / RECORD_NAME).read_bytes()).document
            except (OSError, MalformedError):
                return None
            if "sessions" in document and "files" not in document:
                return None
            needed.update(shared_names(dict(document)))
    return needed


def _has_stash(repository: Repository) -> bool:
    return repository.ask("rev-parse", "--quiet", "--verify", "refs/stash").code == 0

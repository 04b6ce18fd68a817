"""The trailers of a commit message: which runs the commit brings.

A message that a person is still to write gets the runs as a comment, and `commit-msg` makes
trailers of it: real lines would make a message of an empty one, which is how a commit is called
off.
"""

from __future__ import annotations

import os
import re
import zlib

from ledger.contract.layout import RECORD_NAME
from ledger.policy.judge import changes_of_index
from ledger.policy.ledgers import run_folders, touched
from ledger.policy.locate import staged_ledgers
from ledger.policy.reading import Blobs
from ledger.storage.tree import IndexTree


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.storage.git import Repository

TRAILER = "Ledger-Run"
HEADING = "ledger: the lines below become trailers"
"""What the shell looks for before it starts Python at `commit-msg`."""
_WRITTEN, _TO_WRITE = "message", ("", "template")
_UNDER_WAY = (
    "MERGE_MSG",  # of a merge, and of every pick and revert
    "MERGE_HEAD",
    "SQUASH_MSG",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "rebase-merge",
    "rebase-apply",
    "sequencer",
)
"""Of these in the git directory, each says that the message is, or was, another commit's."""
_BLOCK = re.compile(
    rb"(?P<mark>\S+) " + re.escape(HEADING.encode()) + rb"[^\n]*\((?P<sum>[0-9a-f]{8})\)\n"
    rb"(?P<runs>(?:(?P=mark) Ledger-Run: [^\n]+\n?)*)"
)
_SCISSORS = b"------------------------ >8 ------------------------"


def prepare_message(repository: Repository, path: str, source: str) -> None:
    """Name the runs that the next commit brings in the message at ``path``.

    Nothing is done where the message is another commit's: in a merge, a pick, a squash, a rebase,
    or where ``source``, as git tells it, says that it was taken from one.

    Raises:
        LedgerError: git fails, or settings do not parse.
        OSError: the message cannot be read or written.
    """
    is_written = source == _WRITTEN
    if not is_written and source not in _TO_WRITE:
        return
    if any(os.path.lexists(os.path.join(repository.git_dir, name)) for name in _UNDER_WAY):
        return
    runs = new_runs(repository)
    if not runs:
        return
    data = _read(path)
    if not is_written:
        _append_block(repository, path, data, runs)
    elif _bare(repository, data):
        _add_trailers(repository, path, runs)


def finish_message(repository: Repository, path: str) -> None:
    """Make trailers of the comment that ``prepare_message`` left in the message at ``path``.

    A message that nobody touched stays as it is, so that git calls the commit off.

    Raises:
        LedgerError: git fails.
        OSError: the message cannot be read or written.
    """
    data = _read(path)
    found = _BLOCK.search(data)
    if found is None:
        return
    left = data[: found.start()] + data[found.end() :]
    with open(path, "wb") as file:
        file.write(left)
    lines = found["runs"].splitlines()
    runs = [os.fsdecode(line.partition(b": ")[2]) for line in lines]
    if runs and found["sum"] != _sum(_bare(repository, left)):
        _add_trailers(repository, path, runs)


def new_runs(repository: Repository) -> list[str]:
    """Return the ids of the runs whose record the next commit adds, in order."""
    blobs = Blobs(IndexTree(repository))
    changes = changes_of_index(repository, blobs)
    found: set[str] = set()
    for ledger in staged_ledgers(repository, blobs, changes):
        for run in touched(run_folders(ledger, blobs.entries()), ledger, changes):
            if changes.get(run.path_of(RECORD_NAME)) == "A":
                found.add(run.run_id)
    return sorted(run_id for run_id in found if run_id.isprintable())


def _append_block(repository: Repository, path: str, data: bytes, runs: list[str]) -> None:
    # at the very end: below the line that git cuts a message at, comments need not be taken out
    head = f"{HEADING} of the commit ({_sum(_bare(repository, data)).decode('ascii')})"
    text = "\n".join((head, *(f"{TRAILER}: {run}" for run in runs))) + "\n"
    block = repository.git("stripspace", "--comment-lines", stdin=os.fsencode(text))
    with open(path, "ab") as file:
        file.write(block if data.endswith(b"\n") or not data else b"\n" + block)


def _add_trailers(repository: Repository, path: str, runs: list[str]) -> None:
    words = [word for run in runs for word in ("--trailer", f"{TRAILER}: {run}")]
    how = ("--in-place", "--no-divider", "--where=end", "--if-exists=addIfDifferent")
    repository.git("interpret-trailers", *how, "--if-missing=add", *words, os.path.abspath(path))


def _bare(repository: Repository, data: bytes) -> bytes:
    """Return the message without what git takes out of it: comments, and a diff below it."""
    text, scissors, _ = data.partition(_SCISSORS)
    if scissors:
        text = text[: text.rfind(b"\n") + 1]
    return repository.git("stripspace", "--strip-comments", stdin=text)


def _sum(text: bytes) -> bytes:
    return b"%08x" % zlib.crc32(text)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()

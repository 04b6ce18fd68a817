"""Where runs are: on the disk of any worktree, in commits, stashes, and in ``live/``."""

from __future__ import annotations

import os
from pathlib import Path

from ledger.contract.layout import RECORD_NAME, is_month
from ledger.contract.live import LIVE_FOLDER
from ledger.storage.git import PATTERNS, split_z


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.storage.git import Repository

SNAPSHOTS = "refs/ledger/"
_MIN_PARTS = 3
"""Month, run, file: the end of the path of a record."""


def snapshots(repository: Repository) -> dict[str, str]:
    """Return the commits under refs/ledger by run id."""
    listed = repository.git("for-each-ref", "--format=%(objectname) %(refname)", SNAPSHOTS)
    pairs = (line.split(" ", 1) for line in os.fsdecode(listed).splitlines())
    return {name.removeprefix(SNAPSHOTS): commit for commit, name in pairs}


def snapshot_times(repository: Repository) -> dict[str, float]:
    """Return when each snapshot was made by run id, seconds since the epoch."""
    listed = repository.git("for-each-ref", "--format=%(creatordate:unix) %(refname)", SNAPSHOTS)
    pairs = (line.split(" ", 1) for line in os.fsdecode(listed).splitlines())
    return {name.removeprefix(SNAPSHOTS): float(made or 0) for made, name in pairs}


def in_commit(repository: Repository, commit: str) -> dict[str, str]:
    """Return the path of every record in ``commit``, by run id; none without that commit."""
    listed = repository.ask("ls-tree", "-r", "-z", "--name-only", commit)
    return _by_id(split_z(listed.stdout)) if listed.code == 0 else {}


def in_history(repository: Repository) -> frozenset[str]:
    """Return the ids of runs that any commit ever added which git can still reach.

    Branches, tags, remote branches, what other worktrees stand on, every stash with its untracked
    files, and commits that only a reflog names: from each of them a run can come back. Snapshots
    are no such place, they hold code.
    """
    stashes = os.fsdecode(repository.ask("rev-list", "-g", "refs/stash", "--").stdout).split()
    heads = [commit for _, commit in worktrees(repository) if commit]
    known = [one for one in (*stashes, *heads) if set(one) - {"0"}]
    how = (
        PATTERNS,
        "log",
        "--format=",
        "--name-only",
        "--no-renames",
        "--diff-filter=A",
        "-m",
        "-z",
    )
    plain = ("--no-show-signature", "--no-follow", "--full-history")
    places = (f"--exclude={SNAPSHOTS}*", "--all", "--reflog", "--stdin")
    stdin = "".join(f"{one}\n" for one in known).encode() + b"--\n**/run.json\n"
    listed = repository.git(*how, *plain, *places, stdin=stdin)
    return frozenset(_by_id(split_z(listed.replace(b"\n", b"\0"))))


def worktrees(repository: Repository) -> list[tuple[Path, str]]:
    """Return (folder, commit it stands on) of every worktree; the commit is empty before any."""
    listed = os.fsdecode(repository.git("worktree", "list", "--porcelain"))
    found = []
    for part in listed.split("\n\n"):
        facts = dict(line.partition(" ")[::2] for line in part.splitlines())
        if "worktree" in facts:
            found.append((Path(facts["worktree"]), facts.get("HEAD", "")))
    return found


def on_disk(repository: Repository, ledgers: Iterable[str]) -> dict[str, list[Path]]:
    """Return the folders of the runs on the disk of every worktree, by run id.

    Args:
        repository: any worktree of it.
        ledgers: folders of ledgers, relative to the top.
    """
    found: dict[str, list[Path]] = {}
    for top, _ in worktrees(repository):
        for ledger in ledgers:
            for month in _listed(top / ledger):
                if is_month(month.name):
                    for run in _listed(month):
                        found.setdefault(run.name, []).append(run)
    return found


def in_live(repository: Repository) -> frozenset[str]:
    """Return the ids of the runs with a second home in the git directory."""
    return frozenset(path.name for path in _listed(Path(repository.private_dir, LIVE_FOLDER)))


def _by_id(paths: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in paths:
        parts = path.split("/")
        if len(parts) >= _MIN_PARTS and parts[-1] == RECORD_NAME and is_month(parts[-3]):
            found[parts[-2]] = path
    return found


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []

"""The doctor's look at git's own folder: rights, space, and where snapshots might be pushed."""

from __future__ import annotations

import os
import shutil
import time

from ledger.policy.finding import shell_word
from ledger.setup.doctor.problem import Problem


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ledger.errors import LedgerError
    from ledger.storage.git import Repository

LOW_BYTES = 200 * 1024 * 1024
"""Less free space than this: a run may end without its last rows."""
_MIRROR = "remote."
_AHEAD_S = 3600.0


def refused_repository(error: LedgerError, folder: str) -> Problem:
    """Return the problem of a repository that git refuses to work in."""
    is_owner = "dubious ownership" in error.message
    fix = f"git config --global --add safe.directory {shell_word(folder)}"
    return Problem(
        area="git",
        title="git refuses this repository: it belongs to somebody else"
        if is_owner
        else "git refuses this repository",
        where=folder,
        why="runs are recorded without their code, and nothing can be committed",
        fix=f"{fix} (only if you trust its owner)" if is_owner else error.message,
    )


def check_private(repository: Repository) -> Iterator[Problem]:
    """Our folder in the git directory can be written: snapshots, ids and rescued runs lie there."""
    path = repository.private_dir
    place = path if os.path.isdir(path) else os.path.dirname(path)
    if os.path.lexists(path) and not os.path.isdir(path):
        yield Problem(
            area="git",
            title="is no folder",
            where=path,
            why="snapshots, claimed ids and rescued runs have no place",
            fix=f"mv {shell_word(path)} {shell_word(path + '.old')}",
        )
    elif not os.access(place, os.W_OK | os.X_OK):
        yield Problem(
            area="git",
            title="the git directory cannot be written",
            where=place,
            why="snapshots of dirty code, claimed ids and rescued runs have no place",
            fix=f"chmod u+rwx {shell_word(place)} (or have its owner give it to you)",
            mend=_mend_rights(place),
        )


def check_space(places: Iterable[str], low_bytes: int = LOW_BYTES) -> Iterator[Problem]:
    """The disks that records go to have room."""
    seen: set[int] = set()
    for place in places:
        try:
            device, free = os.stat(place).st_dev, shutil.disk_usage(place).free
        except OSError:
            continue
        if free < low_bytes and device not in seen:
            seen.add(device)
            yield Problem(
                area="git",
                title=f"the disk is nearly full: {free // 1024**2} MB are free",
                where=place,
                why="a run that cannot write goes on, and its record says incomplete",
                fix="free space; `ledger gc` and `git gc` give back a little",
            )


def check_mirrors(repository: Repository) -> Iterator[Problem]:
    """No remote gets the snapshots: they hold code that nobody has decided to publish."""
    said = repository.ask("config", "--null", "--get-regexp", r"^remote\..*\.(mirror|push)$")
    for line in os.fsdecode(said.stdout).split("\0"):
        key, _, setting = line.partition("\n")
        name, _, kind = key.removeprefix(_MIRROR).rpartition(".")
        source = setting.lstrip("+").partition(":")[0]
        is_mirror = kind == "mirror" and setting.lower() in {"true", "yes", "on", "1", ""}
        if is_mirror or (kind == "push" and source in {"refs/*", "refs/ledger/*"}):
            yield Problem(
                area="git",
                title=f"the remote {name} gets every ref, also the snapshots of uncommitted code",
                where=f"{key}={setting}",
                why="snapshots are private: they hold code that nobody has committed",
                fix=f"git config --unset-all {shell_word(key)}",
            )


def check_clock(newest: float | None, what: str, now: float) -> Iterator[Problem]:
    """The clock is not behind what was recorded: ids, order and ``@latest`` go by it."""
    if newest is not None and newest - now > _AHEAD_S:
        ahead = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(newest))
        yield Problem(
            area="runs",
            title="the clock of this machine is behind its own records",
            where=f"{what} started {ahead}",
            why="new runs sort before older ones, and @latest means the wrong one",
            fix="set the clock (timedatectl set-ntp true); records are never changed",
        )


def _mend_rights(path: str) -> Callable[[], object] | None:
    if os.stat(path).st_uid != os.geteuid():
        return None
    return lambda: os.chmod(path, os.stat(path).st_mode | 0o700)

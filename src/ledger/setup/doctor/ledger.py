"""The doctor's look at the folder of runs: git keeps it as it is, and this user can write it."""

from __future__ import annotations

import os
from pathlib import Path

from ledger.capture.pipeline import pipeline_outs
from ledger.contract.layout import SHARED_FOLDERS, is_month
from ledger.errors import LedgerError
from ledger.policy.finding import shell_word, shell_words
from ledger.policy.ignored import ignoring_rule
from ledger.setup.attributes import (
    ensure_attributes,
    has_own,
    sources_of,
    strange_attributes,
)
from ledger.setup.change import Undo
from ledger.setup.doctor.problem import Problem
from ledger.setup.garbage import temporary_files
from ledger.setup.ignore_rules import ensure_kept, swallowed
from ledger.setup.samples import below_top
from ledger.setup.sparse import leaves_out, mend_command
from ledger.storage.git import split_z
from ledger.storage.tree import WorkTree


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ledger.project import Project
    from ledger.storage.git import Repository

AREA = "ledger"
_SHOWN = 3


def check_ledger(repository: Repository, project: Project, now: float) -> Iterator[Problem]:
    """Git would add every kind of file of the ledger, as it is, and the user can write them."""
    folder = project.ledger_dir
    shown = below_top(repository, folder)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        yield Problem(
            area=AREA,
            title="the ledger is no folder of its own",
            where=shown,
            why="git keeps a link or a file, and none of the runs",
            fix="make it a folder, or set `dir` in the settings to one",
        )
        return
    yield from _check_ignored(repository, project)
    yield from _check_attributes(repository, project)
    if leaves_out(repository, project):
        command = mend_command(repository, project)
        yield Problem(
            area=AREA,
            title="the sparse checkout leaves the ledger out",
            where=shown,
            why="git refuses to add its runs",
            fix=" ".join(["git", *map(shell_word, command)]),
            mend=lambda: repository.git(*command),
        )
    yield from _check_rights(repository, project)
    yield from _check_dvc(repository, project)
    yield from _check_temporary(repository, project, now)


def _check_ignored(repository: Repository, project: Project) -> Iterator[Problem]:
    lost = swallowed(repository, project)
    if not lost:
        return
    source, line, pattern = ignoring_rule(repository, lost[0]) or ("?", "?", "?")
    yield Problem(
        area=AREA,
        title=f"git ignores files of the ledger: {shell_words(lost, _SHOWN)}",
        where=f"{source}:{line} ({pattern})",
        why="runs are recorded and never committed",
        fix=_init_at(repository, project),
        mend=_if_it_works(lambda undo: ensure_kept(repository, project, undo)),
    )


def _check_attributes(repository: Repository, project: Project) -> Iterator[Problem]:
    strange = strange_attributes(repository, project)
    sources = sources_of(repository, project)
    own = f"{below_top(repository, project.ledger_dir)}/.gitattributes"
    if not has_own(project):
        yield Problem(
            area=AREA,
            title="the ledger's attributes are missing",
            where=own,
            why="git may rewrite its files, and merge tables line by line",
            fix=_init_at(repository, project),
            mend=_if_it_works(lambda undo: ensure_attributes(repository, project, undo)),
        )
        return
    if not strange:
        return
    first = strange[0]
    is_overruled = bool(sources)
    yield Problem(
        area=AREA,
        title=f"git would not store runs as they are: {first.attribute}={first.setting} on"
        f" {first.path}" + (f" and {len(strange) - 1} more" if len(strange) > 1 else ""),
        where=" or ".join(sources) if is_overruled else own,
        why="hashes do not match after a checkout, or tables are merged line by line",
        fix=f"take it out of {sources[0]}, then {_init_at(repository, project)}"
        if is_overruled
        else _init_at(repository, project),
        mend=_if_it_works(lambda undo: ensure_attributes(repository, project, undo)),
    )


def _if_it_works(step: Callable[[Undo], object]) -> Callable[[], None]:
    """Return what does ``step``, or leaves everything as it was where another file overrules it."""

    def mend() -> None:
        undo = Undo()
        try:
            step(undo)
        except LedgerError:
            undo.take_back()

    return mend


def _check_rights(repository: Repository, project: Project) -> Iterator[Problem]:
    """Every folder of the ledger can be written; a container may have left some to root."""
    folder = project.ledger_dir
    candidates = [folder] if folder.is_dir() else [project.root]
    if folder.is_dir() and os.access(folder, os.R_OK | os.X_OK):
        below = sorted(folder.iterdir())
        candidates += [one for one in below if is_month(one.name) or one.name in SHARED_FOLDERS]
    locked = [one for one in candidates if one.is_dir() and not _is_writable(one)]
    if not locked:
        return
    own = [one for one in locked if one.stat().st_uid == os.geteuid()]
    words = shell_words([below_top(repository, one) for one in locked])
    is_own = len(own) == len(locked)

    def mend() -> None:
        for one in own:
            one.chmod(one.stat().st_mode | 0o700)

    yield Problem(
        area=AREA,
        title="folders of the ledger cannot be written",
        where=words,
        why="a run that starts there is refused, or is kept elsewhere",
        fix=f"chmod u+rwx -- {words}" if is_own else f'sudo chown -R "$(id -u)" -- {words}',
        mend=mend if own else None,
    )


def _is_writable(folder: Path) -> bool:
    return os.access(folder, os.R_OK | os.W_OK | os.X_OK)


def _check_dvc(repository: Repository, project: Project) -> Iterator[Problem]:
    ledger = below_top(repository, project.ledger_dir)
    for out in sorted(pipeline_outs(_Files(repository))):
        if out == ledger or ledger.startswith(f"{out}/") or out.startswith(f"{ledger}/"):
            yield Problem(
                area=AREA,
                title="DVC has the ledger as an output",
                where=out,
                why="`dvc repro` and `dvc checkout` remove or replace what is below an output",
                fix="declare narrower outputs, or set `dir` in the settings to another folder",
            )


class _Files:
    """The files of a working tree that git tracks or would add, read from the disk."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def entries(self) -> dict[str, None]:
        """Return their paths."""
        how = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        return dict.fromkeys(split_z(self._repository.git(*how)))

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes of those of ``paths`` that are regular files."""
        return WorkTree(self._repository.top, self._repository.top).read(paths)


def _check_temporary(repository: Repository, project: Project, now: float) -> Iterator[Problem]:
    found = [Path(one.name) for one in temporary_files(project.ledger_dir, now)]
    if not found:
        return

    def mend() -> None:
        for path in found:
            path.unlink(missing_ok=True)

    words = shell_words([below_top(repository, path) for path in found])
    yield Problem(
        area=AREA,
        title=f"{len(found)} half-written file{'s' if len(found) > 1 else ''} left behind",
        where=words,
        why="a process was killed, or the disk was full, while it wrote; what counts is beside it",
        fix=f"rm -- {words}",
        mend=mend,
    )


def _init_at(repository: Repository, project: Project) -> str:
    root = below_top(repository, project.root)
    return "ledger init" if root == "." else f"ledger init {shell_word(root)}"

"""Runs whose writer is gone are sealed, and runs that git had taken away come back.

``live/`` in the git directory lists every run of this repository that was not sealed in its own
folder; a run's ``where`` is locked while it is healed, so any number of processes may try.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from ledger.capture.process import is_abandoned
from ledger.contract.layout import RECORD_NAME
from ledger.contract.live import LIVE_FOLDER, WHERE_NAME, Where, parse_where
from ledger.contract.record import parse_record
from ledger.errors import LedgerError
from ledger.storage.files import replace_file
from ledger.value import value
from ledger.writer.home import bring_together, remove_live
from ledger.writer.seal import seal_abandoned


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.project import Project
    from ledger.storage.git import Repository

SEALED, BACK, KEPT = "sealed", "back", "kept"


@value
class Healed:
    """What became of one run that was not sealed in its own folder."""

    run_id: str
    what: str
    """SEALED as crashed; BACK in its folder; KEPT where it is, for the reason ``why``."""
    folder: Path
    """Where the run is now."""
    why: str = ""

    def to_text(self) -> str:
        """Return one line for a person."""
        if self.what == KEPT:
            return f"{self.run_id} is kept in {self.folder}: {self.why}"
        if self.what == BACK:
            return f"{self.run_id} is back in {self.folder}"
        return f"{self.run_id} lost its process and is sealed as crashed"


def heal(project: Project, repository: Repository) -> list[Healed]:
    """Heal the runs of ``project`` that ``live/`` holds; those that are being written are left.

    A run that cannot be healed (disk full, a record that does not parse) is told as kept.
    """
    healed: list[Healed] = []
    for live, where in live_homes(repository.private_dir):
        run_dir = _place_here(where, project, repository)
        if run_dir is None:
            continue
        try:
            with _locked(live / WHERE_NAME) as is_ours:
                if is_ours:
                    healed += _heal(live, run_dir, where, repository)
        except FileNotFoundError:
            continue  # another process was faster
        except (OSError, LedgerError) as error:
            why = getattr(error, "strerror", None) or str(error)
            healed.append(Healed(run_id=live.name, what=KEPT, folder=live, why=why))
    return healed


def seal_gone(run_dir: Path) -> Healed | None:
    """Seal the unsealed run in ``run_dir`` when its process is known to be gone; None when not.

    Raises:
        OSError: the record cannot be read or written.
        LedgerError: the record does not parse.
    """
    if not is_abandoned(parse_record((run_dir / RECORD_NAME).read_bytes())):
        return None
    seal_abandoned(run_dir)
    return Healed(run_id=run_dir.name, what=SEALED, folder=run_dir)


def live_homes(private_dir: str) -> Iterator[tuple[Path, Where]]:
    """Yield the second homes in a git directory with what each says of its run, by run id."""
    folder = Path(private_dir, LIVE_FOLDER)
    try:
        homes = sorted(folder.iterdir())
    except OSError:
        return
    for live in homes:
        try:
            where = parse_where((live / WHERE_NAME).read_bytes())
        except OSError:
            continue  # it is being made or removed
        if where is not None:
            yield live, where


def _place_here(where: Where, project: Project, repository: Repository) -> Path | None:
    """Return the run's folder when the run belongs to ``project``, None when it does not.

    The run of a worktree that was removed belongs to the same project in any other worktree.
    """
    top = os.path.realpath(repository.top)
    if os.path.realpath(where.top) != top and os.path.isdir(where.top):
        return None
    run_dir = Path(top, where.path)
    ledger_dir = Path(os.path.realpath(project.root), project.settings.dir)
    return run_dir if run_dir.parent.parent == ledger_dir else None


def _heal(live: Path, run_dir: Path, where: Where, repository: Repository) -> Iterator[Healed]:
    if not (live / RECORD_NAME).exists():
        remove_live(live)  # its removal was interrupted
        return
    is_away = not (run_dir / RECORD_NAME).exists()
    record = parse_record((live / RECORD_NAME).read_bytes())
    if "files" not in record.document:
        if not is_abandoned(record):
            return
        if not is_away:
            bring_together(live, run_dir)
        seal_abandoned(live if is_away else run_dir)
        yield Healed(run_id=live.name, what=SEALED, folder=live if is_away else run_dir)
    if not is_away:
        _close(live, run_dir)
        return
    holder = _holder(repository, where.path)
    if holder is not None:
        why = f"{holder} holds its place; drop or apply that, then `ledger ls`"
        yield Healed(run_id=live.name, what=KEPT, folder=live, why=why)
        return
    _bring_back(live, run_dir)
    remove_live(live)
    yield Healed(run_id=live.name, what=BACK, folder=run_dir)


def _close(live: Path, run_dir: Path) -> None:
    """Let the folder hold all there is of a sealed run, and remove its second home."""
    there = parse_record((run_dir / RECORD_NAME).read_bytes())
    if "files" not in there.document:
        bring_together(live, run_dir)
        replace_file(str(run_dir / RECORD_NAME), (live / RECORD_NAME).read_bytes())
    remove_live(live)


def _bring_back(live: Path, run_dir: Path) -> None:
    """Make the run's folder again, whole or not at all."""
    run_dir.parent.mkdir(parents=True, exist_ok=True)
    if run_dir.is_dir():  # files that git did not know were left in it
        bring_together(live, run_dir)
        return
    aside = run_dir.with_name(f".{run_dir.name}.{os.getpid()}.tmp")
    try:
        aside.mkdir()
        bring_together(live, aside)
        aside.replace(run_dir)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Hold the lock of the file ``path``, which ends with the process; whether we got it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        import fcntl  # noqa: PLC0415  # Windows has none, and records on its own risk

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except ImportError:
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(handle)


def _holder(repository: Repository, path: str) -> str | None:
    """Return what would refuse to be checked out over ``path``: a stash or a local branch."""
    stashes = os.fsdecode(repository.ask("rev-list", "-g", "refs/stash", "--").stdout).split()
    listed = repository.git("for-each-ref", "--format=%(refname)", "refs/heads/")
    branches = os.fsdecode(listed).split()
    places = {f"stash@{{{n}}}": f"{commit}^3:{path}" for n, commit in enumerate(stashes)}
    places |= {name.removeprefix("refs/heads/"): f"{name}:{path}" for name in branches}
    asked = "".join(f"{place}\n" for place in places.values())
    said = repository.git("cat-file", "--batch-check", stdin=os.fsencode(asked))
    answers = said.decode("utf-8", "surrogateescape").splitlines()
    held = (name for name, answer in zip(places, answers, strict=True) if " tree " in answer)
    return next(held, None)

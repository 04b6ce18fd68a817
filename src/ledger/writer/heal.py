"""Runs whose writer is gone are sealed, and runs that git had taken away come back.

``live/`` in the git directory lists every run of this repository that was not sealed in its own
folder; a run's ``where`` is locked while it is healed, so any number of processes may try.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from ledger.capture.holder import holder_of
from ledger.capture.live import folder_here, live_homes
from ledger.capture.process import is_abandoned
from ledger.contract.layout import RECORD_NAME
from ledger.contract.live import WHERE_NAME, Where
from ledger.contract.record import parse_record
from ledger.errors import LedgerError
from ledger.storage.files import replace_file
from ledger.value import value
from ledger.writer.home import bring_together, remove_live
from ledger.writer.seal import seal_abandoned
from ledger.writer.shared import restore_shared
from ledger.writer.worker_files import living_worker


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.contract.record import RunRecord
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


def heal(ledger_dir: Path, repository: Repository) -> list[Healed]:
    """Heal the runs of a ledger that ``live/`` holds; those that are being written are left.

    A run that cannot be healed (disk full, a record that does not parse) is told as kept.
    """
    healed: list[Healed] = []
    for live, where in live_homes(repository.private_dir):
        run_dir = folder_here(where, repository.top, ledger_dir)
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


def seal_at(run_dir: Path, live: Path | None, *, is_silent: bool | None = None) -> RunRecord:
    """Seal a run whose process is gone where it is now, its second home included.

    Args:
        run_dir: the run's folder, which may be away.
        live: its second home, None where it has none.
        is_silent: see ``seal_abandoned``.

    Raises:
        LedgerError: the run is sealed already, or still runs, or nobody here can tell.
        OSError: the record cannot be read or written.
    """
    if live is None:
        return seal_abandoned(run_dir, is_silent=is_silent)
    if not (run_dir / RECORD_NAME).exists():
        return seal_abandoned(live, is_silent=is_silent)
    bring_together(live, run_dir)
    record = seal_abandoned(run_dir, is_silent=is_silent)
    remove_live(live)
    return record


def seal_gone(run_dir: Path) -> Healed | None:
    """Seal the unsealed run in ``run_dir`` when its process is known to be gone; None when not.

    Raises:
        OSError: the record cannot be read or written.
        LedgerError: the record does not parse.
    """
    is_over = is_abandoned(parse_record((run_dir / RECORD_NAME).read_bytes()))
    if not is_over or living_worker(run_dir) is not None:
        return None
    seal_abandoned(run_dir)
    return Healed(run_id=run_dir.name, what=SEALED, folder=run_dir)


def _heal(live: Path, run_dir: Path, where: Where, repository: Repository) -> Iterator[Healed]:
    if not (live / RECORD_NAME).exists():
        remove_live(live)  # its removal was interrupted
        return
    is_away = not (run_dir / RECORD_NAME).exists()
    record = parse_record((live / RECORD_NAME).read_bytes())
    if not is_away and _is_sealed(run_dir):
        remove_live(live)
    elif "files" not in record.document:
        if is_abandoned(record) and not living_worker(live if is_away else run_dir):
            seal_at(run_dir, live)
            yield Healed(run_id=live.name, what=SEALED, folder=live if is_away else run_dir)
    elif not is_away:
        restore_shared(run_dir.parent.parent, repository, dict(record.document))
        bring_together(live, run_dir)
        replace_file(str(run_dir / RECORD_NAME), (live / RECORD_NAME).read_bytes())
        remove_live(live)
    if is_away and _is_sealed(live):
        yield _return(live, run_dir, where, repository)


def _return(live: Path, run_dir: Path, where: Where, repository: Repository) -> Healed:
    """Bring a sealed run back into its folder, unless git would trip over it there."""
    holder = holder_of(repository, where.path)
    if holder is not None:
        why = f"{holder} holds its place; apply or drop that, then `ledger ls`"
        return Healed(run_id=live.name, what=KEPT, folder=live, why=why)
    document = parse_record((live / RECORD_NAME).read_bytes()).document
    restore_shared(run_dir.parent.parent, repository, dict(document))
    _bring_back(live, run_dir)
    remove_live(live)
    return Healed(run_id=live.name, what=BACK, folder=run_dir)


def _is_sealed(folder: Path) -> bool:
    return "files" in parse_record((folder / RECORD_NAME).read_bytes()).document


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

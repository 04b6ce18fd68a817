"""Where the files of a running run are: its folder, and a second home that git cannot reach.

``git stash -u``, ``clean -fdx``, ``reset --hard`` and the removal of a worktree take the folder of
a run away while it is written. ``<git dir>/ledger/live/<run_id>/`` holds a hard link to each table
and a copy of each document, so the run goes on there and loses no row.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from ledger.contract.layout import NOTE_NAME, RECORD_NAME, is_table, is_temporary, is_worker
from ledger.contract.live import LIVE_FOLDER, WHERE_NAME, Where, encode_where
from ledger.storage.files import link_file, replace_file


class Home:
    """The places of one run's files.

    Args:
        run_dir: the run's folder in the ledger.
        live: the second home; None without a repository.
    """

    def __init__(self, run_dir: Path, live: Path | None = None) -> None:
        self.run_dir = run_dir
        self.live = live
        self._has_begun = False
        self._note_seen: tuple[int, int] | None = None

    @property
    def is_away(self) -> bool:
        """Whether the run's folder is not there, and the second home stands for it."""
        return self._has_begun and not os.path.exists(os.path.join(self.run_dir, RECORD_NAME))

    @property
    def folder(self) -> Path:
        """The folder that holds the run right now."""
        return self.live if self.live is not None and self.is_away else self.run_dir

    def begin(self, top: str) -> None:
        """Make the second home of a run whose record has just been written; without it none is.

        Args:
            top: the working tree that the run belongs to.
        """
        if self.live is None:
            return
        path = os.path.relpath(os.path.realpath(self.run_dir), os.path.realpath(top))
        where = Where(top=os.path.realpath(top), path=path.replace(os.sep, "/"))
        try:
            self.live.mkdir(parents=True, exist_ok=True)
            for name in os.listdir(self.run_dir):
                self.protect(name)
            # last: a home that tells where it belongs and holds no record is one being removed
            replace_file(str(self.live / WHERE_NAME), encode_where(where), is_durable=False)
        except OSError:
            self.live = None  # a git directory that cannot be written to protects nothing
        self._has_begun = self.live is not None

    def protect(self, name: str) -> None:
        """Hold the run's file ``name`` in the second home too; where links are impossible, later.

        Never raises: a row that was written is not lost because its file could not be linked.
        """
        if self.live is None or is_temporary(name):
            return
        try:
            if is_table(name):
                link_file(str(self.run_dir / name), str(self.live / name))
            else:
                self._copy(name)
        except OSError:
            return  # another file system, or the folder went away: `settle` copies what it can

    def write(self, name: str, data: bytes) -> None:
        """Replace the document ``name`` as a whole, in both homes.

        Raises:
            OSError: the home that counts could not be written to.
        """
        self._see_live()
        if self.live is None or not self._has_begun:
            replace_file(str(self.run_dir / name), data)
            return
        self._see_note()
        failure = None
        try:
            replace_file(str(self.live / name), data, is_durable=self.is_away)
        except OSError as error:
            failure = error
        if not self.is_away and self._write_in_folder(name, data):
            return
        if failure is not None:
            raise failure

    def join(self) -> None:
        """Stand in the homes of a run that another process has begun."""
        self._has_begun = self.live is not None and (self.live / WHERE_NAME).exists()
        if not self._has_begun:
            self.live = None

    def remove(self, name: str) -> None:
        """Take the document ``name``, if there is one, out of both homes.

        Raises:
            OSError: it cannot be removed.
        """
        for folder in (self.run_dir, self.live):
            if folder is not None:
                (folder / name).unlink(missing_ok=True)

    def settle(self, orphans: dict[str, bytes]) -> None:
        """Bring everything together in ``folder`` before the run is sealed.

        A table of the second home wins over one that came back with fewer rows.

        Args:
            orphans: bytes of open tables that no folder holds any more, by name.

        Raises:
            OSError: a file could not be brought back.
        """
        self._see_live()
        if self.live is None or not self._has_begun:
            return
        self._see_note()
        for name, data in orphans.items():
            replace_file(str(self.live / name), data)
        if not self.is_away:
            bring_together(self.live, self.run_dir)

    def end(self) -> None:
        """Remove the second home of a run that is sealed in its folder."""
        if self.live is not None and self._has_begun and not self.is_away:
            remove_live(self.live)

    def _write_in_folder(self, name: str, data: bytes) -> bool:
        """Replace ``name`` in the run's folder; False when that went away at this very moment."""
        aside = str(self.live) if self.live is not None else None
        try:
            replace_file(str(self.run_dir / name), data, aside=aside)
        except FileNotFoundError:
            return False
        return True

    def _see_live(self) -> None:
        """Go on without the second home when somebody has removed it: it protects nothing then."""
        if self._has_begun and self.live is not None and not self.live.is_dir():
            self.live = None

    def _see_note(self) -> None:
        """Keep the note as it is now, when it has changed since it was last seen."""
        try:
            facts = os.stat(self.run_dir / NOTE_NAME)
            stamp = (facts.st_mtime_ns, facts.st_size)
            if self.live is not None and stamp != self._note_seen:
                self._copy(NOTE_NAME)
                self._note_seen = stamp
        except OSError:
            return  # away, or never written

    def _copy(self, name: str) -> None:
        if self.live is not None:
            data = (self.run_dir / name).read_bytes()
            replace_file(str(self.live / name), data, is_durable=False)


def live_folder(private_dir: str, run_id: str) -> Path:
    """Return the second home of the run ``run_id``."""
    return Path(private_dir, LIVE_FOLDER, run_id)


def remove_live(live: Path) -> None:
    """Remove a second home; what tells that it is one goes last, should that be interrupted."""
    with contextlib.suppress(FileNotFoundError):  # another process that heals was faster
        for path in live.iterdir():
            if path.name != WHERE_NAME:
                path.unlink(missing_ok=True)
    shutil.rmtree(live, ignore_errors=True)


def bring_together(live: Path, run_dir: Path) -> None:
    """Put into ``run_dir`` what only ``live`` holds, and tables that have more rows there.

    The note of a run that is there is its owner's: also that it was removed.

    Raises:
        OSError: a file could not be read or written; nothing is lost, and it may be done again.
    """
    skipped = {WHERE_NAME, NOTE_NAME} if (run_dir / RECORD_NAME).exists() else {WHERE_NAME}
    # the record last: it makes a folder a run
    for path in sorted(live.iterdir(), key=lambda each: (each.name == RECORD_NAME, each.name)):
        target = run_dir / path.name
        if path.name in skipped or is_temporary(path.name) or not path.is_file():
            continue
        if not target.exists() or _is_newer(path, target):
            data = path.read_bytes()
            replace_file(str(target), data, aside=str(live))


def _is_newer(path: Path, target: Path) -> bool:
    """Whether a table of the second home has more rows, or a worker has said more there."""
    if is_table(path.name):
        return _has_more(path, target)
    return is_worker(path.name) and path.read_bytes() != target.read_bytes()


def _has_more(path: Path, target: Path) -> bool:
    ours, theirs = path.stat(), target.stat()
    is_same = (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino)
    return not is_same and ours.st_size >= theirs.st_size

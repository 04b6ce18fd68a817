"""Where run folders are read from: the disk here, commits in the modules beside."""

from __future__ import annotations

import contextlib
import os

from ledger.contract.layout import NOTE_NAME, SHARED_FOLDERS, is_month
from ledger.contract.live import WHERE_NAME
from ledger.errors import LedgerError
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Protocol, TypeAlias

    Stamp: TypeAlias = tuple[int | str, ...]
    """Equal to an earlier one only where nothing changed; numbers of a disk, or ids of content."""

    class Source(Protocol):
        """The run folders of one ledger, wherever they are stored."""

        def exists(self) -> bool:
            """Whether there is a ledger at all."""
            ...

        def folders(self) -> Iterator[RunFolder]:
            """Yield every run folder, sorted by path."""
            ...

        def read(self, path: str) -> bytes:
            """Return the bytes of the file at ``path``; OSError when it cannot be read."""
            ...

        def modified(self, path: str) -> float | None:
            """Return when ``path`` last changed, seconds since 1970, None where untold."""
            ...

        def locate(self, run_id: str) -> str | None:
            """Return the path of the folder called ``run_id``, None where there is none."""
            ...

        def folder(self, path: str) -> RunFolder | None:
            """Return the run folder at ``path``, None when it is gone."""
            ...

        def stamps(self) -> dict[str, Stamp | None]:
            """Return what tells whether each run changed, by folder; None: cannot be told."""
            ...

        def file_stamp(self, path: str) -> Stamp | None:
            """Return what tells whether the file ``path`` changed; None when it is gone."""
            ...

        def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
            """Yield (path, bytes) of those of ``paths`` that can be read; ``read`` says why not.

            One of the files is held at a time.
            """
            ...

        def oids(self, path: str) -> dict[str, str] | None:
            """Return {name: id of its content} of the run folder at ``path``; None on the disk.

            Equal ids are equal bytes in every commit; what is no file has the id of what it is.
            """
            ...

        def is_live(self, path: str) -> bool:
            """Whether somebody may be writing into the run folder ``path``; never in a commit."""
            ...

        def place(self, path: str) -> str:
            """Return the branch or commit the folder ``path`` is read from; "" for the disk."""
            ...

        def fall_back(self, path: str) -> RunFolder | None:
            """Return the next copy of the run whose folder ``path`` cannot be read, or None.

            From then on its files are read from that copy.
            """
            ...


@value
class RunFolder:
    """A folder that holds, or should hold, a run; paths are relative to the project, with ``/``."""

    path: str
    names: tuple[str, ...]
    """Names of what lies in it, sorted."""
    is_in_month: bool
    """Whether it lies in a month folder, where runs belong."""
    problem: str | None = None
    """Why it could not be listed; it may then also be a whole month of runs."""

    @property
    def name(self) -> str:
        """The folder's own name, which is the run id."""
        return self.path.rpartition("/")[2]


class DiskSource:
    """Run folders below ``<root>/<ledger_dir>`` on the disk.

    Args:
        root: the project's folder.
        ledger_dir: the ledger's, relative to it.
        store: shared files once more, of the git directory; for those that are not in the ledger.
        live: second homes of runs that are being written, by the folder they belong to. What they
            hold goes before the folder, but for notes, which people write.
    """

    def __init__(
        self,
        root: str,
        ledger_dir: str,
        *,
        store: str | None = None,
        live: Mapping[str, str] | None = None,
    ) -> None:
        self._root = root
        self._store = store
        self._ledger_dir = ledger_dir
        self._live = live or {}

    def exists(self) -> bool:
        """Whether the ledger's folder is there."""
        return os.path.isdir(os.path.join(self._root, self._ledger_dir))

    def folders(self) -> Iterator[RunFolder]:
        """Yield every run folder; one that vanishes while it is listed is none.

        Raises:
            LedgerError: the ledger's own folder cannot be listed.
        """
        names = self._months()
        away = {path.split("/")[-2] for path in self._live}
        for name in sorted({*names, *away}):
            below = f"{self._ledger_dir}/{name}"
            if is_month(name):
                yield from self._month(below)
            elif name not in SHARED_FOLDERS and not name.startswith("."):
                yield from self._folder(below, is_in_month=False)

    def read(self, path: str) -> bytes:
        """Return the bytes of the file at ``path``.

        Raises:
            OSError: it cannot be read.
        """
        with open(self._place(path), "rb") as file:
            return file.read()

    def modified(self, path: str) -> float | None:
        """Return the modification time of ``path``, None when it is gone."""
        try:
            return os.stat(self._place(path)).st_mtime
        except OSError:
            return None

    def locate(self, run_id: str) -> str | None:
        """Return the path of the folder called ``run_id`` in a month, None where there is none."""
        months = filter(is_month, self._months())
        paths = [f"{self._ledger_dir}/{month}/{run_id}" for month in months]
        return next((path for path in (*paths, *self._live) if self._holds(path, run_id)), None)

    def folder(self, path: str) -> RunFolder | None:
        """Return the run folder at ``path``, None when it is gone."""
        above, _, name = path.rpartition("/")
        if above == self._ledger_dir and is_month(name):
            return next(self._month(path), None)  # nothing could be told of the runs in it
        return next(self._folder(path, is_in_month=is_month(above.rpartition("/")[2])), None)

    def stamps(self) -> dict[str, Stamp | None]:
        """Return what tells whether each run changed, by folder: two looks at the disk a run.

        The record is replaced whole and its folder tells of files that come and go, so that a
        sealed run is known by the two. None for what has to be read: a run that is being written,
        and what is no run, or is a month that cannot be listed.

        Raises:
            LedgerError: the ledger's own folder cannot be listed.
        """
        found: dict[str, Stamp | None] = {}
        for name in self._months():
            below = f"{self._ledger_dir}/{name}"
            if is_month(name):
                try:
                    self._stamp_month(below, found)
                except OSError:
                    found[below] = None
            elif name not in SHARED_FOLDERS and not name.startswith("."):
                found |= dict.fromkeys(
                    (each.path for each in self._folder(below, is_in_month=False)), None
                )
        return found | dict.fromkeys(self._live, None)

    def folder_stamp(self, path: str) -> tuple[Stamp | None, ...]:
        """Return what tells whether the record of the run in ``path``, or its files, changed."""
        return self.file_stamp(f"{path}/run.json"), self.file_stamp(path)

    def file_stamp(self, path: str) -> Stamp | None:
        """Return what tells whether the file ``path`` changed; None when it is gone."""
        try:
            about = os.stat(self._place(path))
        except OSError:
            return None
        return about.st_mtime_ns, about.st_size, about.st_ino, about.st_ctime_ns

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield (path, bytes) of those of ``paths`` that can be read, in their order."""
        for path in paths:
            with contextlib.suppress(OSError):
                yield path, self.read(path)

    def oids(self, path: str) -> dict[str, str] | None:  # noqa: ARG002  # the protocol's
        """Return None: nobody has hashed what lies on the disk."""
        return None

    def is_live(self, path: str) -> bool:  # noqa: ARG002  # the protocol's
        """Return True: any run on the disk may be being written."""
        return True

    def file(self, path: str) -> str:
        """Return where on the disk the file ``path`` is read from; it need not be there."""
        return self._place(path)

    def place(self, path: str) -> str:  # noqa: ARG002  # the protocol's
        """Return "": what lies here needs no name."""
        return ""

    def fall_back(self, path: str) -> RunFolder | None:  # noqa: ARG002  # the protocol's
        """Return None: the disk holds one copy of a run."""
        return None

    def _stamp_month(self, path: str, found: dict[str, Stamp | None]) -> None:
        look = os.stat
        above = f"{self._root}/{path}/"
        for name in self._list(path):
            folder = above + name
            try:
                record = look(folder + "/run.json")
                about = look(folder)
            except NotADirectoryError:
                continue
            except OSError:
                found[f"{path}/{name}"] = None
                continue
            found[f"{path}/{name}"] = (
                record.st_mtime_ns,
                record.st_size,
                record.st_ino,
                record.st_ctime_ns,
                about.st_mtime_ns,
            )

    def _holds(self, path: str, run_id: str) -> bool:
        is_called_so = path.rpartition("/")[2] == run_id
        return is_called_so and (path in self._live or os.path.isdir(f"{self._root}/{path}"))

    def _month(self, path: str) -> Iterator[RunFolder]:
        try:
            names = self._list(path)
        except OSError as error:
            yield RunFolder(path=path, names=(), is_in_month=True, problem=error.strerror)
            return
        away = (p.rpartition("/")[2] for p in self._live if p.rpartition("/")[0] == path)
        for name in sorted({*names, *away}):
            yield from self._folder(f"{path}/{name}", is_in_month=True)

    def _folder(self, path: str, *, is_in_month: bool) -> Iterator[RunFolder]:
        if path.rpartition("/")[2].startswith("."):
            return
        try:
            names = self._names(path)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            if is_in_month:  # elsewhere nothing says that it is a run
                yield RunFolder(path=path, names=(), is_in_month=True, problem=error.strerror)
            return
        if is_in_month or "run.json" in names:
            yield RunFolder(path=path, names=tuple(names), is_in_month=is_in_month)

    def _names(self, path: str) -> list[str]:
        """Return the names of a run's files, in either home."""
        if path not in self._live:
            return sorted(os.listdir(f"{self._root}/{path}"))
        kept = {*self._list(path)}
        with contextlib.suppress(OSError):
            kept |= {*os.listdir(self._live[path])} - {WHERE_NAME}
        return sorted(kept)

    def _place(self, path: str) -> str:
        """Return where the file ``path`` is read from."""
        own = f"{self._root}/{path}"
        folder, _, name = path.rpartition("/")
        if folder not in self._live:
            return self._stored(path) or own
        live = f"{self._live[folder]}/{name}"
        is_kept = os.path.exists(live) and not (name == NOTE_NAME and os.path.exists(own))
        return live if is_kept else own

    def _stored(self, path: str) -> str | None:
        """Return where the store holds the shared file ``path`` that the ledger lacks."""
        name = path.removeprefix(f"{self._ledger_dir}/")
        is_shared = name.partition("/")[0] in SHARED_FOLDERS
        if self._store is None or not is_shared or os.path.exists(f"{self._root}/{path}"):
            return None
        return f"{self._store}/{name}"

    def _months(self) -> list[str]:
        """Return the names in the ledger's own folder."""
        try:
            return self._list(self._ledger_dir)
        except OSError as error:
            message = f"the ledger cannot be read: {error.strerror}"
            hint = "mend the permissions of the folder"
            raise LedgerError(message, hint=hint, path=self._ledger_dir) from error

    def _list(self, path: str) -> list[str]:
        try:
            return sorted(os.listdir(f"{self._root}/{path}"))
        except (FileNotFoundError, NotADirectoryError):
            return []

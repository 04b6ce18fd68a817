"""Run folders that are nowhere but in memory."""

from __future__ import annotations

from ledger.reader.source import RunFolder


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ledger.reader.source import Stamp


class MemorySource:
    """Run folders made up of ``files``: bytes by path, ``ledger/<month>/<run id>/<name>``."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def exists(self) -> bool:
        """Whether there is a ledger: always."""
        return True

    def folders(self) -> Iterator[RunFolder]:
        """Yield every run folder, sorted by path."""
        for path in sorted({path.rpartition("/")[0] for path in self._files}):
            names = sorted(each[len(path) + 1 :] for each in self._files if each.startswith(path))
            yield RunFolder(path=path, names=tuple(names), is_in_month=True)

    def read(self, path: str) -> bytes:
        """Return the bytes of the file at ``path``.

        Raises:
            FileNotFoundError: there is none.
        """
        if path not in self._files:
            raise FileNotFoundError(path)
        return self._files[path]

    def modified(self, path: str) -> float | None:  # noqa: ARG002  # the protocol's
        """Return None: nothing here has a time."""
        return None

    def locate(self, run_id: str) -> str | None:
        """Return the path of the folder called ``run_id``, None where there is none."""
        return next((each.path for each in self.folders() if each.name == run_id), None)

    def folder(self, path: str) -> RunFolder | None:
        """Return the run folder at ``path``."""
        return next((each for each in self.folders() if each.path == path), None)

    def stamps(self) -> dict[str, Stamp | None]:
        """Return None for every folder: an index of what is in memory is not kept."""
        return {each.path: None for each in self.folders()}

    def file_stamp(self, path: str) -> Stamp | None:
        """Return None: as above."""
        return (path,) if path in self._files else None

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield (path, bytes) of those of ``paths`` that are there."""
        return ((path, self._files[path]) for path in paths if path in self._files)

    def oids(self, path: str) -> dict[str, str] | None:  # noqa: ARG002  # the protocol's
        """Return None: nothing here is in git."""
        return None

    def is_live(self, path: str) -> bool:  # noqa: ARG002  # the protocol's
        """Whether somebody may be writing: nobody."""
        return False

    def place(self, path: str) -> str:  # noqa: ARG002  # the protocol's
        """Return "": no branch."""
        return ""

    def fall_back(self, path: str) -> RunFolder | None:  # noqa: ARG002  # the protocol's
        """Return None: there is no other copy."""
        return None

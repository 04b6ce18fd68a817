"""A layer's source that reads no run twice for one question."""

from __future__ import annotations


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.reader.index.sources import Extract, LayerSource
    from ledger.reader.source import Stamp


class Held:
    """Keeps what each run gave; for few runs only, as all of it stays in memory."""

    def __init__(self, source: LayerSource) -> None:
        self.layer = source.layer
        self._source = source
        self._read: dict[str, Extract | None] = {}

    def stamps(self) -> Mapping[str, Stamp | None]:
        """Return what is in view now."""
        return self._source.stamps()

    def read(self, path: str) -> Extract | None:
        """Return what the run in the folder ``path`` gave when it was first read."""
        if path not in self._read:
            self._read[path] = self._source.read(path)
        return self._read[path]

    def read_with_care(self, path: str) -> Extract | None:
        """Return the rows of the run, read anew and never as a raw table."""
        return self._source.read_with_care(path)

    def read_soundly(self, path: str) -> Extract | None:
        """Return what ``read`` does, unless it only seemed plain: that is read with care."""
        found = self.read(path)
        is_sound = found is None or found.raw is None or found.raw[1].is_sound
        return found if is_sound else self.read_with_care(path)

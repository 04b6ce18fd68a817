"""Several tables of one run or sweep, followed together into the tracks of its candidates."""

from __future__ import annotations

from ledger.errors import MalformedError
from ledger.report.boards.rows import RowReader
from ledger.report.boards.tail import OwnForm, Tail
from ledger.report.boards.tracks import Track


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from ledger.contract.json_text import Json
    from ledger.report.boards.rows import Plan
    from ledger.report.boards.tail import Form, News
    from ledger.report.boards.tracks import Row

    PlanOf = Callable[[str, tuple[str, ...]], Plan]


class Following:
    """The tables of a board, and the tracks that their rows make.

    Args:
        plan_of: tells what the columns of the table called so are, given its header.
        alone: the candidate of tables without trials.
        form: how their lines are read; None for ours.
    """

    def __init__(self, plan_of: PlanOf, alone: str = "", form: Form | None = None) -> None:
        self.tracks: dict[str, Track] = {}
        self.broken: dict[str, str] = {}
        """By the table's name, why it is not read."""
        self._plan_of = plan_of
        self._alone = alone
        self._form = form or OwnForm()
        self._tails: dict[str, Tail] = {}
        self._readers: dict[str, RowReader] = {}

    @property
    def written(self) -> float | None:
        """When a table changed last, seconds since 1970; None while there is none."""
        times = [tail.written for tail in self._tails.values() if tail.written is not None]
        return max(times, default=None)

    def look(self, paths: Mapping[str, str]) -> tuple[list[Row], bool]:
        """Return the new rows of the tables ``paths``, and whether all began anew.

        What a table holds when it is first looked at is no news.

        A table that was replaced or cut, or is gone, takes its rows back: everything is then read
        again.
        """
        for name, path in paths.items():
            if name not in self._tails or self._tails[name].path != path:
                self._tails[name] = Tail(path, self._form)
        rows: list[Row] = []
        for name in [*self._tails]:
            if name not in paths:
                del self._tails[name]
                if name in self._readers:
                    return self._anew(paths)
                continue
            found = self._read(name)
            if found is None:
                return self._anew(paths)
            rows += found
        return rows, False

    def _anew(self, paths: Mapping[str, str]) -> tuple[list[Row], bool]:
        self.forget()
        return self.look(paths)[0], True

    def curves(
        self, metric: str, axis: str, only: Collection[str] | None = None
    ) -> dict[str, Json]:
        """Return {candidate: its curves}, of all or of those in ``only``."""
        return {
            name: [*track.curves(metric, axis)]
            for name, track in self.tracks.items()
            if only is None or name in only
        }

    def forget(self) -> None:
        """Read everything again at the next look."""
        self.tracks.clear()
        self.broken.clear()
        self._tails.clear()
        self._readers.clear()

    def _read(self, name: str) -> list[Row] | None:
        """Return the new rows of one table; None where rows that were read count no longer."""
        rows: list[Row] = []
        is_first = name not in self._readers
        while True:
            try:
                news = self._tails[name].look()
            except (MalformedError, OSError) as error:
                self.broken[name] = str(error)
                return rows
            self.broken.pop(name, None)
            if news.is_anew and not is_first:
                return None
            if not news.rows:
                return rows
            if is_first:
                self._reader(name, news).fill(news.rows, self._track)
            else:
                rows += self._reader(name, news).read(news.rows, self._track)

    def _reader(self, name: str, news: News) -> RowReader:
        if name not in self._readers:
            self._readers[name] = RowReader(self._plan_of(name, news.header), self._alone)
        return self._readers[name]

    def _track(self, candidate: str) -> Track:
        return self.tracks.setdefault(candidate, Track())

"""What each layer is made from: which files tell that a run changed, and how its rows are read."""

from __future__ import annotations

from functools import cached_property

from ledger.contract.layout import NOTE_NAME, TABLE_NAME, is_metrics_table, is_table, worker_of
from ledger.errors import MalformedError
from ledger.reader.index.curve_rows import curve_rows
from ledger.reader.index.note_rows import note_rows
from ledger.reader.index.raw_table import raw_table
from ledger.reader.index.record_rows import record_rows
from ledger.reader.ledger import BrokenRun
from ledger.reader.stats import is_guessed
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from typing import Protocol

    from ledger.reader.index.generation import Also
    from ledger.reader.index.raw_table import RawTable
    from ledger.reader.index.tables import Layer, Rows
    from ledger.reader.ledger import Ledger, StoredRun
    from ledger.reader.source import Stamp

    class LayerSource(Protocol):
        """Where the rows of one layer come from."""

        layer: Layer

        def stamps(self) -> Mapping[str, Stamp | None]:
            """Return what is in view, by folder; None for what must be read every time."""
            ...

        def read(self, path: str) -> Extract | None:
            """Return the rows of the run in the folder ``path``; None when it is gone."""
            ...

        def read_with_care(self, path: str) -> Extract | None:
            """Return what ``read`` returns, never as a raw table."""
            ...


_PLAIN_VALUES = 8
"""Values of a plain table that are read in the time of one row that is read with care."""


@value
class Extract:
    """What one run gave."""

    rows: Rows
    broken: tuple[BrokenRun, ...] = ()
    also: Also = ()
    """Further files the rows were made from, as they were before."""
    raw: tuple[str, RawTable] | None = None
    """(run id, table), where the table is plain enough for the engine to read it by itself."""
    is_lasting: bool = True
    """Whether the rows stay true as long as no file changes."""
    is_growing: bool = False
    """Whether more rows may come at any time."""

    @property
    def weight(self) -> int:
        """What later questions save where the rows are stored, in rows that are read with care."""
        if self.is_growing or not self.is_lasting:
            return 0
        plain = 0 if self.raw is None else self.raw[1].n_values // _PLAIN_VALUES
        return plain + sum(map(len, self.rows.values()))


class RecordsSource:
    """Records, and the tables of runs that are not sealed."""

    layer: Layer = "records"

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.twice: list[BrokenRun] = []
        """Folders whose id another folder had before."""
        self._fallen: dict[str, BrokenRun] = {}
        """What another copy answers for, by folder; it is told at every reading."""

    def stamps(self) -> Mapping[str, Stamp | None]:
        """Return the stamp of every folder; the first of two folders of one id counts."""
        found = self._ledger.source.stamps()
        if len({path.rpartition("/")[2] for path in found}) < len(found):
            self.twice = list(_repeated(sorted(found)))
            for each in self.twice:
                del found[each.path]
        return found

    def read(self, path: str) -> Extract | None:
        """Return the rows of one record; what is no run has none."""
        run = self._ledger.read_at(path)
        if run is None:
            return None
        if isinstance(run, BrokenRun):
            self._fallen[path] = run
            run = self._ledger.other_copy(path)
        told = (self._fallen[path],) if path in self._fallen else ()
        if run is None:
            return Extract(rows={}, broken=told, is_lasting=False)
        also = () if run.is_sealed else self._also(run)
        rows, problem = record_rows(self._ledger, run)
        if problem is not None:
            told = (*told, BrokenRun(path=str(problem.path or path), error=problem))
        is_lasting = not told and run.record.status != "running" and not is_guessed(run)
        return Extract(rows=rows, broken=told, also=also, is_lasting=is_lasting)

    read_with_care = read

    def _also(self, run: StoredRun) -> Also:
        """Return the stamps of the files that speak for a run while it is not sealed."""
        names = (name for name in run.names if is_metrics_table(name) or worker_of(name))
        paths = [f"{run.path}/{name}" for name in names]
        stamps = ((path, self._ledger.source.file_stamp(path)) for path in paths)
        return tuple((path, stamp) for path, stamp in stamps if stamp is not None)


class NotesSource:
    """Notes of the runs in view, by folder."""

    layer: Layer = "notes"

    def __init__(self, ledger: Ledger, run_ids: Mapping[str, str]) -> None:
        self._ledger = ledger
        self._run_ids = run_ids

    def stamps(self) -> Mapping[str, Stamp | None]:
        """Return the stamp of every note that is there."""
        look = self._ledger.source.file_stamp
        found = ((path, look(f"{path}/{NOTE_NAME}")) for path in self._run_ids)
        return {path: stamp for path, stamp in found if stamp is not None}

    def read(self, path: str) -> Extract | None:
        """Return the sections of one note."""
        return Extract(rows=note_rows(self._ledger, path, self._run_ids[path]))

    read_with_care = read


class CurvesSource:
    """Tables of the runs in view.

    Args:
        ledger: whose runs.
        tables: the names of their tables, by folder.
        unsealed: the folders of those that may still be written to.
        metrics: tells the metrics that have rows, by run id; asked at most once.
    """

    layer: Layer = "curves"

    def __init__(
        self,
        ledger: Ledger,
        tables: Mapping[str, tuple[str, ...]],
        unsealed: Collection[str],
        metrics: Callable[[], Mapping[str, Collection[str]]],
    ) -> None:
        self._ledger = ledger
        self._tables = tables
        self._unsealed = unsealed
        self._find_metrics = metrics

    def stamps(self) -> Mapping[str, Stamp | None]:
        """Return the stamps of the tables of every run as one."""
        look = self._ledger.source.file_stamp
        found: dict[str, Stamp | None] = {}
        for path, names in self._tables.items():
            stamp: Stamp = ()
            for name in names:
                stamp += (name, *(look(f"{path}/{name}") or ("gone",)))
            found[path] = stamp
        return found

    @cached_property
    def _metrics(self) -> Mapping[str, Collection[str]]:
        return self._find_metrics()

    def read(self, path: str) -> Extract | None:
        """Return the values of one run's metrics, and its trials."""
        if self._tables[path] == (TABLE_NAME,):
            run_id = path.rpartition("/")[2]
            data = self._ledger.read(f"{path}/{TABLE_NAME}")
            raw = None if data is None else raw_table(data, self._metrics.get(run_id, ()))
            if raw is not None:
                return Extract(rows={}, raw=(run_id, raw), is_growing=path in self._unsealed)
        return self.read_with_care(path)

    def read_with_care(self, path: str) -> Extract | None:
        """Return what ``read`` returns, as rows whatever the tables hold."""
        run = self._ledger.read_at(path)
        if run is None or isinstance(run, BrokenRun):
            return None
        try:
            rows = curve_rows(self._ledger, run)
        except MalformedError as error:
            broken = BrokenRun(path=str(error.path or path), error=error)
            return Extract(rows={}, broken=(broken,), is_lasting=False)
        return Extract(rows=rows, is_lasting=run.is_sealed)


def tables_of(names: Iterable[str]) -> tuple[str, ...]:
    """Return those of a run's files that its curves and trials are read from."""
    return tuple(filter(is_table, names))


def _repeated(paths: Iterable[str]) -> Iterable[BrokenRun]:
    first: dict[str, str] = {}
    for path in paths:
        run_id = path.rpartition("/")[2]
        if run_id in first:
            message = f"is the id of {first[run_id]} too"
            hint = "remove the copy; a run has one folder"
            yield BrokenRun(path=path, error=MalformedError(message, field="run_id", hint=hint))
        else:
            first[run_id] = path

"""Thins the tables of a run at its seal when they are too large for git; the whole ones are kept.

In this order, so that a crash at any moment leaves the whole table in place, or both: the thinned
table beside it, the whole one on its shelf, the record that names both, then the rename.
"""

from __future__ import annotations

import contextlib
import functools
import math
import os
from pathlib import Path

from ledger.contract.columns import columns_of
from ledger.contract.json_text import as_object, as_text
from ledger.contract.layout import is_metrics_table, table_order, table_worker
from ledger.contract.long_table import Index, LongTable
from ledger.contract.metrics import decode_rows, decode_table, encode_row, summarise
from ledger.contract.thinning import Survey, thinned_lines
from ledger.contract.worker import CONSOLE, in_order, logged_columns
from ledger.errors import LedgerError, MalformedError
from ledger.storage.files import iter_lines, last_line, write_new
from ledger.value import value
from ledger.writer.shelf import BYTES_PER_MB, shelve


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from ledger.contract.columns import Column
    from ledger.contract.json_text import Json
    from ledger.contract.long_table import Key
    from ledger.contract.metrics import Summary
    from ledger.writer.shelf import Shelf, WholeTable

    Tell: TypeAlias = Callable[[dict[str, Json]], bool]

_SHARE = 1 / 8
"""Of the limit: what the buckets of one table may take."""
_WORTHWHILE = 3 / 4
"""Of the whole table: a thinned one that is larger is not worth its second file."""
_BYTES_AT_ONCE = 32 * 1024 * 1024
"""Of tables whose rows are out of order, in one pass."""
_EXACT = ("last", "min", "min_at", "max", "max_at")


@value
class Growth:
    """What the tables of a run that are too large for git say, and what became of them."""

    summary: Mapping[str, Summary]
    """Over all rows."""
    last_time: float | None
    """The ``time`` of the last row, seconds since the start."""
    thinned: tuple[tuple[str, WholeTable], ...] = ()
    """(name, whole table) of each table that was thinned now."""
    problem: str | None = None
    """Why a table stays as large as it is."""

    def to_text(self) -> list[str]:
        """Return one line for a person for each table that was thinned."""
        return [
            f"{name} has {whole.bytes / BYTES_PER_MB:.3g} MB: git gets a thinned one, "
            f"all {whole.rows} rows are in {whole.shown}"
            for name, whole in self.thinned
        ]


def look_at_growth(
    run_dir: Path, document: Mapping[str, Json], shelf: Shelf, tell: Tell | None
) -> Growth | None:
    """Return what the tables of a run say when one is too large for git, after thinning it.

    Args:
        run_dir: the folder that holds the run.
        document: its record.
        shelf: where whole tables go, and from which size on.
        tell: writes sections of the record, and says whether they are on the disk; None to thin
            nothing yet, because the run may go on.

    Returns:
        None where no table is too large, or one does not follow the format: then nothing is done.

    Raises:
        OSError: a table cannot be read.
    """
    names = sorted(
        (path.name for path in run_dir.iterdir() if is_metrics_table(path.name)), key=table_order
    )
    known = as_object(document.get("thinned"))
    sources = {name: _source(run_dir / name, as_object(known.get(name)), shelf) for name in names}
    sizes = {name: os.stat(path).st_size for name, path in sources.items()}
    large = [name for name in names if sizes[name] > shelf.max_table_bytes]
    if not large:
        return None
    try:
        tables = _open_all(sources)
        if not all(table.has_index for table in tables.values()):
            return None
        headers = [name for table in tables.values() for name in table.header]
        columns = columns_of(document, headers)
        survey = _survey([*tables.values()], columns, sum(sizes.values()), shelf, len(large))
        last_time = _last_time(tables.values(), sources)
    except MalformedError:
        return None  # who measures the run names it
    growth = Growth(summary=survey.summary(), last_time=last_time)
    wanted = [name for name in large if sources[name].parent == run_dir]
    if tell is None or not wanted:
        return growth
    job = _Job(
        run_dir=run_dir,
        document=dict(document),
        columns=columns,
        tables=tables,
        growth=growth,
        shelf=shelf,
        tell=tell,
    )
    return job.thin(wanted, survey.keys())


class _Job:
    """Thinning the tables of one run."""

    def __init__(  # noqa: PLR0913  # what thinning a run needs to know of it
        self,
        *,
        run_dir: Path,
        document: dict[str, Json],
        columns: Mapping[str, Column],
        tables: Mapping[str, LongTable],
        growth: Growth,
        shelf: Shelf,
        tell: Tell,
    ) -> None:
        self._run_dir = run_dir
        self._document = document
        self._columns = columns
        self._tables = tables
        self._growth = growth
        self._shelf = shelf
        self._tell = tell
        self._done: list[tuple[str, WholeTable]] = []

    def thin(self, names: Sequence[str], keys: set[Key]) -> Growth:
        """Thin the tables ``names`` to the rows of ``keys``; what fails is the problem told."""
        limit = self._shelf.max_table_bytes / BYTES_PER_MB
        problem = None
        try:
            self._replace(names, keys)
        except (OSError, LedgerError, _UnsuitableError) as error:
            why = getattr(error, "strerror", None) or str(error)
            problem = f"{', '.join(names)} over {limit:g} MB stays whole in git: {why}"
        return Growth(
            summary=self._growth.summary,
            last_time=self._growth.last_time,
            thinned=tuple(self._done),
            problem=problem,
        )

    def _replace(self, names: Sequence[str], keys: set[Key]) -> None:
        if not self._shelf.is_ledger_of(self._run_dir):
            message = "the run's folder is not in its ledger"
            raise _UnsuitableError(message)
        others = [table for name, table in self._tables.items() if name not in names]
        keys |= {key for table in others for key in _keys(table)}
        temporary = {name: self._run_dir / f".{name}.{os.getpid()}.tmp" for name in names}
        try:
            for name, path in temporary.items():
                for stale in self._run_dir.glob(f".{name}.*.tmp"):
                    stale.unlink()  # of a seal that was cut short
                size = write_new(str(path), _pieces(self._tables[name], keys))
                if size > _WORTHWHILE * os.stat(self._run_dir / name).st_size:
                    message = "nearly every row is an extreme or a last one"
                    raise _UnsuitableError(message)
            self._check(temporary)
            for name, path in temporary.items():
                self._swap(name, path)
        finally:
            for path in temporary.values():
                path.unlink(missing_ok=True)

    def _check(self, temporary: Mapping[str, Path]) -> None:
        """Refuse thinned tables that would not sum up to what all rows say."""
        paths = {name: temporary.get(name, self._run_dir / name) for name in self._tables}
        found = {name: decode_table(path.read_bytes()) for name, path in paths.items()}
        left = summarise(in_order(found), self._columns)
        if _exact(left) != _exact(self._growth.summary):
            message = "its thinned rows would sum up to something else"
            raise _UnsuitableError(message)

    def _swap(self, name: str, temporary: Path) -> None:
        table = self._run_dir / name
        before = {key: self._document.get(key, {}) for key in ("thinned", "artifacts")}
        whole = shelve(table, self._shelf, self._run_dir.name)
        known, artifacts = as_object(before["thinned"]), as_object(before["artifacts"])
        label = f"{name.removesuffix('.csv')}_full"
        while label in artifacts and artifacts[label] != whole.artifact_entry():
            label += "_"
        after: dict[str, Json] = {
            "thinned": known | {name: whole.thinned_entry()},
            "artifacts": artifacts | {label: whole.artifact_entry()},
        }
        if not self._tell(after):
            message = "the record could not be written"
            raise _UnsuitableError(message)
        try:
            temporary.replace(table)
        except OSError:
            self._tell(before)
            raise
        self._document |= after
        self._done.append((name, whole))


class _UnsuitableError(Exception):
    """A table that cannot be thinned, and stays as it is."""


def _source(table: Path, entry: Mapping[str, Json], shelf: Shelf) -> Path:
    """Return the file with all rows of ``table``, which a seal that was cut short has thinned."""
    whole = shelf.project_root / (as_text(entry.get("path")) or "")
    size = entry.get("bytes")
    if whole.is_file() and os.stat(table).st_size != size == os.stat(whole).st_size:
        return whole
    return table


def _open_all(sources: Mapping[str, Path]) -> dict[str, LongTable]:
    """Return the tables in the files ``sources``, by name, in the order they are read.

    Raises:
        MalformedError: a header does not follow the format.
    """
    headers = {name: _header(path) for name, path in sources.items()}
    logged = frozenset(logged_columns(headers))
    return {
        name: LongTable(
            name=name,
            header=headers[name],
            data=functools.partial(_rows, path),
            worker=table_worker(name),
            hidden=logged if table_worker(name) == CONSOLE else frozenset(),
        )
        for name, path in sources.items()
    }


def _header(path: Path) -> tuple[str, ...]:
    head = next(iter_lines(str(path)), b"").partition(b"\n")[0]
    return decode_table(head + b"\n").header


def _rows(path: Path) -> Iterator[bytes]:
    """Yield the lines of the table ``path`` below its header."""
    pieces = iter_lines(str(path))
    first = next(pieces, b"").partition(b"\n")[2]
    if first:
        yield first
    yield from pieces


def _survey(
    tables: Sequence[LongTable],
    columns: Mapping[str, Column],
    n_bytes: int,
    shelf: Shelf,
    n_large: int,
) -> Survey:
    metrics = [name for name, column in columns.items() if column.role == "metric"]
    # a bucket keeps two rows, and two of each metric, at most
    wanted = shelf.max_table_bytes * _SHARE * n_large
    bucket_rows = math.ceil(n_bytes * (2 + 2 * len(metrics)) / wanted)
    return Survey(tables, metrics, max(1, bucket_rows), math.ceil(n_bytes / _BYTES_AT_ONCE))


def _keys(table: LongTable) -> Iterable[Key]:
    index = Index(table)
    return (index.key(row) for chunk in table.chunks() for row in chunk.rows)


def _pieces(table: LongTable, keys: set[Key]) -> Iterator[bytes]:
    yield encode_row(table.header)
    yield from thinned_lines(table, keys)


def _exact(summary: Mapping[str, Summary]) -> dict[str, list[str]]:
    # as text: nan is not equal to itself
    return {name: [repr(getattr(entry, key)) for key in _EXACT] for name, entry in summary.items()}


def _last_time(tables: Iterable[LongTable], sources: Mapping[str, Path]) -> float | None:
    """Return the time of the row that was written last, by whatever worker."""
    times: list[float] = []
    for table in tables:
        line = last_line(str(sources[table.name])) + b"\n"
        if "time" in table.header and any(True for _ in table.data()):
            (row,) = decode_rows(line, len(table.header), 1)
            with contextlib.suppress(ValueError):
                times.append(float(row[table.header.index("time")]))
    return max(times, default=None)

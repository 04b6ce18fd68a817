"""Per run and metric the numbers that answers rank by: last, final, first and both extremes."""

from __future__ import annotations

import math

from ledger.contract.columns import columns_of
from ledger.contract.json_text import as_object, decode_number
from ledger.contract.metrics import curve, summarise
from ledger.errors import MalformedError
from ledger.reader.ledger import BrokenRun
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ledger.contract.columns import Column
    from ledger.contract.json_text import Json
    from ledger.contract.metrics import Summary, Table
    from ledger.reader.ledger import Ledger, StoredRun


@value
class Stat:
    """One metric of one run; extremes over finite values, None when there is none."""

    run_id: str
    metric: str
    last: float | None
    """The last non-empty cell, finite or not; without rows what the record states."""
    final: float | None
    """What the caller stated as final, else ``last``."""
    first: float | None
    """The first row with a value; None unless it was asked for."""
    low: float | None
    low_at: int | None
    """Epoch, or step where rows have no epoch, of ``low``; None without rows."""
    high: float | None
    high_at: int | None
    n_nonfinite: int
    """Rows whose value was NaN or infinite."""
    n: int
    """Rows with a value, finite or not; 0 for a metric without rows."""
    is_by_epoch: bool
    """Whether ``low_at`` and ``high_at`` are epochs rather than steps."""


@value
class Stats:
    """The stats of many runs, and what stood in the way of some."""

    stats: tuple[Stat, ...]
    broken: tuple[BrokenRun, ...]
    """Tables that do not follow the format; their runs have no stats from rows."""
    guessed: tuple[str, ...]
    """Ids of runs whose tables were read by the fixed rule: their records declare no columns."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line for each table that could not be read, and one for all guessed columns."""
        lines = [str(each) for each in self.broken]
        if self.guessed:
            more = f" and {len(self.guessed) - 1} more" if len(self.guessed) > 1 else ""
            lines.append(
                f"{self.guessed[0]}{more}: the record declares no columns; "
                "every numeric column that is no param was read as a metric"
            )
        return tuple(lines)


def collect_stats(
    ledger: Ledger,
    runs: Sequence[StoredRun],
    *,
    metrics: Collection[str] | None = None,
    with_first: bool = False,
) -> Stats:
    """Return the stats of ``runs``; a sealed run's summary is believed, others are computed.

    Args:
        ledger: where the tables are read.
        runs: whose metrics.
        metrics: only these; None for all.
        with_first: whether ``first`` is needed, which costs reading the tables of every run.
    """
    stats: list[Stat] = []
    broken: list[BrokenRun] = []
    guessed: list[str] = []
    for run in runs:
        try:
            of_run = run_stats(ledger, run, metrics=metrics, with_first=with_first)
        except MalformedError as error:
            broken.append(BrokenRun(path=str(error.path or run.path), error=error))
            of_run = stated_stats(run, metrics)
        stats.extend(of_run)
        if is_guessed(run):
            guessed.append(run.run_id)
    return Stats(stats=tuple(stats), broken=tuple(broken), guessed=tuple(guessed))


def run_stats(
    ledger: Ledger,
    run: StoredRun,
    *,
    metrics: Collection[str] | None = None,
    with_first: bool = False,
) -> tuple[Stat, ...]:
    """Return the stats of one run, by metric name; ``metrics`` and ``with_first`` as above.

    Raises:
        MalformedError: a table that had to be read does not follow the format.
    """
    sealed = as_object(run.record.document.get("summary")) if run.is_sealed else {}
    if sealed and not with_first:
        is_by_epoch = "epoch" in as_object(run.record.document.get("columns"))
        return _stats(run, sealed, {}, metrics, is_by_epoch=is_by_epoch)
    tables = ledger.tables(run)
    columns = run_columns(run, tables)
    summary: dict[str, Json] = {
        name: found.to_json() for name, found in _summaries(run, tables, columns).items()
    }
    firsts = {name: curve(tables, name)[0][1] for name in summary} if with_first else {}
    is_by_epoch = "epoch" in columns
    return _stats(run, sealed or summary, firsts, metrics, is_by_epoch=is_by_epoch)


def stated_stats(run: StoredRun, metrics: Collection[str] | None = None) -> tuple[Stat, ...]:
    """Return the stats of a run whose tables cannot be read: what its record holds by itself."""
    return _stats(run, {}, {}, metrics, is_by_epoch=False)


def run_columns(run: StoredRun, tables: Sequence[Table]) -> dict[str, Column]:
    """Return the columns of ``tables`` as the record declares them, or by the fixed rule."""
    return columns_of(run.record.document, [name for table in tables for name in table.header])


def is_guessed(run: StoredRun) -> bool:
    """Whether the roles of the run's columns follow from the fixed rule, not from its record."""
    return bool(run.table_paths) and "columns" not in run.record.document


def metric_names(stats: Sequence[Stat]) -> list[str]:
    """Return the names of every metric in ``stats``, sorted."""
    return sorted({stat.metric for stat in stats})


def _summaries(
    run: StoredRun, tables: Sequence[Table], columns: Mapping[str, Column]
) -> dict[str, Summary]:
    """Return the summaries; under the fixed rule a column of text is simply no metric.

    Raises:
        MalformedError: a declared metric holds text.
    """
    try:
        return summarise(tables, columns)
    except MalformedError as error:
        if not is_guessed(run):
            raise error.at(run.table_paths[0]) from error
    found: dict[str, Summary] = {}
    for name, column in columns.items():
        try:
            found |= summarise(tables, {name: column})
        except MalformedError:
            continue
    return found


def _stats(
    run: StoredRun,
    summary: Mapping[str, Json],
    firsts: Mapping[str, float],
    metrics: Collection[str] | None,
    *,
    is_by_epoch: bool,
) -> tuple[Stat, ...]:
    stated, said = run.record.metrics, run.record.stated
    names = sorted(name for name in {*summary, *stated} if metrics is None or name in metrics)
    return tuple(
        _from_summary(
            run.run_id,
            name,
            as_object(summary[name]),
            firsts.get(name),
            stated.get(name) if name in said else None,
            is_by_epoch=is_by_epoch,
        )
        if name in summary
        else _from_record(run, name, stated[name])
        for name in names
    )


def _from_summary(  # noqa: PLR0913  # one call
    run_id: str,
    metric: str,
    entry: Mapping[str, Json],
    first: float | None,
    final: float | None,
    *,
    is_by_epoch: bool,
) -> Stat:
    last = decode_number(entry.get("last"))
    return Stat(
        run_id=run_id,
        metric=metric,
        last=last,
        final=last if final is None else final,
        first=first,
        low=finite(decode_number(entry.get("min"))),
        low_at=_whole(entry.get("min_at")),
        high=finite(decode_number(entry.get("max"))),
        high_at=_whole(entry.get("max_at")),
        n_nonfinite=_whole(entry.get("n_nonfinite")) or 0,
        n=_whole(entry.get("n")) or 0,
        is_by_epoch=is_by_epoch,
    )


def _from_record(run: StoredRun, metric: str, number: float) -> Stat:
    """Return the stat of a metric without rows: the one value the record holds is all of them."""
    extreme = finite(number)
    return Stat(
        run_id=run.run_id,
        metric=metric,
        last=number,
        final=number,
        first=number,
        low=extreme,
        low_at=None,
        high=extreme,
        high_at=None,
        n_nonfinite=0 if extreme is not None else 1,
        n=0,
        is_by_epoch=False,
    )


def finite(number: float | None) -> float | None:
    """Return ``number``, or None where it is missing, NaN or infinite."""
    if number is None:
        return None
    try:
        return number if math.isfinite(number) else None
    except OverflowError:  # an integer beyond every float
        return None


def _whole(item: Json) -> int | None:
    return item if isinstance(item, int) and not isinstance(item, bool) else None

"""The new runs of a change, each against the best run on the base."""

from __future__ import annotations

import math

from ledger.ci.arrival import BETTER, EQUAL, UNKNOWN, Arrival, Arrivals
from ledger.ci.detail import Others, detail_of, sweep_of
from ledger.ci.sides import HEAD, open_sides
from ledger.ci.standing import Yardstick
from ledger.ci.table_sizes import MAX_TABLES, table_sizes, without_tables
from ledger.reader.facts import is_same_data
from ledger.reader.ledger import BrokenRun
from ledger.reader.stats import collect_stats
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ledger.ci.arrival import Standing
    from ledger.ci.sides import Sides
    from ledger.reader.ledger import StoredRun
    from ledger.reader.stats import Stat
    from ledger.storage.git import Repository

SHOWN = 20
"""So many new runs are told in detail."""


def arrivals(
    repository: Repository,
    base: str | None,
    head: str,
    *,
    shown: int = SHOWN,
    max_tables: int = MAX_TABLES,
) -> Arrivals:
    """Return the runs that are in head's tree and not in the merge base, better ones first.

    A run is known by its id: however many folders hold it, and wherever it was moved to, it counts
    once. Each is measured against the best run on ``base`` itself, not on the merge base. Which
    way a metric is better is said by objectives, columns or the settings of the base.

    Args:
        repository: must hold both commits and their merge base.
        base: the branch or commit that the change goes to; None: every run of head is new.
        head: the last commit of the change.
        shown: so many runs have a detail.
        max_tables: bytes of one run's tables that are read, and of those of all that are shown
            four times as many.

    Raises:
        LedgerError: a commit is not here, there is no common history, or git fails.
    """
    sides, problems = open_sides(repository, base, head)
    found: list[_Newcomer] = []
    for side in sides:
        found += _newcomers(side, max_tables, problems)
    found.sort(key=_order)
    told = _told(found[:shown], 4 * max_tables, problems)
    runs = (*told, *(each.arrival for each in found[shown:]))
    return Arrivals(runs=runs, problems=tuple(dict.fromkeys(problems)))


@value
class _Newcomer:
    """A new run, and what its details are read from."""

    arrival: Arrival
    run: StoredRun
    side: Sides
    others: Others
    n_bytes: int
    """Of its tables."""


def _told(found: Sequence[_Newcomer], left: int, problems: list[str]) -> Iterator[Arrival]:
    """Yield the runs with their details; without curves once ``left`` bytes were read."""
    for each in found:
        left -= each.n_bytes
        run = each.run if left >= 0 else without_tables(each.run)
        standing = each.arrival.standing
        detail, sweep = detail_of(each.side.head, run, standing, each.others, problems)
        fields = as_dict(each.arrival) | {"detail": detail, "sweep": sweep}
        yield Arrival(**fields)  # type: ignore[arg-type]  # its own fields


def _newcomers(side: Sides, max_tables: int, problems: list[str]) -> Iterator[_Newcomer]:
    new = _new_runs(side, problems)
    if not new:
        return
    settings = (side.base[0] if side.base else side.head).settings
    yardstick = Yardstick(side.base, settings.metrics)
    problems += yardstick.problems
    others = Others(together=side.together(), base=yardstick.all, new=new)
    sizes = table_sizes(side.objects.repository, side.head, new.values())
    for each in new.values():
        n_bytes = sizes.get(each.run_id, 0)
        run = each if n_bytes <= max_tables else without_tables(each)
        if run is not each:
            problems.append(f"{HEAD}:{each.path}: its tables are too large to be read here")
        found = collect_stats(side.head, [run])
        problems += [str(each) for each in found.broken]
        stats = {stat.metric: stat for stat in found.stats}
        standing = yardstick.standing(run, stats)
        best = others.find(standing.best_run_id)
        is_same = None if best is None else is_same_data(best.record, run.record)
        fair = None
        if is_same is False:
            fair = yardstick.standing(run, stats, on_same_data=True)
        arrival = _arrival(side, run, stats, (standing, fair), is_same=is_same)
        yield _Newcomer(
            arrival=arrival,
            run=run,
            side=side,
            others=others,
            n_bytes=n_bytes if run is each else 0,
        )


def _new_runs(side: Sides, problems: list[str]) -> dict[str, StoredRun]:
    """Return the readable runs of head that the merge base has not, by id."""
    found: dict[str, StoredRun] = {}
    for folder in side.head.source.folders():
        if folder.name in side.known or folder.name in found:
            continue
        run = side.head.load_at(folder.path)
        if isinstance(run, BrokenRun):
            problems.append(str(run))
        elif run is not None:
            found[run.run_id] = run
    return found


def _arrival(
    side: Sides,
    run: StoredRun,
    stats: Mapping[str, Stat],
    standings: tuple[Standing, Standing | None],
    *,
    is_same: bool | None,
) -> Arrival:
    standing, fair = standings
    above = f"{side.project}/" if side.project else ""
    return Arrival(
        run_id=run.run_id,
        name=run.record.name,
        ledger=side.folder,
        path=above + run.path,
        started=run.started.isoformat(),
        status=side.head.status(run),
        is_dirty=run.record.is_dirty,
        marks=tuple(_marks(run, stats, standing)),
        standing=standing,
        is_same_data=is_same,
        on_same_data=None if fair is None or fair.best_run_id is None else fair,
        last=tuple((stat.metric, stat.final) for stat in stats.values() if stat.final is not None),
        sweep=sweep_of(side.head, run, standing),
    )


def _marks(run: StoredRun, stats: Mapping[str, Stat], standing: Standing) -> Iterator[str]:
    if run.is_incomplete:
        yield "incomplete"
    if run.is_retracted:
        yield "retracted"
    if run.record.is_imported:
        yield "imported"
    stat = stats.get(standing.metric or "")
    if stat is None:
        return
    if not stat.n and standing.value is not None:
        yield "as stated"
    if stat.n_nonfinite:
        yield f"{stat.n_nonfinite} not finite"


def _order(each: _Newcomer) -> tuple[bool, float, str, str]:
    arrival, standing = each.arrival, each.arrival.standing
    return (
        standing.word == UNKNOWN,
        -_gain(standing),
        arrival.started,
        arrival.run_id,
    )


def _gain(standing: Standing) -> float:
    """Return by how many percent a run is better; beyond every number where the best is 0."""
    if standing.word in {UNKNOWN, EQUAL}:
        return 0.0
    size = math.inf if standing.percent is None else abs(standing.percent)
    return size if standing.word == BETTER else -size

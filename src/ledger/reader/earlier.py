"""The best earlier run on the same data: a result is worth what it is worth against that."""

from __future__ import annotations

from ledger.errors import LedgerError
from ledger.reader.direction import resolve_direction
from ledger.reader.facts import data_hashes
from ledger.reader.ledger import kept
from ledger.reader.stats import collect_stats
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.reader.ledger import Ledger, StoredRun
    from ledger.reader.stats import Stat


@value
class AgainstEarlier:
    """A run's objective beside the best that earlier runs on the same data reached."""

    metric: str
    goal: str
    own: float
    best: float
    best_run_id: str

    def to_text(self) -> str:
        """Return one line of a note."""
        percent = f", {100 * (self.own - self.best) / abs(self.best):+.2f} %" if self.best else ""
        return (
            f"{self.metric} {self.own:.6g} against the best earlier run on the same data, "
            f"{self.best_run_id}: {self.best:.6g} ({self.own - self.best:+.4g}{percent})"
        )


def against_earlier(ledger: Ledger, run: StoredRun) -> AgainstEarlier | None:
    """Return how ``run`` did against the best earlier run on the same data.

    None when it has no objective, no finite value, or no such run; retracted and crashed runs do
    not count. Data that is not recorded, or whose hash is not known, is the same as no other.
    """
    objective = run.record.objective
    data = data_hashes(run.record)
    if objective is None or not data or not all(hash_ for _, hash_ in data):
        return None
    metric = objective[0]
    earlier = [
        other
        for other in kept(ledger.runs)
        if other.started < run.started
        and data_hashes(other.record) == data
        and ledger.status(other) != "crashed"
    ]
    try:
        goal = resolve_direction(metric, [run], ledger.settings.metrics).goal
    except LedgerError:
        return None
    own = [best for best, _ in _bests(ledger, [run], metric, goal)]
    others = _bests(ledger, earlier, metric, goal)
    if not own or not others:
        return None
    choose = max if goal == "max" else min
    best, run_id = choose(others, key=lambda found: found[0])
    return AgainstEarlier(metric=metric, goal=goal, own=own[0], best=best, best_run_id=run_id)


def _bests(
    ledger: Ledger, runs: list[StoredRun], metric: str, goal: str
) -> list[tuple[float, str]]:
    stats = collect_stats(ledger, runs, metrics=[metric]).stats
    found = ((_best(stat, goal), stat.run_id) for stat in stats)
    return [(best, run_id) for best, run_id in found if best is not None]


def _best(stat: Stat, goal: str) -> float | None:
    return stat.high if goal == "max" else stat.low

"""One run, or one trial of a sweep, in the words of any tracker."""

from __future__ import annotations

import hashlib
import json
import math

from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ledger.contract.json_text import Json
    from ledger.sync.rows import Row

_VERSION = 1
"""Of what is made of a record; with a higher one runs that were sent are sent again."""


@value
class Best:
    """The best value of a metric in its direction."""

    metric: str
    number: float
    step: int
    """Where it was reached, as the rows are sent."""
    goal: str


@value
class Subject:
    """A run, or a trial of one, as a tracker holds it."""

    name: str
    trial_id: str | None
    """None for the run itself."""
    status: str
    """finished, failed, crashed or interrupted."""
    started_ms: int
    """Since 1970, UTC; so is ``ended_ms``."""
    ended_ms: int
    params: Mapping[str, Json]
    """By dotted path."""
    rows: tuple[Row, ...]
    finals: Mapping[str, float]
    """Metrics without rows; ``final/<name>`` where one was stated that differs from the rows."""
    best: tuple[Best, ...]
    tags: Mapping[str, str]

    @property
    def n_points(self) -> int:
        """How many single numbers its rows hold."""
        return sum(len(row.values) for row in self.rows)

    @property
    def last_step(self) -> int:
        """The largest step of its rows, 0 without rows."""
        return max((row.step for row in self.rows), default=0)

    @property
    def digest(self) -> str:
        """SHA-256 over all of it: equal where nothing changed."""
        plain = as_dict(self) | {
            "rows": [[*list(as_dict(row).values())[:-1], *row.values.items()] for row in self.rows],
            "best": [list(as_dict(best).values()) for best in self.best],
            "version": _VERSION,
        }
        return hashlib.sha256(repr(sorted(plain.items())).encode()).hexdigest()


def best_of_rows(rows: Iterable[Row], goals: Mapping[str, str]) -> Iterator[Best]:
    """Yield the best finite value of each metric of ``rows`` whose goal is known, by name."""
    found: dict[str, Best] = {}
    for row in rows:
        for name, number in row.values.items():
            goal = goals.get(name)
            if goal is None or not math.isfinite(number):
                continue
            held = found.get(name)
            if held is None or (number > held.number if goal == "max" else number < held.number):
                found[name] = Best(metric=name, number=number, step=row.step, goal=goal)
    yield from (found[name] for name in sorted(found))


def param_text(item: Json) -> str:
    """Return a param in its one canonical form: text as it is, everything else as JSON."""
    return item if isinstance(item, str) else json.dumps(item, sort_keys=True, ensure_ascii=False)

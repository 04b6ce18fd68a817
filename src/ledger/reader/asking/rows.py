"""Rows of the answers that are no ranking: trials, counts, and how a metric is spread."""

from __future__ import annotations

from ledger.reader.answers import json_number
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json


@value
class TrialRow:
    """One trial of a sweep, as its last attempt ended."""

    run_id: str
    trial_id: str
    status: str | None
    """None where the sweep tells nothing of its trials but their rows; so are the following."""
    score: float | None
    """What the tuner said."""
    best_epoch: int | None
    attempt: int | None
    started: str | None
    """ISO 8601, UTC; so is ``ended``."""
    ended: str | None
    message: str | None
    parent: str | None
    """The trial that this one continues."""
    params: Mapping[str, Json]
    imported: str | None = None
    """The tool that its run came from; part of the JSON only where it came from one."""

    def to_json(self) -> dict[str, Json]:
        """Return the row as ``--format json`` holds it."""
        plain: dict[str, Json] = as_dict(self)  # type: ignore[assignment]  # plain fields
        if self.imported is None:
            del plain["imported"]
        return plain | {"score": json_number(self.score), "params": dict(self.params)}


@value
class CountRow:
    """How many runs or trials are in one group."""

    group: Mapping[str, Json]
    """The keys of the question and their values; None where runs have none."""
    n: int

    def to_json(self) -> dict[str, Json]:
        """Return the row as ``--format json`` holds it."""
        return {"group": dict(self.group), "n": self.n}


@value
class SpreadRow:
    """How the values of one group of runs are spread."""

    group: Mapping[str, Json]
    """As in CountRow."""
    n: int
    """Runs with a finite value; the statistics are over these."""
    value: float | None
    """The statistic that was asked for; None where it is of none."""
    mean: float
    std: float | None
    """Of a sample (n - 1); None for one run."""
    low: float
    high: float

    def to_json(self) -> dict[str, Json]:
        """Return the row as ``--format json`` holds it."""
        numbers = {"value": self.value, "mean": self.mean, "std": self.std}
        extremes = {"min": self.low, "max": self.high}
        found = {name: json_number(number) for name, number in (numbers | extremes).items()}
        return {"group": dict(self.group), "n": self.n, **found}

"""The list of runs: one row each, the newest first."""

from __future__ import annotations

from ledger.contract.json_text import as_text
from ledger.reader.answers import Answer, json_number
from ledger.reader.ledger import kept
from ledger.reader.names import no_runs, unknown
from ledger.reader.notes import note_state
from ledger.reader.ranking import data_hash
from ledger.reader.stats import collect_stats
from ledger.reader.times import parse_time
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json
    from ledger.reader.ledger import Ledger, StoredRun
    from ledger.reader.stats import Stat


@value
class Filters:
    """Which runs are listed; a field that is None or false lets every run pass."""

    status: str | None = None
    tag: str | None = None
    is_note_missing: bool = False
    """Only runs whose note is missing or still waits for a person."""


@value
class Objective:
    """What a run was meant to improve, and how far it came."""

    metric: str
    goal: str
    value: float | None
    """Best finite value; None where there is none."""
    epoch: int | None
    step: int | None

    def to_json(self) -> dict[str, Json]:
        """Return the objective as ``--format json`` holds it."""
        return as_dict(self) | {"value": json_number(self.value)}  # type: ignore[return-value]  # plain fields


@value
class ListedRun:
    """One run of the list."""

    run_id: str
    name: str
    status: str
    started: str
    """ISO 8601, as the record writes it; so is ``ended``."""
    ended: str | None
    duration_s: float | None
    """Wall clock; of a run that still runs, until now; None where its end is unknown."""
    tags: tuple[str, ...]
    objective: Objective | None
    note: str
    """complete, referred, unfilled or missing."""
    commit: str | None
    branch: str | None
    dirty: bool | None
    data_hash: str | None
    is_retracted: bool
    is_incomplete: bool = False
    """Whether something of the run could not be written; ``show`` tells what, the JSON not."""

    def to_json(self) -> dict[str, Json]:
        """Return the row as ``--format json`` holds it."""
        fields = as_dict(self) | {
            "tags": list(self.tags),
            "objective": self.objective.to_json() if self.objective else None,
        }
        fields["retracted"] = fields.pop("is_retracted")
        del fields["is_incomplete"]
        return fields  # type: ignore[return-value]  # plain fields


def list_runs(ledger: Ledger, filters: Filters, *, limit: int | None = None) -> Answer[ListedRun]:
    """Return the runs that pass ``filters``, the newest first; retracted ones are left out.

    Raises:
        UnknownNameError: the ledger holds no run, or no run passes.
    """
    if not ledger.runs:
        raise no_runs(ledger.broken)
    passing = [run for run in reversed(ledger.runs) if _passes(ledger, run, filters)]
    shown = kept(passing)
    if filters.tag is not None and not passing:
        tags = [tag for run in ledger.runs for tag in run.record.tags]
        if filters.tag not in tags:
            kind = "tag"
            raise unknown(kind, filters.tag, tags)
    stats = collect_stats(ledger, shown[:limit], metrics=_objectives(shown[:limit]))
    by_key = {(stat.run_id, stat.metric): stat for stat in stats.stats}
    return Answer(
        verb="ls",
        question="",
        rows=tuple(_listed(ledger, run, by_key) for run in shown[:limit]),
        warnings=(*map(str, ledger.broken), *stats.warnings),
        left_out=len(passing) - len(shown),
    )


def duration_s(ledger: Ledger, run: StoredRun) -> float | None:
    """Return how long the run took, seconds; of one that runs, until now; None if unknown."""
    ended = parse_time(run.record.ended) if run.record.ended else None
    if ended is None and ledger.status(run) == "running":
        ended = ledger.now
    return None if ended is None else max(0.0, (ended - run.started).total_seconds())


def objective_of(run: StoredRun, by_key: Mapping[tuple[str, str], Stat]) -> Objective | None:
    """Return the run's objective with its best value among the stats ``by_key``."""
    if run.record.objective is None:
        return None
    metric, goal = run.record.objective
    stat = by_key.get((run.run_id, metric))
    if stat is None:
        return Objective(metric=metric, goal=goal, value=None, epoch=None, step=None)
    number, at = (stat.low, stat.low_at) if goal == "min" else (stat.high, stat.high_at)
    return Objective(
        metric=metric,
        goal=goal,
        value=number,
        epoch=at if stat.is_by_epoch else None,
        step=None if stat.is_by_epoch else at,
    )


def _objectives(runs: list[StoredRun]) -> set[str]:
    return {run.record.objective[0] for run in runs if run.record.objective}


def _passes(ledger: Ledger, run: StoredRun, filters: Filters) -> bool:
    if filters.status is not None and ledger.status(run) != filters.status:
        return False
    if filters.tag is not None and filters.tag not in run.record.tags:
        return False
    return not filters.is_note_missing or note_state(ledger, run) in {"missing", "unfilled"}


def _listed(ledger: Ledger, run: StoredRun, by_key: Mapping[tuple[str, str], Stat]) -> ListedRun:
    return ListedRun(
        run_id=run.run_id,
        name=run.record.name,
        status=ledger.status(run),
        started=run.record.started,
        ended=run.record.ended,
        duration_s=duration_s(ledger, run),
        tags=run.record.tags,
        objective=objective_of(run, by_key),
        note=note_state(ledger, run),
        commit=as_text(run.record.git.get("commit")),
        branch=as_text(run.record.git.get("branch")),
        dirty=run.record.is_dirty,
        data_hash=data_hash(run),
        is_retracted=run.is_retracted,
        is_incomplete=run.is_incomplete,
    )

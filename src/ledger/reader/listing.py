"""The list of runs: one row each, the newest first."""

from __future__ import annotations

from ledger.contract.note import SECTIONS
from ledger.reader.answers import Answer, json_number
from ledger.reader.index import open_index
from ledger.reader.names import no_runs, unknown
from ledger.reader.notes import folder_note_state
from ledger.reader.times import parse_time
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ledger.contract.json_text import Json
    from ledger.reader.index import Index
    from ledger.reader.ledger import Ledger, StoredRun

_WAITING = frozenset({"missing", "unfilled"})
"""Notes that a person is asked for; of an imported run nobody is."""


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
    """complete, referred, unfilled or missing; of an imported run also not asked."""
    commit: str | None
    branch: str | None
    dirty: bool | None
    data_hash: str | None
    is_retracted: bool
    is_incomplete: bool = False
    """Whether something of the run could not be written; ``show`` tells what, the JSON not."""
    imported: str | None = None
    """The tool that the run came from; part of the JSON only where it came from one."""

    def to_json(self) -> dict[str, Json]:
        """Return the row as ``--format json`` holds it."""
        fields = as_dict(self) | {
            "tags": list(self.tags),
            "objective": self.objective.to_json() if self.objective else None,
        }
        fields["retracted"] = fields.pop("is_retracted")
        del fields["is_incomplete"]
        if self.imported is None:
            del fields["imported"]
        return fields  # type: ignore[return-value]  # plain fields


def list_runs(ledger: Ledger, filters: Filters, *, limit: int | None = None) -> Answer[ListedRun]:
    """Return the runs that pass ``filters``, the newest first; retracted ones are left out.

    Raises:
        UnknownNameError: the ledger holds no run, or no run passes.
    """
    index = open_index(ledger, "notes")
    if not index.rows("SELECT 1 FROM runs LIMIT 1"):
        raise no_runs(index.broken)
    tests = [sql for sql, wanted in _TESTS if getattr(filters, wanted)]
    bound = {key: text for key in ("status", "tag") if (text := getattr(filters, key)) is not None}
    where = " AND ".join(tests) or "true"
    found = index.rows(_LISTED.format(where=where), bound)
    if filters.tag is not None and not found:
        _refuse_unknown_tag(index, filters.tag)
    shown = [row for row in found if not row[-1]]
    rows: list[ListedRun] = []
    for row in shown:
        if limit is not None and len(rows) == limit:
            break
        listed = _listed(ledger, row)
        if not filters.is_note_missing or listed.note in _WAITING:
            rows.append(listed)
    return Answer(
        verb="ls",
        question="",
        rows=tuple(rows),
        warnings=index.warnings,
        left_out=len(found) - len(shown),
    )


def list_named(ledger: Ledger, index: Index, run_ids: Sequence[str]) -> tuple[ListedRun, ...]:
    """Return the rows of the runs called ``run_ids``, in their order; ``index`` has the notes."""
    where = "r.run_id IN (SELECT unnest($ids))"
    found = index.rows(_LISTED.format(where=where), {"ids": list(run_ids)})
    by_id = {str(row[0]): row for row in found}
    return tuple(_listed(ledger, by_id[run_id]) for run_id in run_ids if run_id in by_id)


def duration_s(ledger: Ledger, run: StoredRun) -> float | None:
    """Return how long the run took, seconds; of one that runs, until now; None if unknown."""
    ended = parse_time(run.record.ended) if run.record.ended else None
    if ended is None and ledger.status(run) == "running":
        ended = ledger.now
    return None if ended is None else max(0.0, (ended - run.started).total_seconds())


def _listed(ledger: Ledger, row: tuple[Any, ...]) -> ListedRun:
    (run_id, name, status, started, ended, tags, commit, branch, dirty, data, *rest) = row
    objective, goal, low, low_at, high, high_at, is_by_epoch, path, n_filled, *flags = rest
    is_incomplete, started_text, ended_text, imported, is_retracted = flags
    note = "complete" if n_filled == len(SECTIONS) else folder_note_state(ledger, path)
    number, at = (low, low_at) if goal == "min" else (high, high_at)
    over = ended
    if ended is None and status == "running":
        over = ledger.now.replace(tzinfo=None)
    return ListedRun(
        run_id=run_id,
        name=name,
        status=status,
        started=started_text,
        ended=ended_text,
        duration_s=None if over is None else max(0.0, (over - started).total_seconds()),
        tags=tuple(tags),
        objective=None
        if objective is None
        else Objective(
            metric=objective,
            goal=goal,
            value=number,
            epoch=at if is_by_epoch else None,
            step=None if is_by_epoch else at,
        ),
        note="not asked" if imported and note in _WAITING else note,
        commit=commit,
        branch=branch,
        dirty=dirty,
        data_hash=data,
        is_incomplete=is_incomplete,
        imported=imported,
        is_retracted=is_retracted,
    )


def _refuse_unknown_tag(index: Index, tag: str) -> None:
    tags = [str(each) for (each,) in index.rows("SELECT DISTINCT unnest(tags) FROM runs")]
    if tag not in tags:
        kind = "tag"
        raise unknown(kind, tag, tags)


_TESTS = (("r.status = $status", "status"), ("list_contains(r.tags, $tag)", "tag"))
_LISTED = """
    SELECT r.run_id, r.name, r.status, r.started, r.ended, r.tags, r.commit, r.branch, r.dirty,
        r.data_hash, r.objective, r.goal, s.low, s.low_at, s.high, s.high_at, s.is_by_epoch,
        r.path, n.n_filled, r.is_incomplete, r.started_text, r.ended_text, r.tool,
        r.is_retracted
    FROM fresh.records r
    LEFT JOIN summary s ON s.run_id = r.run_id AND s.metric = r.objective
    LEFT JOIN (
        SELECT run_id, count(*) AS n_filled FROM notes WHERE is_filled GROUP BY run_id
    ) n ON n.run_id = r.run_id
    WHERE {where}
    ORDER BY r.started DESC, r.run_id DESC"""

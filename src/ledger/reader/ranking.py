"""A question about many runs, answered: the tables it needs, the direction, the rows."""

from __future__ import annotations

import re

from ledger.contract.json_text import as_text, dump_canonical
from ledger.errors import LedgerError
from ledger.reader.answers import Answer, RankedRow
from ledger.reader.direction import resolve_direction
from ledger.reader.engine import RunRow, Tables, rank
from ledger.reader.facts import (
    FIELDS,
    PARAM_PREFIX,
    Fact,
    data_sections,
    field_facts,
    params,
    typed,
)
from ledger.reader.ledger import kept
from ledger.reader.names import no_runs, unknown
from ledger.reader.stats import collect_stats, metric_names
from ledger.reader.text import printable
from ledger.reader.times import parse_time
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from ledger.contract.direction import Goal
    from ledger.contract.json_text import Json
    from ledger.reader.ledger import Ledger, StoredRun
    from ledger.reader.question import Condition, Question
    from ledger.reader.stats import Stat, Stats

_TIMES = frozenset({"started", "ended"})
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}(?P<day>-[0-9]{2}.*)?")
ROWS = 10
"""Rows of an answer where neither the question nor the caller says how many."""


@value
class _Prepared:
    """What one question needs of the ledger."""

    facts: tuple[Fact, ...]
    stats: Stats


def ask(
    ledger: Ledger,
    question: Question,
    *,
    text: str,
    goal: Goal | None = None,
    limit: int | None = None,
) -> Answer[RankedRow]:
    """Return the runs that answer ``question``, the best first; ``rows`` may be empty.

    Args:
        ledger: the runs.
        question: what is asked.
        text: the question as the user put it.
        goal: which way the metric is better, where the caller knows; the question goes before it.
        limit: at most so many rows; None for the question's own count, else 10.

    Raises:
        UnknownNameError: no run at all, or none has the metric or a key of the conditions.
        LedgerError: nothing says which way the metric is better, or runs disagree; or a condition
            compares a time with something that is none.
    """
    for condition in question.conditions:
        _refuse_no_time(condition, ledger.now)
    runs = ledger.runs
    if not runs:
        raise no_runs(ledger.broken)
    prepared = _prepare(ledger, runs, question)
    direction = resolve_direction(
        question.metric, kept(runs), ledger.settings.metrics, question.goal or goal
    )
    tables = Tables(
        runs=[
            RunRow(run_id=r.run_id, started=r.started, is_retracted=r.is_retracted) for r in runs
        ],
        stats=prepared.stats.stats,
        facts=prepared.facts,
    )
    ranked = rank(tables, question, direction.goal, limit or question.count or ROWS)
    stats = {s.run_id: s for s in prepared.stats.stats if s.metric == question.metric}
    is_low = (direction.goal == "min") == (question.verb == "best")
    rows = _rows(ledger, ranked.rows, stats, question.verb, is_low=is_low)
    return Answer(
        verb=question.verb,
        question=text,
        metric=question.metric,
        direction=direction.goal,
        direction_source=direction.source,
        rows=rows,
        warnings=tuple(_warnings(ledger, prepared.stats, question.metric, rows, ranked.left_out)),
        left_out=len(ranked.left_out),
    )


def data_hash(run: StoredRun) -> str | None:
    """Return the hash of the run's first data set, None where it has none."""
    return next((as_text(section.get("hash")) for section in data_sections(run.record)), None)


def _prepare(ledger: Ledger, runs: Sequence[StoredRun], question: Question) -> _Prepared:
    keys = list(dict.fromkeys(condition.key for condition in question.conditions))
    asked = [key for key in keys if key not in FIELDS]
    configs = {run.run_id: params(run.record) for run in runs} if asked else {}
    facts = [
        fact
        for key in keys
        if key in FIELDS
        for run in runs
        for fact in field_facts(ledger, run, key)
    ]
    names = {name for config in configs.values() for name in config}
    from_config = [key for key in asked if _param_name(key, names) in names]
    for key in from_config:
        name = _param_name(key, names)
        facts += [
            Fact(run_id=run_id, key=key, value=typed(config[name]))
            for run_id, config in configs.items()
            if name in config
        ]
    metrics = {question.metric, *(key for key in asked if key not in from_config)}
    stats = collect_stats(ledger, runs, metrics=metrics, with_first=question.verb == "first")
    _refuse_unknown(ledger, question.metric, metrics, stats, names)
    return _Prepared(facts=tuple(facts), stats=stats)


def _refuse_no_time(condition: Condition, now: datetime) -> None:
    if condition.key not in _TIMES or condition.operator == "contains":
        return
    literal = condition.literal
    # times are compared as text, so a month is the beginning of one; a bare year is a number
    found = _TIME.fullmatch(literal)
    if not found or parse_time(literal if found["day"] else f"{literal}-01") is None:
        message = f"{condition.key} is compared with {literal!r}, which is no time"
        raise LedgerError(message, hint=f"write it as {now:%Y-%m-%d}")


def _param_name(key: str, names: set[str]) -> str:
    return key if key in names else key.removeprefix(PARAM_PREFIX)


def _refuse_unknown(
    ledger: Ledger, metric: str, metrics: set[str], stats: Stats, param_names: set[str]
) -> None:
    missing = sorted(metrics - {stat.metric for stat in stats.stats})
    if not missing:
        return
    known = metric_names(collect_stats(ledger, ledger.runs).stats)
    if metric in missing:
        kind = "metric"
        raise unknown(kind, metric, known)
    kind = "field, param or metric"
    raise unknown(kind, missing[0], [*FIELDS, *param_names, *known])


def _rows(
    ledger: Ledger,
    ranked: Sequence[tuple[str, float]],
    stats: Mapping[str, Stat],
    verb: str,
    *,
    is_low: bool,
) -> tuple[RankedRow, ...]:
    configs = differing([params(ledger.by_id[run_id].record) for run_id, _ in ranked])
    rows = []
    for place, ((run_id, number), config) in enumerate(zip(ranked, configs, strict=True), 1):
        run, stat = ledger.by_id[run_id], stats[run_id]
        at = stat.low_at if is_low else stat.high_at
        at = at if verb in {"best", "worst"} else None
        rows.append(
            RankedRow(
                rank=place,
                run_id=run_id,
                trial_id=None,
                value=number,
                epoch=at if stat.is_by_epoch else None,
                step=None if stat.is_by_epoch else at,
                last=stat.last,
                status=ledger.status(run),
                commit=as_text(run.record.git.get("commit")),
                dirty=run.record.is_dirty,
                data_hash=data_hash(run),
                config=config,
                n_nonfinite=stat.n_nonfinite,
                is_incomplete=run.is_incomplete,
            )
        )
    return tuple(rows)


def differing(configs: Sequence[Mapping[str, Json]]) -> list[dict[str, Json]]:
    """Return each of ``configs`` reduced to the keys whose values are not all equal, sorted."""
    keys = sorted({key for config in configs for key in config})
    differ = [
        key
        for key in keys
        if len({dump_canonical(c[key]) if key in c else None for c in configs}) > 1
    ]
    return [{key: config[key] for key in differ if key in config} for config in configs]


def _warnings(
    ledger: Ledger, stats: Stats, metric: str, rows: Sequence[RankedRow], left_out: Sequence[str]
) -> list[str]:
    lines = [*map(str, ledger.broken), *stats.warnings]
    lines += [
        f"{row.run_id}: {row.n_nonfinite} of its values of {printable(metric)} were not finite"
        for row in rows
        if row.n_nonfinite
    ]
    have = {stat.run_id for stat in stats.stats if stat.metric == metric}
    lines += [
        f"{run_id}: left out, its {printable(metric)} is not finite"
        for run_id in left_out
        if run_id in have and not ledger.by_id[run_id].is_retracted
    ]
    return lines

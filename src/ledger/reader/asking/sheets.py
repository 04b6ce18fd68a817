"""Answers to questions laid out as tables: what a person sees, and the flat rows of CSV."""

from __future__ import annotations

from ledger.reader.question.values import Counting, Listing, Ranking
from ledger.reader.sheets import (
    comparison_rows,
    comparison_sheets,
    listing_rows,
    listing_sheet,
    ranking_rows,
    ranking_sheet,
)
from ledger.reader.text import MISSING, Grid, json_text
from ledger.reader.times import duration_text, local_text, parse_time


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.contract.json_text import Json
    from ledger.reader.answers import RankedRow
    from ledger.reader.asking.door import Answered
    from ledger.reader.asking.rows import CountRow, SpreadRow, TrialRow
    from ledger.reader.question.values import Spread
    from ledger.reader.text import Cell

_TRIAL_FACTS = ("status", "score", "best_epoch", "attempt", "started", "ended", "message", "parent")


def sheets_of(answered: Answered) -> list[Grid]:
    """Return the tables that show the answer to a person; none where it is empty."""
    rows = answered.answer.rows
    if answered.comparison is not None:
        return [*comparison_sheets(answered.comparison), *answered.curves]
    if answered.together is not None:
        return [*answered.together.sheets(), *answered.curves]
    if not rows:
        return []
    question = answered.question
    if isinstance(question, Ranking):
        return [_ranking_sheet(rows, question)]  # type: ignore[arg-type]  # its rows
    if isinstance(question, Listing):
        is_of_runs = question.of == "runs"
        return [listing_sheet(rows) if is_of_runs else _marked(_trials_sheet(rows), rows)]  # type: ignore[arg-type]  # its rows
    return [flat_of(answered, is_for_people=True)]


def flat_of(answered: Answered, *, is_for_people: bool = False) -> Grid:
    """Return the one table that holds the whole answer, for programs; some are for people too."""
    rows, question = answered.answer.rows, answered.question
    missing = MISSING if is_for_people else None
    if answered.comparison is not None:
        return comparison_rows(answered.comparison)
    if answered.together is not None:
        return answered.together.flat()
    if isinstance(question, Ranking):
        return _ranking_rows(rows, question)  # type: ignore[arg-type]  # its rows
    if isinstance(question, Listing):
        return listing_rows(rows) if question.of == "runs" else _trial_rows(rows)  # type: ignore[arg-type]  # as above
    if isinstance(question, Counting):
        return _counts(rows, question.by, question.of, missing)  # type: ignore[arg-type]  # as above
    return _spreads(rows, question, missing)  # type: ignore[arg-type]  # as above


def _ranking_sheet(rows: Sequence[RankedRow], question: Ranking) -> Grid:
    """Return a ranking for people, with the trials of sweeps and what each row is the first of."""
    grid = ranking_sheet(rows, question.metric)
    if any(row.trial_id is not None for row in rows):
        grid = _with_column(grid, 2, "trial", [row.trial_id for row in rows])
    groups = _groups(rows, question)
    if groups and question.per not in grid.header:
        cells = [MISSING if each is None else json_text(each) for each in groups]
        grid = _with_column(grid, 1, str(question.per), cells)
    return grid


def _ranking_rows(rows: Sequence[RankedRow], question: Ranking) -> Grid:
    grid, groups = ranking_rows(rows), _groups(rows, question)
    if not groups:
        return grid
    cells = [None if each is None else json_text(each) for each in groups]
    return _with_column(grid, len(grid.header), f"group.{question.per}", cells)


def _groups(rows: Sequence[RankedRow], question: Ranking) -> list[Json]:
    """Return the value of the key of ``per`` in each row; none where the question has none."""
    key = question.per
    return [] if key is None or key == "trial" else [(row.group or {}).get(key) for row in rows]


def _with_column(grid: Grid, place: int, name: str, cells: Sequence[Cell]) -> Grid:
    rows = ((*row[:place], cell, *row[place:]) for row, cell in zip(grid.rows, cells, strict=True))
    header = (*grid.header[:place], name, *grid.header[place:])
    return Grid(header=header, rows=tuple(rows), title=grid.title)


def _marked(grid: Grid, rows: Sequence[TrialRow]) -> Grid:
    """Return a list of trials with a flag for those of imported runs, where there is one."""
    if not any(row.imported for row in rows):
        return grid
    flags = ["imported" if row.imported else "" for row in rows]
    return _with_column(grid, grid.header.index("status") + 1, "flags", flags)


def _counts(rows: Sequence[CountRow], by: Sequence[str], of: str, missing: Cell) -> Grid:
    body = tuple((*_group(row.group, by, missing), row.n) for row in rows)
    return Grid(header=(*by, of), rows=body)


def _spreads(rows: Sequence[SpreadRow], question: Spread, missing: Cell) -> Grid:
    """Return the statistic that was asked for first, unless it is among the others anyway."""
    others = {"mean": "mean", "std": "std", "lowest": "min", "highest": "max"}
    by = question.by
    first = () if question.statistic in others else (question.statistic,)
    body = tuple(
        (
            *_group(row.group, by, missing),
            row.n,
            *((row.value,) if first else ()),
            row.mean,
            row.std,
            row.low,
            row.high,
        )
        for row in rows
    )
    return Grid(header=(*by, "n", *first, "mean", "std", "min", "max"), rows=body)


def _group(group: Mapping[str, Json], by: Sequence[str], missing: Cell) -> tuple[Cell, ...]:
    return tuple(missing if group[key] is None else json_text(group[key]) for key in by)


def _trials_sheet(rows: Sequence[TrialRow]) -> Grid:
    keys = sorted({key for row in rows for key in row.params})
    is_linked = any(row.parent is not None for row in rows)
    body = tuple(
        (
            row.run_id,
            row.trial_id,
            *((row.parent or MISSING,) if is_linked else ()),
            row.status,
            row.score,
            row.best_epoch,
            local_text(parse_time(row.started) if row.started else None)[:16],
            duration_text(_seconds(row)),
            *(json_text(row.params[key]) if key in row.params else MISSING for key in keys),
        )
        for row in rows
    )
    lead = ("run", "trial", *(("parent",) if is_linked else ()))
    header = (*lead, "status", "score", "epoch", "started", "duration", *keys)
    return Grid(header=header, rows=body)


def _seconds(row: TrialRow) -> float | None:
    started, ended = (parse_time(text) if text else None for text in (row.started, row.ended))
    return (ended - started).total_seconds() if started and ended else None


def _trial_rows(rows: Sequence[TrialRow]) -> Grid:
    keys = sorted({key for row in rows for key in row.params})
    body = tuple(
        (
            row.run_id,
            row.trial_id,
            *(getattr(row, name) for name in _TRIAL_FACTS),
            *(json_text(row.params[key]) if key in row.params else None for key in keys),
        )
        for row in rows
    )
    header = ("run_id", "trial_id", *_TRIAL_FACTS, *(f"params.{key}" for key in keys))
    return Grid(header=header, rows=body)

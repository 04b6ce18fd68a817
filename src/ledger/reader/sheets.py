"""Answers laid out as tables: what a person sees, and the flat rows of CSV."""

from __future__ import annotations

from ledger.contract.json_text import as_list, as_object, as_text
from ledger.reader.compare import SECTIONS
from ledger.reader.detail import artifacts, error_lines, thinned_lines
from ledger.reader.facts import data_sections, seed_of
from ledger.reader.text import BLOCKS, MISSING, Grid, json_text, sparkline
from ledger.reader.times import duration_text, local_text, parse_time


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.contract.record import RunRecord
    from ledger.reader.answers import RankedRow
    from ledger.reader.compare import Comparison
    from ledger.reader.detail import MetricDetail, RunDetail
    from ledger.reader.difference import Difference
    from ledger.reader.listing import ListedRun
    from ledger.reader.text import Cell

_SHORT = 8
_INCOMPLETE = "incomplete"
_WORDS = {True: "same", False: "different", None: "cannot tell"}


def ranking_sheet(rows: Sequence[RankedRow], metric: str) -> Grid:
    """Return a ranking for people; the params that differ come last."""
    keys = sorted({key for row in rows for key in row.config})
    at = "epoch" if any(row.epoch is not None for row in rows) else "step"
    body = tuple(
        (
            row.rank,
            row.run_id,
            row.value,
            row.epoch if row.epoch is not None else row.step,
            row.last,
            row.status,
            _flags(row),
            *(json_text(row.config[key]) if key in row.config else MISSING for key in keys),
        )
        for row in rows
    )
    header = ("rank", "run", metric, at, "last", "status", "flags", *keys)
    return _without_empty(Grid(header=header, rows=body), keep=5)


def ranking_rows(rows: Sequence[RankedRow]) -> Grid:
    """Return a ranking for programs: the fields of the JSON, params as ``config.<key>``."""
    keys = sorted({key for row in rows for key in row.config})
    names = ("rank", "run_id", "trial_id", "value", "epoch", "step", "last", "status")
    facts = ("commit", "dirty", "data_hash")
    body = tuple(
        tuple(getattr(row, name) for name in (*names, *facts))
        + tuple(json_text(row.config[key]) if key in row.config else None for key in keys)
        for row in rows
    )
    return Grid(header=(*names, *facts, *(f"config.{key}" for key in keys)), rows=body)


def listing_sheet(rows: Sequence[ListedRun]) -> Grid:
    """Return the list of runs for people; times are local."""
    header = (
        "run",
        "status",
        "started",
        "duration",
        "objective",
        "best",
        "at",
        "note",
        "flags",
        "tags",
    )
    body = tuple(
        (
            row.run_id,
            row.status,
            local_text(parse_time(row.started))[:16],
            duration_text(row.duration_s),
            row.objective.metric if row.objective else "",
            row.objective.value if row.objective else None,
            _at(row),
            row.note,
            _listed_flags(row),
            " ".join(row.tags),
        )
        for row in rows
    )
    return _without_empty(Grid(header=header, rows=body), keep=4)


def listing_rows(rows: Sequence[ListedRun]) -> Grid:
    """Return the list of runs for programs."""
    names = (
        "run_id",
        "name",
        "status",
        "started",
        "ended",
        "duration_s",
        "note",
        "commit",
        "branch",
    )
    header = (*names, "dirty", "data_hash", "tags", "metric", "goal", "best", "epoch", "step")
    body = []
    for row in rows:
        goal = row.objective
        body.append(
            (
                *(getattr(row, name) for name in (*names, "dirty", "data_hash")),
                " ".join(row.tags),
                *(
                    (goal.metric, goal.goal, goal.value, goal.epoch, goal.step)
                    if goal
                    else (None,) * 5
                ),
            )
        )
    return Grid(header=header, rows=tuple(body))


def comparison_sheets(comparison: Comparison) -> list[Grid]:
    """Return a comparison for people, one table per section that has something to say."""
    about: list[tuple[Cell, ...]] = [
        ("new", comparison.new),
        ("code", _WORDS[comparison.is_same_code]),
        ("data", _WORDS[comparison.is_same_data]),
        ("environment", _WORDS[comparison.is_same_environment]),
    ]
    sheets = [Grid(header=("old", comparison.old), rows=tuple(about))]
    for name in SECTIONS:
        found = comparison.section(name)
        if not found:
            continue
        if name == "metrics":
            header = ("metrics", "", "old", "", "new", "change", "%", "")
            sheets.append(Grid(header=header, rows=tuple(map(_metric_cells, found))))
        else:
            rows = tuple((each.key, *_sides(each)) for each in found)
            sheets.append(Grid(header=(name, "old", "", "new"), rows=rows))
    return sheets


def comparison_rows(comparison: Comparison) -> Grid:
    """Return a comparison for programs, one flat table; its first row names the two runs."""
    runs = ("run", "run_id", None, comparison.old, comparison.new, True, True, None, None, None)
    header = (
        "section",
        "key",
        "reading",
        "old",
        "new",
        "in_old",
        "in_new",
        "change",
        "percent",
        "better",
    )
    return Grid(
        header=header,
        rows=(
            runs,
            *(
                (
                    each.section,
                    each.key,
                    each.reading,
                    json_text(each.old) if each.in_old else None,
                    json_text(each.new) if each.in_new else None,
                    each.in_old,
                    each.in_new,
                    each.change,
                    each.percent,
                    each.is_better,
                )
                for each in comparison.differences
            ),
        ),
    )


def detail_sheets(detail: RunDetail, blocks: str = BLOCKS) -> list[Grid]:
    """Return one run for people; ``blocks`` are the characters of the curves, low to high."""
    sheets = [Grid(header=("run", detail.run.run_id), rows=tuple(_facts(detail)))]
    if detail.params:
        rows = tuple((key, json_text(item)) for key, item in sorted(detail.params.items()))
        sheets.append(Grid(header=("config", ""), rows=rows))
    if detail.metrics:
        at = "step" if any(each.step is not None for each in detail.metrics) else "epoch"
        body = tuple(_metric_row(each, blocks) for each in detail.metrics)
        header = ("metric", "last", "best", at, "flags", "curve")
        sheets.append(_without_empty(Grid(header=header, rows=body), keep=4))
    if detail.note:
        sheets.append(Grid(header=("note", ""), rows=tuple(_note_rows(detail))))
    found = artifacts(detail.run)
    if found:
        files = tuple((name, path, size, content[:19]) for name, path, content, size in found)
        sheets.append(Grid(header=("artifact", "path", "bytes", "hash"), rows=files))
    lines = error_lines(detail.run)
    if lines:
        sheets.append(Grid(header=("error",), rows=tuple((line,) for line in lines)))
    return sheets


def detail_rows(detail: RunDetail) -> Grid:
    """Return one run for programs: section, key, value."""
    rows: list[tuple[Cell, ...]] = [("run", "run_id", detail.run.run_id)]
    rows += [("run", str(key), item) for key, item in _facts(detail)]
    rows += [("config", key, json_text(item)) for key, item in sorted(detail.params.items())]
    for each in detail.metrics:
        readings = (
            ("last", each.last),
            ("best", each.best),
            ("epoch", each.epoch),
            ("step", each.step),
        )
        rows += [
            ("metrics", f"{each.metric}.{name}", number)
            for name, number in readings
            if number is not None
        ]
    rows += [("note", name, text) for name, text in detail.note.items()]
    rows += [("artifacts", name, path) for name, path, _, _ in artifacts(detail.run)]
    rows += [("error", str(place), line) for place, line in enumerate(error_lines(detail.run))]
    return Grid(header=("section", "key", "value"), rows=tuple(rows))


def _facts(detail: RunDetail) -> Iterator[tuple[Cell, ...]]:
    record = detail.run.record
    yield "status", detail.status
    yield "name", record.name
    yield "started", local_text(detail.run.started)
    yield "duration", duration_text(detail.duration_s) or "unknown"
    yield "commit", as_text(record.git.get("commit")) or "none"
    yield "branch", as_text(record.git.get("branch")) or "none"
    yield "dirty", {True: "yes", False: "no", None: "cannot tell"}[record.is_dirty]
    for path in record.dirty_paths or ():
        yield "", f"{path.status} {path.path}{' (loaded)' if path.loaded else ''}"
    for section in data_sections(record):
        parts = (as_text(section.get(key)) for key in ("name", "path", "hash"))
        yield "data", " ".join(part for part in parts if part)
    seed = seed_of(record)
    yield "seed", "none" if seed is None else json_text(seed)
    argv = as_list(as_object(record.document.get("command")).get("argv"))
    optional = {
        "parent": record.parent,
        "tags": " ".join(record.tags),
        "command": " ".join(text for text in map(as_text, argv) if text),
        "incomplete": as_text(record.document.get("incomplete")),
        "retracted": detail.retraction,
        "decision": detail.decision,
        "imported": _origin_text(record),
        "folder": detail.run.path,
    }
    yield from ((key, text) for key, text in optional.items() if text)
    yield from (("thinned", line) for line in thinned_lines(detail.run))
    told = map(as_text, as_list(record.document.get("warnings")))
    yield from (("warning", line) for line in told if line)


def _origin_text(record: RunRecord) -> str:
    """Return the tool that the run came from, and where it was read; "" for one of our own."""
    origin = as_object(record.document.get("imported_from"))
    return ": ".join(text for key in ("tool", "uri") if (text := as_text(origin.get(key))))


def _metric_row(each: MetricDetail, blocks: str) -> tuple[Cell, ...]:
    flags = ["as stated"] if each.is_stated else []
    if each.n_nonfinite:
        flags.append(f"{each.n_nonfinite} not finite")
    at = each.epoch if each.epoch is not None else each.step
    return (
        each.metric,
        each.last,
        each.best,
        at,
        ", ".join(flags),
        sparkline(each.curve, blocks=blocks),
    )


def _note_rows(detail: RunDetail) -> Iterator[tuple[Cell, ...]]:
    for name, text in detail.note.items():
        for place, line in enumerate(text.splitlines()):
            yield (name if place == 0 else "", line)


def _metric_cells(each: Difference) -> tuple[Cell, ...]:
    verdict = {True: "better", False: "worse", None: ""}[each.is_better]
    percent = None if each.percent is None else round(each.percent, 2)
    change = None if each.change is None else float(f"{each.change:.6g}")
    return (each.key, each.reading or "", *_sides(each), change, percent, verdict)


def _sides(each: Difference) -> tuple[Cell, Cell, Cell]:
    """Return the cells ``old -> new``; ids of content and commits are cut to 8 characters."""
    is_id = each.section == "code" and each.key != "branch"
    cells: list[Cell] = []
    for item, is_there in ((each.old, each.in_old), (each.new, each.in_new)):
        text = json_text(item) if is_there else MISSING
        cells.append(text[:_SHORT] if is_id and isinstance(text, str) else text)
    return cells[0], "->", cells[1]


def _flags(row: RankedRow) -> str:
    flags = _origin(row)
    if row.n_nonfinite:
        flags.append(f"{row.n_nonfinite} not finite")
    if row.is_incomplete:
        flags.append(_INCOMPLETE)
    return ", ".join(flags)


def _listed_flags(row: ListedRun) -> str:
    return ", ".join([*_origin(row), *([_INCOMPLETE] if row.is_incomplete else [])])


def _origin(row: RankedRow | ListedRun) -> list[str]:
    """Return the flag of a run whose code is not simply that of its commit."""
    if row.imported is not None and row.dirty is None:
        return ["imported"]
    flag = {True: "dirty", False: "", None: "dirty?"}[row.dirty]
    return [*([flag] if flag else []), *(["imported"] if row.imported is not None else [])]


def _at(row: ListedRun) -> Cell:
    if row.objective is None:
        return None
    return row.objective.epoch if row.objective.epoch is not None else row.objective.step


def _without_empty(grid: Grid, *, keep: int) -> Grid:
    """Return ``grid`` without columns that are empty in every row; the first ``keep`` stay."""
    kept = [
        place
        for place in range(len(grid.header))
        if place < keep or any(row[place] not in {None, ""} for row in grid.rows)
    ]
    return Grid(
        header=tuple(grid.header[place] for place in kept),
        rows=tuple(tuple(row[place] for place in kept) for row in grid.rows),
        title=grid.title,
    )

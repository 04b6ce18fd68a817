"""Three to twenty runs side by side: each against the first, a column for every run."""

from __future__ import annotations

from ledger.contract.json_text import encode_number
from ledger.errors import LedgerError
from ledger.reader.answers import Answer
from ledger.reader.compare import READINGS, SECTIONS, compare
from ledger.reader.metric_diff import measure
from ledger.reader.text import MISSING, Grid, json_text
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.contract.json_text import Json
    from ledger.reader.compare import Comparison
    from ledger.reader.difference import Difference
    from ledger.reader.ledger import Ledger, StoredRun
    from ledger.reader.text import Cell

LEAST, MOST = 2, 20
_WORDS = {True: "same", False: "different", None: "cannot tell"}


@value
class Beside:
    """One key that differs somewhere, and what each run has under it."""

    section: str
    key: str
    reading: str | None
    """last, best or final for a metric; None elsewhere."""
    values: tuple[Json, ...]
    """(n_runs,) in the order of the runs; null where a run has none."""
    there: tuple[bool, ...]
    """(n_runs,) whether the run has the key: a null is not nothing."""
    changes: tuple[float | None, ...]
    """(n_runs,) against the first run; null for it, and where one of both is no finite number."""
    percents: tuple[float | None, ...]
    better: tuple[bool | None, ...]

    def to_json(self) -> dict[str, Json]:
        """Return the row as ``--format json`` holds it."""
        return {
            "section": self.section,
            "key": self.key,
            "reading": self.reading,
            "values": [encode_number(v) if isinstance(v, float) else v for v in self.values],
            "in": list(self.there),
            "changes": list(self.changes),
            "percents": list(self.percents),
            "better": list(self.better),
        }


@value
class Together:
    """Runs side by side."""

    runs: tuple[str, ...]
    """Their ids; the first is what the others are measured against."""
    comparisons: tuple[Comparison, ...]
    """(n_runs - 1,) the first against each other one."""
    rows: tuple[Beside, ...]
    """By section, then key."""

    def sheets(self) -> list[Grid]:
        """Return the tables for people; runs are numbered as the first of them says."""
        sames = [("", "", "")] + [
            (_WORDS[e.is_same_code], _WORDS[e.is_same_data], _WORDS[e.is_same_environment])
            for e in self.comparisons
        ]
        about: tuple[tuple[Cell, ...], ...] = tuple(
            (place, run_id, *same)
            for place, (run_id, same) in enumerate(zip(self.runs, sames, strict=True), 1)
        )
        sheets = [Grid(header=("", "run", "code", "data", "environment"), rows=about)]
        numbers = tuple(str(place) for place in range(1, len(self.runs) + 1))
        for name in SECTIONS:
            found = [row for row in self.rows if row.section == name]
            if not found:
                continue
            body = tuple((row.key, row.reading or "", *_cells(row)) for row in found)
            sheets.append(Grid(header=(name, "", *numbers), rows=body))
        return sheets

    def flat(self) -> Grid:
        """Return one table for programs: a column for each run's id."""
        body = tuple((row.section, row.key, row.reading, *_values(row)) for row in self.rows)
        return Grid(header=("section", "key", "reading", *self.runs), rows=body)


def compare_together(
    ledger: Ledger, runs: Sequence[StoredRun], *, question: str, is_complete: bool = False
) -> tuple[Together, Answer[Beside]]:
    """Return ``runs`` side by side, and the answer whose rows are what differs.

    With ``is_complete`` also what is equal.

    Raises:
        LedgerError: fewer than 2 or more than 20, or one of them twice.
    """
    check_number([run.run_id for run in runs])
    measured = measure(ledger, runs)
    comparisons = tuple(
        compare(ledger, runs[0], run, is_complete=is_complete, measured=measured)
        for run in runs[1:]
    )
    rows = tuple(_rows(comparisons))
    together = Together(runs=tuple(run.run_id for run in runs), comparisons=comparisons, rows=rows)
    warnings = tuple(dict.fromkeys(line for each in comparisons for line in each.warnings))
    return together, Answer(verb="compare", question=question, rows=rows, warnings=warnings)


def check_number(run_ids: Sequence[str]) -> None:
    """Refuse what cannot be put side by side.

    Raises:
        LedgerError: fewer than 2 or more than 20 runs, or one of more than two twice.
    """
    if not LEAST <= len(run_ids) <= MOST:
        message = f"{len(run_ids)} run{'s' * (len(run_ids) != 1)} cannot be compared"
        raise LedgerError(message, hint=f"name {LEAST} to {MOST} runs")
    twice = next((each for each in run_ids if run_ids.count(each) > 1), None)
    if twice is not None and len(run_ids) > LEAST:
        message = f"the run {twice} is named twice"
        raise LedgerError(message, hint="name every run once")


def _rows(comparisons: Sequence[Comparison]) -> Iterable[Beside]:
    found: dict[tuple[str, str, str | None], list[Difference | None]] = {}
    for place, comparison in enumerate(comparisons):
        for each in comparison.differences:
            key = (each.section, each.key, each.reading)
            found.setdefault(key, [None] * len(comparisons))[place] = each
    order = sorted(found, key=lambda k: (SECTIONS.index(k[0]), k[1], READINGS.index(k[2])))
    for key in order:
        sides = found[key]
        known = next(each for each in sides if each is not None)
        first = (known.old, known.in_old)
        others = [
            (each.new, each.in_new) if each is not None else _unsaid(comparison, key, first)
            for each, comparison in zip(sides, comparisons, strict=True)
        ]
        values, there = zip(first, *others, strict=True)
        yield Beside(
            section=key[0],
            key=key[1],
            reading=key[2],
            values=values,
            there=there,
            changes=(None, *(None if each is None else each.change for each in sides)),
            percents=(None, *(None if each is None else each.percent for each in sides)),
            better=(None, *(None if each is None else each.is_better for each in sides)),
        )


def _unsaid(
    comparison: Comparison, key: tuple[str, str, str | None], first: tuple[Json, bool]
) -> tuple[Json, bool]:
    """Return what a run has of which its comparison says nothing: as the first, or not known."""
    section, name, _ = key
    is_part = section == "packages" or name.startswith("path:")
    return (None, False) if is_part and section in comparison.unknown else first


def _values(row: Beside) -> tuple[Cell, ...]:
    pairs = zip(row.values, row.there, strict=True)
    return tuple(json_text(item) if is_there else None for item, is_there in pairs)


def _cells(row: Beside) -> tuple[Cell, ...]:
    """Return the cells of a row for people; ids of content are cut to 8 characters."""
    is_id = row.section == "code" and row.key != "branch"
    cells: list[Cell] = []
    facts = zip(row.values, row.there, row.changes, row.percents, row.better, strict=True)
    for item, is_there, change, percent, is_better in facts:
        text = json_text(item) if is_there else MISSING
        text = text[:8] if is_id and isinstance(text, str) else text
        if not change:
            cells.append(text)
        else:
            by = f"{change:+.6g}" if percent is None else f"{percent:+.2f} %"
            word = {True: " better", False: " worse", None: ""}[is_better]
            shown = f"{text:.6g}" if isinstance(text, float) else text
            cells.append(f"{shown} ({by}{word})")
    return tuple(cells)

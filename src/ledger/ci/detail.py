"""What is told of a new run beside its value: what changed, its code, its note, its curve."""

from __future__ import annotations

import json

from ledger.ci.arrival import BEST, PARENT, Detail, Sweep
from ledger.ci.safe_text import clip, paragraph
from ledger.contract.json_text import as_object, as_text
from ledger.contract.layout import why_illegal
from ledger.contract.metrics import curve, rows_of_trial
from ledger.contract.note import AUTO
from ledger.errors import MalformedError
from ledger.reader.asking.sweeps import trial_with
from ledger.reader.compare import compare
from ledger.reader.facts import of_cell
from ledger.reader.index.trial_rows import trial_rows
from ledger.reader.ledger import BrokenRun
from ledger.reader.notes import note_in, read_note
from ledger.reader.stats import run_columns
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.ci.arrival import Standing
    from ledger.contract.json_text import Json
    from ledger.contract.metrics import Table
    from ledger.contract.note import Note
    from ledger.reader.compare import Comparison
    from ledger.reader.ledger import Ledger, StoredRun

_NOTE_CHARS = 1000
MAX_CONFIG, MAX_PATHS = 200, 50
"""So many params and code paths that differ are named; of the others only how many there are."""
_PATH = "path:"
_TOLD = ("Hypothesis", "Result")


@value
class Others:
    """The runs that a new one may be compared with."""

    together: Ledger
    """Reads the files of both sides."""
    base: Mapping[str, StoredRun]
    """By id; so is ``new``."""
    new: Mapping[str, StoredRun]

    def find(self, run_id: str | None) -> StoredRun | None:
        """Return the run called ``run_id``, of the base where it has it."""
        if run_id is None:
            return None
        return self.base.get(run_id) or self.new.get(run_id)

    def comparison(self, run: StoredRun, other: str | None) -> Comparison | None:
        """Return what differs between the run ``other`` and ``run``, None where there is none."""
        old = self.find(other)
        if old is None or old.run_id == run.run_id:
            return None
        return compare(self.together, old, run)


def detail_of(
    ledger: Ledger, run: StoredRun, standing: Standing, others: Others, problems: list[str]
) -> tuple[Detail, Sweep | None]:
    """Return what is told of ``run``, and what it tried if it is a sweep.

    Args:
        ledger: reads the run.
        run: a new one.
        standing: against the best on the base.
        others: what it may be compared with.
        problems: takes a line where the run's tables cannot be read.
    """
    parent = others.find(run.record.parent)
    if parent is None or parent.run_id == run.run_id:
        against, against_is = standing.best_run_id, BEST
    else:
        against, against_is = parent.run_id, PARENT
    tables = _tables(ledger, run, problems)
    sweep = sweep_of(ledger, run, standing, tables)
    trial = None if sweep is None else sweep.best_trial
    hypothesis, result = _note(ledger, run)
    detail = Detail(
        hypothesis=hypothesis,
        result=result,
        curve=_curve(tables, standing.metric, trial),
        trial_params=() if trial is None else _trial_params(ledger, run, tables, trial),
    )
    found = others.comparison(run, against)
    return (detail if found is None else _compared(detail, found, against_is)), sweep


def _compared(detail: Detail, found: Comparison, against_is: str) -> Detail:
    """Return ``detail`` with what differs from the run that is compared with."""
    config = found.section("config")
    keys = [each.key for each in found.section("code")]
    code = [key.removeprefix(_PATH) for key in keys if key.startswith(_PATH)]
    fields = as_dict(detail) | {
        "against": found.old,
        "against_is": against_is,
        "config": config[:MAX_CONFIG],
        "n_config": len(config),
        "is_same_code": found.is_same_code,
        "code_paths": tuple(code[:MAX_PATHS]),
        "n_code_paths": None if "code" in found.unknown else len(code),
        "is_same_environment": found.is_same_environment,
    }
    return Detail(**fields)  # type: ignore[arg-type]  # its own fields


def sweep_of(
    ledger: Ledger, run: StoredRun, standing: Standing, tables: list[Table] | None = None
) -> Sweep | None:
    """Return what a sweep tried, None for a run that is none.

    Args:
        ledger: reads the run.
        run: whose trials.
        standing: whose value the best trial reached.
        tables: of the run; None leaves it to the record, which costs nothing.
    """
    section = as_object(run.record.document.get("sweep"))
    stated = section.get("n_trials")
    n_trials = stated if isinstance(stated, int) and not isinstance(stated, bool) else None
    best = as_text(section.get("best_trial"))
    if tables is not None:
        if n_trials is None:
            n_trials = len({row[1] for row in _trials(ledger, run, tables)})
        if standing.metric is not None and standing.value is not None:
            best = trial_with(ledger, run, standing.metric, standing.value) or best
    if not section and not n_trials:
        return None
    return Sweep(n_trials=n_trials or 0, best_trial=best)


def _tables(ledger: Ledger, run: StoredRun, problems: list[str]) -> list[Table]:
    try:
        return ledger.tables(run)
    except MalformedError as error:
        problems.append(str(BrokenRun(path=str(error.path or run.path), error=error)))
        return []


def _trials(ledger: Ledger, run: StoredRun, tables: list[Table]) -> list[tuple[object, ...]]:
    try:
        return list(trial_rows(ledger, run, tables, run_columns(run, tables)))
    except MalformedError:
        return []


def _trial_params(
    ledger: Ledger, run: StoredRun, tables: list[Table], trial: str
) -> tuple[tuple[str, Json], ...]:
    """Return the params of the last attempt at ``trial``, by name."""
    found: dict[str, Json] = {}
    for row in _trials(ledger, run, tables):
        if row[1] == trial:
            params = as_object(json.loads(str(row[-1])))
            found |= {name: of_cell(as_text(cell)) for name, cell in params.items()}
    return tuple(sorted(found.items()))


def _curve(tables: list[Table], metric: str | None, trial: str | None) -> tuple[float, ...]:
    if metric is None:
        return ()
    rows = tables if trial is None else rows_of_trial(tables, trial)
    try:
        return tuple(number for _, number in curve(rows, metric))
    except MalformedError:
        return ()


def _note(ledger: Ledger, run: StoredRun) -> tuple[str, str]:
    """Return what a person wrote as hypothesis and as result, the first paragraph of each."""
    note = read_note(ledger, run)
    return ("", "") if note is None else tuple(_written(ledger, note, e) for e in _TOLD)  # type: ignore[return-value]  # two


def _written(ledger: Ledger, note: Note, name: str) -> str:
    """Return what a note says under ``name``, or else the first note that it refers to."""
    own = _section(note, name)
    if own:
        return own
    for run_id in note.see:
        path = ledger.source.locate(run_id) if why_illegal(run_id) is None else None
        other = None if path is None else note_in(ledger, path)
        text = "" if other is None else _section(other, name)
        if text:
            return f"as in {run_id}: {text}"
    return ""


def _section(note: Note, name: str) -> str:
    section = note.sections.get(name)
    if section is None or not section.is_filled:
        return ""
    lines = section.text.split("\n")
    own = "\n".join(line for line in lines if not f"{line.strip()} ".startswith(AUTO))
    return clip(paragraph(own), _NOTE_CHARS)

"""What is told of a new run beside its value: what changed, its code, its note, its curve."""

from __future__ import annotations

import json

from ledger.ci.arrival import BEST, PARENT, Detail, Sweep
from ledger.ci.safe_text import paragraph
from ledger.contract.json_text import as_object, as_text
from ledger.contract.metrics import curve, rows_of_trial
from ledger.errors import MalformedError
from ledger.reader.asking.sweeps import trial_with
from ledger.reader.compare import compare
from ledger.reader.facts import of_cell
from ledger.reader.index.trial_rows import trial_rows
from ledger.reader.notes import read_note
from ledger.reader.stats import run_columns
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.ci.arrival import Standing
    from ledger.contract.json_text import Json
    from ledger.contract.metrics import Table
    from ledger.reader.compare import Comparison
    from ledger.reader.ledger import Ledger, StoredRun

_NOTE_CHARS = 1000
_AUTO = "[auto]"


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
    ledger: Ledger, run: StoredRun, standing: Standing, others: Others
) -> tuple[Detail, Sweep | None]:
    """Return what is told of ``run``, and what it tried if it is a sweep.

    What cannot be read is left out: it was named where its values were read.
    """
    parent = others.find(run.record.parent)
    against = run.record.parent if parent is not None else standing.best_run_id
    found = others.comparison(run, against)
    tables = _tables(ledger, run)
    sweep = sweep_of(ledger, run, standing, tables)
    trial = None if sweep is None else sweep.best_trial
    hypothesis, result = _note(ledger, run)
    paths = () if found is None else [e for e in found.section("code") if e.key.startswith("path:")]
    is_told = found is not None and "code" not in found.unknown
    detail = Detail(
        against=None if found is None else against,
        against_is=None if found is None else PARENT if parent is not None else BEST,
        config=() if found is None else found.section("config"),
        is_same_code=None if found is None else found.is_same_code,
        n_code_paths=len(paths) if is_told else None,
        is_same_environment=None if found is None else found.is_same_environment,
        hypothesis=hypothesis,
        result=result,
        curve=_curve(tables, standing.metric, trial),
        trial_params=() if trial is None else _trial_params(ledger, run, tables, trial),
    )
    return detail, sweep


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


def _tables(ledger: Ledger, run: StoredRun) -> list[Table]:
    try:
        return ledger.tables(run)
    except MalformedError:
        return []  # named where its numbers were read


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
    sections = {} if note is None else note.sections
    texts = [
        "\n".join(line for line in section.text.split("\n") if not line.startswith(_AUTO))
        if section is not None and section.is_filled
        else ""
        for section in (sections.get("Hypothesis"), sections.get("Result"))
    ]
    hypothesis, result = (paragraph(text)[:_NOTE_CHARS] for text in texts)
    return hypothesis, result

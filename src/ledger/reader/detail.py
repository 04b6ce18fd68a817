"""One run with everything that is known of it."""

from __future__ import annotations

from ledger.contract.json_text import as_list, as_object, as_text
from ledger.contract.layout import DECISION_NAME, RETRACTION_NAME
from ledger.contract.metrics import curve
from ledger.errors import LedgerError, MalformedError
from ledger.reader.answers import Answer, json_number
from ledger.reader.direction import resolve_direction
from ledger.reader.facts import data_sections, params, seed_of
from ledger.reader.ledger import BrokenRun
from ledger.reader.listing import duration_s
from ledger.reader.notes import note_texts
from ledger.reader.stats import collect_stats
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.direction import Goal
    from ledger.contract.json_text import Json
    from ledger.contract.metrics import Table
    from ledger.reader.ledger import Ledger, StoredRun
    from ledger.reader.stats import Stat


@value
class MetricDetail:
    """One metric of the run that is shown."""

    metric: str
    last: float | None
    best: float | None
    """None where nothing says which way is better, or no value is finite."""
    epoch: int | None
    """Where ``best`` was reached."""
    step: int | None
    goal: str | None
    is_stated: bool
    """Whether the caller stated ``last`` rather than the table."""
    n_nonfinite: int
    curve: tuple[float, ...]
    """(n,) values in row order, empty without rows."""

    def to_json(self) -> dict[str, Json]:
        """Return the metric as ``--format json`` holds it; the curve stays in metrics.csv."""
        return {
            "last": json_number(self.last),
            "best": json_number(self.best),
            "epoch": self.epoch,
            "step": self.step,
            "goal": self.goal,
            "stated": self.is_stated,
            "n_nonfinite": self.n_nonfinite,
        }


@value
class RunDetail:
    """Everything that ``show`` tells of a run."""

    run: StoredRun
    status: str
    duration_s: float | None
    metrics: tuple[MetricDetail, ...]
    params: Mapping[str, Json]
    """By dotted path."""
    note: Mapping[str, str]
    """Sections that hold more than their prompt."""
    retraction: str | None = None
    """Why the run was taken back; None for a run that was not."""
    decision: str | None = None
    """What was chosen, and why: the run, or a trial of it; None where nobody decided."""

    def to_json(self) -> dict[str, Json]:
        """Return the run as ``--format json`` holds it: the record's sections, and what follows."""
        document = self.run.record.document
        kept = ("tags", "parent", "project", "command", "timestamp", "git", "artifacts", "error")
        return {
            "run_id": self.run.run_id,
            "path": self.run.path,
            "name": self.run.record.name,
            "status": self.status,
            "duration_s": self.duration_s,
            **{key: document.get(key) for key in kept},
            "data": list(data_sections(self.run.record)),
            "seed": seed_of(self.run.record),
            "environment": document["environment"],
            "config": dict(self.params),
            "metrics": {each.metric: each.to_json() for each in self.metrics},
            "note": dict(self.note),
            "incomplete": document.get("incomplete"),
            "warnings": document.get("warnings"),
            "thinned": document.get("thinned"),
            "retracted": self.run.is_retracted,
            "decision": self.decision,
        }


def show_run(ledger: Ledger, run: StoredRun, reference: str) -> Answer[RunDetail]:
    """Return the answer whose one row is ``run`` in detail; ``reference`` is how it was named."""
    stats = collect_stats(ledger, [run])
    tables, warnings = _tables(ledger, run, stats.warnings)
    detail = RunDetail(
        run=run,
        status=ledger.status(run),
        duration_s=duration_s(ledger, run),
        metrics=tuple(_metric(ledger, run, stat, tables) for stat in stats.stats),
        params=params(run.record),
        note=note_texts(ledger, run),
        retraction=_retraction(ledger, run),
        decision=_decision(ledger, run),
    )
    return Answer(verb="show", question=reference, rows=(detail,), warnings=warnings)


def artifacts(run: StoredRun) -> list[tuple[str, str, str, int | None]]:
    """Return (name, path, hash, bytes) of the run's artifacts, by name."""
    found: list[tuple[str, str, str, int | None]] = []
    for name, entry in sorted(as_object(run.record.document["artifacts"]).items()):
        if isinstance(entry, str):
            found.append((name, entry, "", None))
        else:
            about = as_object(entry)
            size = about.get("bytes")
            path, content = as_text(about.get("path")) or "", as_text(about.get("hash")) or ""
            found.append((name, path, content, size if isinstance(size, int) else None))
    return found


def thinned_lines(run: StoredRun) -> list[str]:
    """Return one line for each table of which git holds some rows only."""
    files = as_object(run.record.document.get("files"))
    lines = []
    for name, entry in as_object(run.record.document.get("thinned")).items():
        about, kept = as_object(entry), as_object(files.get(name)).get("rows")
        path = as_text(about.get("path")) or "?"
        lines.append(f"{name}: {kept} of {about.get('rows')} rows, all of them in {path}")
    return lines


def error_lines(run: StoredRun) -> list[str]:
    """Return what ended a failed run: its type and message, then the tail of the traceback."""
    error = as_object(run.record.document.get("error"))
    if not error:
        return []
    head = f"{as_text(error.get('type')) or 'error'}: {as_text(error.get('message')) or ''}"
    tail = [text for text in map(as_text, as_list(error.get("traceback_tail"))) if text]
    return [head.rstrip(": "), *tail]


def _decision(ledger: Ledger, run: StoredRun) -> str | None:
    """Return what the run's decision chose where it is a trial, and the reason."""
    text = _added(ledger, run, DECISION_NAME)
    if text is None:
        return None
    head, _, body = text.partition("\n")
    trial = head.rpartition("#")[2].strip() if "#" in head.removeprefix("#") else ""
    why = " ".join(body.partition("\n- chosen:")[0].split()) or "no reason given"
    return f"trial {trial}: {why}" if trial else why


def _retraction(ledger: Ledger, run: StoredRun) -> str | None:
    """Return the reason in the run's retraction: its text without the heading and the signature."""
    text = _added(ledger, run, RETRACTION_NAME)
    if text is None:
        return None
    lines = (line.strip() for line in text.splitlines())
    kept = [line for line in lines if line and not line.startswith(("# ", "- by:", "- at:"))]
    return " ".join(kept) or "no reason given"


def _added(ledger: Ledger, run: StoredRun, name: str) -> str | None:
    """Return the text of a file that a person added to the run; None where there is none."""
    if name not in run.names:
        return None
    return (ledger.read(f"{run.path}/{name}") or b"").decode("utf-8", "replace")


def _tables(
    ledger: Ledger, run: StoredRun, warnings: tuple[str, ...]
) -> tuple[list[Table], tuple[str, ...]]:
    """Return the run's tables, none when one is broken, and ``warnings`` that name it once."""
    try:
        return ledger.tables(run), warnings
    except MalformedError as error:
        line = str(BrokenRun(path=str(error.path or run.path), error=error))
        return [], warnings if line in warnings else (*warnings, line)


def _metric(ledger: Ledger, run: StoredRun, stat: Stat, tables: list[Table]) -> MetricDetail:
    goal = _goal(ledger, run, stat.metric)
    best, at = (stat.low, stat.low_at) if goal == "min" else (stat.high, stat.high_at)
    at = at if goal else None
    return MetricDetail(
        metric=stat.metric,
        last=stat.final,
        best=best if goal else None,
        epoch=at if stat.is_by_epoch else None,
        step=None if stat.is_by_epoch else at,
        goal=goal,
        is_stated=stat.metric in run.record.stated,
        n_nonfinite=stat.n_nonfinite,
        curve=_curve(tables, stat.metric),
    )


def _curve(tables: list[Table], metric: str) -> tuple[float, ...]:
    try:
        return tuple(number for _, number in curve(tables, metric))
    except MalformedError:
        return ()


def _goal(ledger: Ledger, run: StoredRun, metric: str) -> Goal | None:
    try:
        return resolve_direction(metric, (run,), ledger.settings.metrics).goal
    except LedgerError:
        return None  # shown without a best; only a ranking needs the direction

"""What is sent of a run, decided once: a frozen value that knows neither tracker."""

from __future__ import annotations

import hashlib
import math

from ledger.contract.config import flatten
from ledger.contract.json_text import as_list, as_object, as_text
from ledger.contract.layout import NOTE_NAME
from ledger.contract.redaction import redact_text
from ledger.errors import LedgerError
from ledger.reader.detail import thinned_lines
from ledger.reader.direction import resolve_direction
from ledger.reader.facts import data_hash
from ledger.reader.index.curve_rows import curve_rows
from ledger.reader.stats import run_stats
from ledger.reader.times import parse_time
from ledger.sync.files import models_of, record_files
from ledger.sync.rows import rows_of
from ledger.sync.subject import Best, Subject, best_of_rows
from ledger.sync.trials import Setting, trials_of
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ledger.contract.json_text import Json
    from ledger.reader.ledger import Ledger, StoredRun
    from ledger.reader.stats import Stat
    from ledger.sync.files import Attachment, Model
    from ledger.sync.rows import Row


_MAX_STEP = 2**63 - 1


@value
class Plan:
    """All that is sent of one run."""

    run_id: str
    project: str
    run: Subject
    trials: tuple[Subject, ...]
    """Of a sweep, in the order in which they started."""
    config: Mapping[str, Json]
    """The whole resolved config, nested."""
    environment: Mapping[str, Json]
    note: str
    """Text of run.md, "" without one."""
    branch: str | None
    labels: tuple[str, ...]
    """The run's own tags."""
    files: tuple[Attachment, ...]
    """The record's files, the whole config and the environment."""
    models: tuple[Model, ...]
    """What the run made, by its name in the record."""
    warnings: tuple[str, ...]
    """One line for each thing that is not sent whole."""

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The run, then its trials."""
        return (self.run, *self.trials)

    @property
    def n_points(self) -> int:
        """How many single numbers all rows hold."""
        return sum(subject.n_points for subject in self.subjects)

    @property
    def files_digest(self) -> str:
        """SHA-256 over the record's files."""
        parts = [f"{each.path}\0{hashlib.sha256(each.data).hexdigest()}" for each in self.files]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    @property
    def digest(self) -> str:
        """SHA-256 over everything but what the run made."""
        parts = [self.files_digest, *(subject.digest for subject in self.subjects)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def plan_run(ledger: Ledger, run: StoredRun) -> Plan:
    """Return what is sent of ``run``.

    Raises:
        LedgerError: it is still running.
        MalformedError: a table of it does not follow the format.
    """
    refuse_running(ledger, run)
    status = ledger.status(run)
    tables = curve_rows(ledger, run)
    rows = rows_of(tables["metrics"], run.started)
    started_ms = round(run.started.timestamp() * 1000)
    last_ms = max((row.time_ms for lane in rows.values() for row in lane), default=started_ms)
    ended_ms = max(_ms(run.record.ended, last_ms), started_ms)
    own_rows = rows.get(None, ())
    stats = run_stats(ledger, run)
    goals = _goals(ledger, run, [stat.metric for stat in stats])
    setting = Setting(run_id=run.run_id, status=status, started_ms=started_ms, ended_ms=ended_ms)
    trials, warnings = trials_of(tables["trials"], rows, goals, setting)
    files = record_files(ledger, run)
    note = next((each.data for each in files if each.path == NOTE_NAME), b"")
    return Plan(
        run_id=run.run_id,
        project=as_text(run.record.document.get("project")) or ledger.project.root.name or "ledger",
        run=Subject(
            name=run.run_id,
            trial_id=None,
            status=status,
            started_ms=started_ms,
            ended_ms=ended_ms,
            params=flatten(dict(run.record.config)),
            rows=own_rows,
            finals=dict(_finals(run, stats)),
            best=tuple(_bests(stats, goals, own_rows)),
            tags=dict(_tags(run, status)),
        ),
        trials=trials,
        config=run.record.config,
        environment=as_object(run.record.document["environment"]),
        note=note.decode("utf-8", "replace"),
        branch=as_text(run.record.git.get("branch")),
        labels=run.record.tags,
        files=files,
        models=models_of(ledger, run),
        warnings=(*thinned_lines(run), *warnings),
    )


def refuse_running(ledger: Ledger, run: StoredRun) -> None:
    """Refuse a run that is not over: what is sent of it could not be taken back.

    Raises:
        LedgerError: it is still running.
    """
    if ledger.status(run) == "running":
        message = f"{run.run_id} is still running"
        raise LedgerError(message, hint="sync it when it has ended")


def _bests(
    stats: Iterable[Stat], goals: Mapping[str, str], rows: tuple[Row, ...]
) -> Iterator[Best]:
    """Yield the best values as the record has them: of thinned tables it knows all rows."""
    sent = {best.metric: best for best in best_of_rows(rows, goals)}
    for stat in stats:
        goal = goals.get(stat.metric)
        number, at = (stat.low, stat.low_at) if goal == "min" else (stat.high, stat.high_at)
        if goal is None or number is None or not stat.n:
            continue
        held = sent.get(stat.metric)
        is_sent = held is not None and held.number == number
        step = held.step if held is not None and is_sent else _step(at)
        yield Best(metric=stat.metric, number=number, step=step, goal=goal)


def _finals(run: StoredRun, stats: Iterable[Stat]) -> Iterator[tuple[str, float]]:
    for stat in stats:
        if stat.final is None:
            continue
        if not stat.n:
            yield stat.metric, _float(stat.final)
        elif stat.metric in run.record.stated and stat.final != stat.last:
            yield f"final/{stat.metric}", _float(stat.final)


def _goals(ledger: Ledger, run: StoredRun, metrics: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for metric in metrics:
        try:
            found[metric] = resolve_direction(metric, (run,), ledger.settings.metrics).goal
        except LedgerError:
            continue  # nothing says which value is its best
    return found


def _tags(run: StoredRun, status: str) -> Iterator[tuple[str, str]]:
    """Yield what the record says of the run in single words."""
    record = run.record
    git, command = record.git, as_object(record.document.get("command"))
    argv = [text for text in map(as_text, as_list(command.get("argv"))) if text]
    dirty = {True: "true", False: "false", None: "unknown"}[record.is_dirty]
    said: dict[str, Json] = {
        "git.commit": git.get("commit"),
        "git.branch": git.get("branch"),
        "git.dirty": dirty,
        "git.remote": git.get("remote"),
        "ledger.status": status,
        "ledger.name": record.name,
        "ledger.path": run.path,
        "ledger.parent": record.parent,
        "ledger.tags": ", ".join(record.tags),
        "ledger.dirty": dirty,
        "ledger.data_hash": data_hash(run),
        "ledger.config_hash": as_object(record.document["config"]).get("hash"),
        "ledger.command": " ".join(argv),
        "ledger.version": record.document.get("ledger_version"),
        "ledger.objective": " ".join(record.objective or ()),
        "ledger.best_trial": as_object(record.document.get("sweep")).get("best_trial"),
        "ledger.retracted": "true" if run.is_retracted else None,
        "ledger.incomplete": record.document.get("incomplete"),
        "ledger.error": _error(record.document.get("error")),
    }
    for key, item in said.items():
        text = as_text(item)
        if text:
            yield key, redact_text(text)


def _error(section: Json) -> str | None:
    about = as_object(section)
    return f"{as_text(about.get('type'))}: {as_text(about.get('message'))}" if about else None


def _ms(text: str | None, otherwise: int) -> int:
    moment = parse_time(text) if text else None
    return otherwise if moment is None else round(moment.timestamp() * 1000)


def _float(number: float) -> float:
    """Return ``number``; an integer beyond every float is infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.copysign(math.inf, number > 0 or -1)


def _step(at: int | None) -> int:
    """Return where a record says that a value was reached, 0 where it cannot be a step."""
    return at if at is not None and abs(at) <= _MAX_STEP else 0

"""The Python door: the best runs, a comparison, records, without opening anything first."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ledger.errors import UnknownNameError
from ledger.project import find_project
from ledger.reader.compare import compare
from ledger.reader.ledger import open_ledger
from ledger.reader.question import Ranking
from ledger.reader.ranking import ask
from ledger.reader.reference import find_run
from ledger.reader.sheets import comparison_sheets
from ledger.reader.subject import find_subject
from ledger.reader.text import Grid, json_text, plain_lines, printable


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.direction import Goal
    from ledger.contract.json_text import Json
    from ledger.contract.record import RunRecord
    from ledger.reader.ledger import Ledger

# The names that scripts give the two params every table of runs is read for.
_LR = ("lr", "learning_rate")
_BATCH_SIZE = ("bs", "batch_size")


def runs(start: str | Path | None = None) -> list[RunRecord]:
    """Return the records of every readable run, by start; retracted ones included.

    Args:
        start: a folder of the project, None for the working folder.

    Raises:
        NoLedgerError: no project there.
    """
    return [run.record for run in _open(start).runs]


def load_run(run_id: str, start: str | Path | None = None) -> RunRecord:
    """Return the record of one run.

    Args:
        run_id: an id, its unique beginning, ``@latest`` or ``@best:<metric>``.
        start: a folder of the project, None for the working folder.

    Raises:
        UnknownNameError: no run, or several, are called so; the nearest ids are in the hint.
        MalformedError: that run's record does not follow the format.
    """
    return find_run(_open(start), run_id).record


def find_best_runs(
    metric: str = "test_acc",
    top_k: int = 5,
    *,
    direction: Goal | None = None,
    start: str | Path | None = None,
) -> list[dict[str, Json]]:
    """Print and return the best runs by ``metric``: NaN never wins, broken records stop nothing.

    Args:
        metric: ranked by its best value over each run's rows, else by the value in the record.
        top_k: at most so many.
        direction: which way is better; None for what objective, columns or settings say.
        start: a folder of the project, None for the working folder.

    Returns:
        Rows of rank, run_id, value, epoch, status, lr and batch_size (None where the config has
        neither ``lr`` nor ``learning_rate``, neither ``bs`` nor ``batch_size``); empty, after a
        line that says so, when there is no run, or none with a finite value of the metric.

    Raises:
        LedgerError: nothing says which way is better.
    """
    ledger = _open(start)
    question = Ranking(verb="best", metric=metric, goal=direction)
    try:
        answer = ask(ledger, question, text=question.to_text(), limit=top_k)
    except UnknownNameError as error:
        _say([str(error)])
        return []
    if not answer.rows:
        _say([f"no run has a finite {printable(metric)}"])
        return []
    rows: list[dict[str, Json]] = []
    for row in answer.rows:
        config = ledger.load(row.run_id).record.config
        rows.append(
            {
                "rank": row.rank,
                "run_id": row.run_id,
                "value": row.value,
                "epoch": row.epoch,
                "status": row.status,
                "lr": _named(config, _LR),
                "batch_size": _named(config, _BATCH_SIZE),
            }
        )
    _say(plain_lines(_table(rows, metric)))
    return rows


def compare_runs(run_id1: str, run_id2: str, start: str | Path | None = None) -> dict[str, Json]:
    """Print and return what differs between two runs.

    Args:
        run_id1: the old run, named as for ``load_run``, or a trial of a sweep: ``RUN#TRIAL``.
        run_id2: the new one.
        start: a folder of the project, None for the working folder.

    Returns:
        A plain nested dict: ``["config"]["lr"]`` is ``{"old": 0.1, "new": 0.01, …}``,
        ``["metrics"]["val_acc"]["best"]`` also has change, percent and better.

    Raises:
        UnknownNameError: no run, or several, are called so.
    """
    ledger = _open(start)
    comparison = compare(ledger, find_subject(ledger, run_id1), find_subject(ledger, run_id2))
    sheets = ("\n".join(plain_lines(sheet)) for sheet in comparison_sheets(comparison))
    _say(["\n\n".join(sheets)])
    return comparison.to_json()


def _open(start: str | Path | None) -> Ledger:
    folder = Path.cwd() if start is None else Path(start)
    return open_ledger(find_project([folder]), datetime.now(tz=UTC))


def _table(rows: list[dict[str, Json]], metric: str) -> Grid:
    body = tuple(
        (
            json_text(row["rank"]),
            json_text(row["run_id"]),
            f"{row['value']:.4f}",
            *("" if row[key] is None else json_text(row[key]) for key in ("lr", "batch_size")),
        )
        for row in rows
    )
    return Grid(header=("rank", "run", metric, "lr", "batch_size"), rows=body)


def _named(config: Mapping[str, Json], names: tuple[str, ...]) -> Json:
    """Return the param called one of ``names``: at the top first, then anywhere below, by path."""
    for name in names:
        if name in config:
            return config[name]
    for _, below in sorted(config.items()):
        found = _named(below, names) if isinstance(below, dict) else None
        if found is not None:
            return found
    return None


def _say(lines: list[str]) -> None:
    # the published one-call forms print; nothing else in the library does
    print("\n".join(lines))  # noqa: T201

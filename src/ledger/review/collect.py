"""A subject from the ledger: everything is read here, so that the review itself reads nothing."""

from __future__ import annotations

from ledger.contract.json_text import as_object, as_text
from ledger.errors import LedgerError, NoDirectionError, UnknownNameError
from ledger.reader.asking.bound import Bound
from ledger.reader.asking.goals import direction_of
from ledger.reader.index import open_index
from ledger.reader.notes import note_texts
from ledger.reader.text import printable
from ledger.review.candidates import read_candidates
from ledger.review.rows import read_rows, train_metric
from ledger.review.search_space import read_space
from ledger.review.selection import Selection, select, with_metric
from ledger.review.subject import Subject, is_of_test
from ledger.value import as_dict


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.direction import Goal
    from ledger.contract.json_text import Json
    from ledger.reader.direction import Direction
    from ledger.reader.index import Index
    from ledger.reader.ledger import Ledger

_OBJECTIVES = """
    SELECT objective, count(*) FROM runs
    WHERE run_id IN (SELECT unnest($runs)) AND objective IS NOT NULL GROUP BY ALL ORDER BY 1"""
_METRICS = """
    SELECT DISTINCT metric FROM summary WHERE run_id IN (SELECT unnest($runs)) ORDER BY metric"""


def collect_subject(
    ledger: Ledger, text: str = "", *, metric: str | None = None, goal: Goal | None = None
) -> Subject:
    """Return what ``text`` names, ready to be reviewed.

    Args:
        ledger: the runs.
        text: a sweep, a run, or a question; "" for the last sweep, else the objective's runs.
        metric: what is reviewed; None for what the question or the objective says.
        goal: which way it is better; None for what objective, columns or settings say.

    Raises:
        UnknownNameError: nothing is called so, or nothing answers the question.
        NoDirectionError: nothing but its name says which way the metric is better.
        LedgerError: the text is no question, or the metric is not told.
    """
    index = open_index(ledger, "notes", "curves")
    try:
        return _collected(ledger, index, select(ledger, index, text), metric, goal)
    finally:
        index.close()


def _collected(
    ledger: Ledger, index: Index, selection: Selection, metric: str | None, goal: Goal | None
) -> Subject:
    metric = metric or selection.metric or _objective(index, selection)
    selection = _having(index, selection, metric)
    direction = _direction(ledger, index, metric, goal or selection.goal)
    known = [str(name) for (name,) in index.rows(_METRICS, {"runs": list(selection.run_ids)})]
    train = train_metric(metric, known)
    rows = read_rows(index, selection, metric, train, direction.goal)
    candidates = read_candidates(index, selection, metric, rows)
    tests = tuple(name for name in known if is_of_test(name))
    sweep = _sweep(ledger, selection)
    has_train = any(curve.train for each in candidates for curve in each.curves)
    return Subject(
        title=selection.title,
        kind="runs" if selection.trials is None else "sweep",
        metric=metric,
        goal=direction.goal,
        direction_source=direction.source,
        train_metric=train if has_train else None,
        candidates=candidates,
        tuner=as_text(sweep.get("tuner")),
        space=read_space(sweep.get("space")),
        test_metrics=tests,
        n_tested=_n_tested(index, selection, tests),
        note=_note(ledger, selection),
        warnings=(*index.warnings, *selection.warnings),
    )


def _having(index: Index, selection: Selection, metric: str) -> Selection:
    """Return ``selection`` without runs that know nothing of ``metric``, and say how many."""
    known = with_metric(index, selection.run_ids, metric)
    kept = tuple(run_id for run_id in selection.run_ids if run_id in known)
    n_left = len(selection.run_ids) - len(kept)
    if selection.trials is not None or not n_left or not kept:
        return selection
    told = f"{n_left} {'run has' if n_left == 1 else 'runs have'} no {printable(metric)}: left out"
    changed = {"run_ids": kept, "warnings": (*selection.warnings, told)}
    return Selection(**as_dict(selection) | changed)  # type: ignore[arg-type]  # its own fields


def _objective(index: Index, selection: Selection) -> str:
    found = [str(name) for name, _ in index.rows(_OBJECTIVES, {"runs": list(selection.run_ids)})]
    if len(found) == 1:
        return found[0]
    if not found:
        message = "no objective was recorded"
        raise LedgerError(message, hint="say what is reviewed: --metric val_loss")
    names = ", ".join(map(printable, found))
    message = f"the runs have {len(found)} objectives: {names}"
    raise LedgerError(message, hint=f"say which: --metric {printable(found[0])}")


def _direction(ledger: Ledger, index: Index, metric: str, goal: Goal | None) -> Direction:
    """Return which way ``metric`` is better; a review never takes a name for it."""
    direction = direction_of(index, metric, ledger.settings.metrics, goal, bound=Bound())
    if direction.source == "inferred":
        raise NoDirectionError(printable(metric), direction.goal)
    return direction


def _sweep(ledger: Ledger, selection: Selection) -> dict[str, Json]:
    """Return what is told of the sweep; {} of several, whose spaces may differ."""
    if selection.trials is None or len(selection.run_ids) != 1:
        return {}
    return as_object(ledger.load(selection.run_ids[0]).record.document.get("sweep"))


def _note(ledger: Ledger, selection: Selection) -> dict[str, str]:
    if len(selection.run_ids) != 1:
        return {}
    try:
        return note_texts(ledger, ledger.load(selection.run_ids[0]))
    except UnknownNameError:
        return {}  # it went while we looked


def _n_tested(index: Index, selection: Selection, tests: tuple[str, ...]) -> int:
    """Return of how many candidates a test metric was computed; 1 where only the run states it."""
    if not tests:
        return 0
    bound = {"runs": list(selection.run_ids), "metrics": list(tests)}
    column = "run_id" if selection.trials is None else "(run_id, trial_id)"
    where = "run_id IN (SELECT unnest($runs)) AND metric IN (SELECT unnest($metrics))"
    if selection.trials is None:
        statement = f"SELECT count(DISTINCT {column}) FROM summary WHERE {where}"  # noqa: S608  # our names
    else:
        statement = (
            f"SELECT count(DISTINCT {column}) FROM metrics WHERE {where} AND trial_id IS NOT NULL"  # noqa: S608  # our names
        )
    return max(1, int(str(index.rows(statement, bound)[0][0])))

"""What is reviewed: a sweep, the runs or trials of a question, or what was done last."""

from __future__ import annotations

from ledger.errors import UnknownNameError
from ledger.reader.asking.asked import Asked
from ledger.reader.asking.bound import Bound
from ledger.reader.asking.trials import SUBJECTS
from ledger.reader.names import no_runs
from ledger.reader.question.parse import parse_question
from ledger.reader.question.values import Comparing, Listing, Ranking
from ledger.reader.reference import find_run
from ledger.reader.subject import SIGN, find_subject
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.contract.direction import Goal
    from ledger.reader.index import Index
    from ledger.reader.ledger import Ledger
    from ledger.reader.question.values import Question

_HAS_TRIALS = "EXISTS (SELECT 1 FROM trials t WHERE t.run_id = r.run_id)"
_LAST_SWEEP = f"""
    SELECT run_id FROM runs r WHERE NOT is_retracted AND {_HAS_TRIALS}
    ORDER BY started DESC, run_id DESC LIMIT 1"""  # noqa: S608  # our names
_LAST_OBJECTIVE = """
    SELECT objective FROM runs WHERE NOT is_retracted AND objective IS NOT NULL
    ORDER BY started DESC, run_id DESC LIMIT 1"""
_SUBJECT_WORDS = frozenset({"runs", "trials"})


@value
class Selection:
    """What is compared."""

    title: str
    run_ids: tuple[str, ...]
    """By start."""
    trials: frozenset[tuple[str, str]] | None
    """(run_id, trial_id) of those that are compared; None where the runs themselves are."""
    metric: str | None = None
    """What the question ranks by, where it says so; so with ``goal``."""
    goal: Goal | None = None
    warnings: tuple[str, ...] = ()


def select(ledger: Ledger, index: Index, text: str) -> Selection:
    """Return what ``text`` names: a run, a question; "" the last sweep, or the objective's runs.

    Args:
        ledger: the runs.
        index: their views, curves included.
        text: as the user wrote it.

    Raises:
        UnknownNameError: nothing is called so, or nothing answers the question.
        LedgerError: it is no question.
    """
    if not index.rows("SELECT 1 FROM runs LIMIT 1"):
        raise no_runs(index.broken)
    text = text.strip()
    if not text:
        return _last(index)
    if " " not in text and text.lower() not in _SUBJECT_WORDS:
        return _named(ledger, index, text)
    return _asked(ledger, index, text)


def _last(index: Index) -> Selection:
    sweep = index.rows(_LAST_SWEEP)
    if sweep:
        return _of_sweep(index, str(sweep[0][0]))
    found = index.rows(_LAST_OBJECTIVE)
    if not found:
        message = "no sweep, and no run says what it was to improve"
        raise UnknownNameError(message, hint='ask "best <metric> max", or name a sweep')
    metric = str(found[0][0])
    statement = """
        SELECT run_id FROM runs WHERE objective = $metric AND NOT is_retracted
        ORDER BY started, run_id"""
    runs = [str(run_id) for (run_id,) in index.rows(statement, {"metric": metric})]
    title = f"the {len(runs)} runs with the objective {metric}"
    return Selection(title=title, run_ids=tuple(runs), trials=None, metric=metric)


def _named(ledger: Ledger, index: Index, name: str) -> Selection:
    subject = find_subject(ledger, name)
    if subject.trial_id is not None:
        run_id = subject.run_id.rpartition(SIGN)[0]
        one = frozenset({(run_id, subject.trial_id)})
        return Selection(title=subject.run_id, run_ids=(run_id,), trials=one)
    run = subject
    if _trials_of(index, [run.run_id]):
        return _of_sweep(index, run.run_id)
    return Selection(title=run.run_id, run_ids=(run.run_id,), trials=None)


def _of_sweep(index: Index, run_id: str) -> Selection:
    return Selection(title=run_id, run_ids=(run_id,), trials=_trials_of(index, [run_id]))


def _asked(ledger: Ledger, index: Index, text: str) -> Selection:
    question = parse_question(text)
    warnings: list[str] = []
    if isinstance(question, Comparing):
        runs = [find_run(ledger, name).run_id for name in question.runs]
        return Selection(title=text, run_ids=tuple(dict.fromkeys(runs)), trials=None)
    found = _scope(ledger, index, text, question)
    runs = list(dict.fromkeys(run_id for run_id, _ in found))
    if getattr(question, "count", None) is not None or getattr(question, "limit", None) is not None:
        warnings.append("a review looks at all that the question is about, not at the first only")
    trials: frozenset[tuple[str, str]] | None = frozenset(
        (run_id, trial) for run_id, trial in found if trial is not None
    )
    if not trials:
        trials, runs = _split(index, runs, getattr(question, "metric", None), warnings)
    if not runs:
        message = "no run answers the question"
        raise UnknownNameError(message, hint="see `ledger ls`")
    return Selection(
        title=text,
        run_ids=tuple(runs),
        trials=trials,
        metric=getattr(question, "metric", None),
        goal=getattr(question, "goal", None),
        warnings=tuple(warnings),
    )


def _split(
    index: Index, runs: list[str], metric: str | None, warnings: list[str]
) -> tuple[frozenset[tuple[str, str]] | None, list[str]]:
    """Return the trials where all ``runs`` are sweeps; else the others, and say what is left."""
    trials = _trials_of(index, runs)
    sweeps = {run_id for run_id, _ in trials}
    plain = [run_id for run_id in runs if run_id not in sweeps]
    if not plain:
        return trials, runs
    told = sweeps if metric is None else with_metric(index, sweeps, metric)
    if told:
        names = "a sweep is" if len(told) == 1 else f"{len(told)} sweeps are"
        warnings.append(f"{names} left out: review it by name, {min(told)}")
    return None, plain


def with_metric(index: Index, runs: Iterable[str], metric: str) -> set[str]:
    """Return those of ``runs`` that have a value of ``metric``, or were to improve it."""
    statement = """
        SELECT run_id FROM runs r WHERE run_id IN (SELECT unnest($runs)) AND (
            objective = $metric OR EXISTS (
                SELECT 1 FROM summary s WHERE s.run_id = r.run_id AND s.metric = $metric
            )
        )"""
    rows = index.rows(statement, {"runs": list(runs), "metric": metric})
    return {str(run_id) for (run_id,) in rows}


def _scope(
    ledger: Ledger, index: Index, text: str, question: Question
) -> list[tuple[str, str | None]]:
    """Return (run_id, trial_id) of what the question is about, by start; no trial of runs."""
    asked = Asked(ledger=ledger, index=index, text=text)
    is_of_trials = _is_of_trials(question)
    scope = question.scope  # type: ignore[union-attr]  # a comparison was answered before
    keys = asked.keys(scope, with_trials=is_of_trials)
    bound = Bound()
    test = asked.scope_sql(scope, keys, bound, is_of_trials=is_of_trials)
    source = f"({SUBJECTS}) t JOIN runs r USING (run_id)" if is_of_trials else "runs r"
    trial = "t.trial_id" if is_of_trials else "NULL"
    statement = f"""
        SELECT r.run_id, {trial} FROM {source} WHERE NOT r.is_retracted AND {test}
        ORDER BY r.started, r.run_id, 2"""  # noqa: S608  # our names and marks
    rows = index.rows(statement, bound.of(statement))
    return [(str(run_id), None if trial is None else str(trial)) for run_id, trial in rows]


def _is_of_trials(question: Question) -> bool:
    if isinstance(question, Listing):
        return question.of == "trials"
    return isinstance(question, Ranking) and question.per == "trial"


def _trials_of(index: Index, runs: Iterable[str]) -> frozenset[tuple[str, str]]:
    statement = f"""
        SELECT run_id, trial_id FROM ({SUBJECTS}) WHERE run_id IN (SELECT unnest($runs))"""  # noqa: S608  # our names
    rows = index.rows(statement, {"runs": list(runs)})
    return frozenset((str(run_id), str(trial)) for run_id, trial in rows)

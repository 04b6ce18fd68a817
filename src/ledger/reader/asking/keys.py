"""Names in questions: which param, metric or field of the views each of them means."""

from __future__ import annotations

from ledger.errors import UnknownNameError
from ledger.reader.facts import FIELDS, NUMBER_PATTERN, PARAM_PREFIX, WHOLE_PATTERN
from ledger.reader.names import unknown
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Literal, TypeAlias

    from ledger.reader.asking.bound import Bound
    from ledger.reader.index import Index

    Kind: TypeAlias = Literal["field", "time", "note", "param", "metric", "trial"]

NOTE_SECTIONS = {
    "note.hypothesis": "Hypothesis",
    "note.change": "Change",
    "note.result": "Result",
    "note.next": "Next",
    "note.risk": "Risk/Anomaly",
    "note.anomaly": "Risk/Anomaly",
    "note.risk/anomaly": "Risk/Anomaly",
}
_TIMES = frozenset({"started", "ended"})
_TEXTS = {"id": "run_id"} | {
    name: name for name in ("run_id", "name", "status", "branch", "commit", "parent", "project")
}
# Fields that give way to a param or a metric of the same name.
MORE_FIELDS = (
    *("objective", "goal", "config_hash", "variant", "data_hash", "code", "command", "python"),
    *("platform", "gpu", "packages", "hostname", "error", "tool", "path", "duration_s"),
)
ROW_ORDER = "attempt, execution, epoch, step, time"
"""The order in which a trial's rows were written."""
_FIRST_ORDER = """
    CASE WHEN trial_id IS NULL THEN epoch END, CASE WHEN trial_id IS NULL THEN step END,
    time, trial_id, attempt, execution, epoch, step"""
TRIAL_FIELDS = (
    *("trial_id", "attempt", "score", "best_epoch", "message", "parent", "status"),
    *sorted(_TIMES),
)
"""Keys of a trial itself; ``trial`` is its id."""
LATEST_TRIALS = """
    SELECT * FROM trials QUALIFY row_number() OVER (
        PARTITION BY run_id, trial_id ORDER BY attempt DESC NULLS LAST, started DESC NULLS LAST
    ) = 1"""
"""The trials as they ended: of several attempts the last."""


@value
class Key:
    """What a name in a question means."""

    name: str
    """As the question holds it."""
    kind: Kind
    column: str
    """The param's path, the metric, the note's section, or the column of the view."""
    is_of_trial: bool = False
    """Whether each trial has a value of its own; those without one have their run's."""
    is_of_run: bool = True
    """Whether runs have such values."""


class UnknownWordError(UnknownNameError):
    """A name in a question that the ledger does not hold.

    Args:
        error: the complaint.
        word: the name.
    """

    def __init__(self, error: UnknownNameError, word: str) -> None:
        super().__init__(error.message, hint=error.hint)
        self.word = word


def resolve(
    index: Index, names: Iterable[str], bound: Bound, *, with_trials: bool = False
) -> dict[str, Key]:
    """Return what each of ``names`` means.

    A field goes before a param, a param before a metric, and all before MORE_FIELDS; in questions
    about trials what a trial has goes before what its run has. ``param.<name>`` is the param.

    Raises:
        UnknownWordError: no run has such a thing.
    """
    found = {name: key for name in names if (key := _fixed(name, with_trials=with_trials))}
    asked = [name for name in dict.fromkeys(names) if name not in found]
    if not asked:
        return found
    tests = [test for name in asked for test in _tests(name, bound, with_trials=with_trials)]
    statement = f"SELECT {', '.join(tests)}"
    (row,) = index.rows(statement, bound.of(statement))
    width = len(row) // len(asked)
    for place, name in enumerate(asked):
        found[name] = _named(index, name, row[place * width : (place + 1) * width])
    return found


def _fixed(name: str, *, with_trials: bool) -> Key | None:
    folded = name.lower()
    if with_trials and folded in {"trial", *TRIAL_FIELDS}:
        column = "trial_id" if folded == "trial" else folded
        kind: Kind = "time" if column in _TIMES else "trial"
        return Key(name=name, kind=kind, column=column, is_of_trial=True, is_of_run=False)
    if folded in NOTE_SECTIONS or folded == "note":
        return Key(name=name, kind="note", column=NOTE_SECTIONS.get(folded, ""))
    if name in FIELDS:
        return Key(name=name, kind="time" if name in _TIMES else "field", column=name)
    return None


def _tests(name: str, bound: Bound, *, with_trials: bool) -> list[str]:
    """Return SQL: is it a param, is it one without its prefix, a metric, a trial's param?"""
    whole, bare = bound.mark(name), bound.mark(name.removeprefix(PARAM_PREFIX))
    sources = [
        f"params WHERE key = {whole}",
        f"params WHERE key = {bare}",
        f"summary WHERE metric = {whole}",
        f"trials WHERE map_contains(params, {bare})" if with_trials else "runs WHERE false",
    ]
    return [f"EXISTS (SELECT 1 FROM {source})" for source in sources]  # noqa: S608  # marks


def _named(index: Index, name: str, found: tuple[object, ...]) -> Key:
    is_whole, is_bare, is_metric, is_of_trial = found
    bare = name.removeprefix(PARAM_PREFIX)
    if is_whole or is_bare or is_of_trial:
        column = name if is_whole else bare
        is_of_run = bool(is_whole or is_bare)
        return Key(
            name=name,
            kind="param",
            column=column,
            is_of_trial=bool(is_of_trial),
            is_of_run=is_of_run,
        )
    if is_metric:
        return Key(name=name, kind="metric", column=name)
    if name in MORE_FIELDS:
        return Key(name=name, kind="field", column=name)
    kind = "field, param or metric"
    known = [*FIELDS, *params_and_metrics(index), *NOTE_SECTIONS]
    raise UnknownWordError(unknown(kind, name, known), name)


def params_and_metrics(index: Index) -> list[str]:
    """Return the names of all params and metrics."""
    statement = "SELECT DISTINCT key FROM params UNION SELECT DISTINCT metric FROM summary"
    return [str(name) for (name,) in index.rows(statement)]


def metric_names(index: Index) -> list[str]:
    """Return the names of all metrics, sorted."""
    rows = index.rows("SELECT DISTINCT metric FROM summary ORDER BY metric")
    return [str(name) for (name,) in rows]


def rows_of(key: Key, bound: Bound, *, reading: str = "final") -> str:
    """Return SQL for what runs have under ``key``: run_id, text, number, whole, flag.

    Args:
        key: not a time.
        bound: gets what the statement compares with.
        reading: of a metric, the column of the view summary.
    """
    if key.kind == "param":
        chosen = "run_id, text, number, whole, flag"
        return f"SELECT {chosen} FROM params WHERE key = {bound.mark(key.column)}"  # noqa: S608  # marks
    if key.kind == "metric":
        chosen = reading_rows(bound.mark(key.column), reading)
        number = "number::VARCHAR AS text, number, NULL::HUGEINT AS whole, NULL::BOOLEAN AS flag"
        return f"SELECT run_id, {number} FROM ({chosen}) WHERE isfinite(number)"  # noqa: S608  # marks
    if key.kind == "note":
        is_one = f" AND section = {bound.mark(key.column)}" if key.column else ""
        return _typed(f"SELECT run_id, text FROM notes WHERE is_filled{is_one}")  # noqa: S608  # marks
    return _typed(_FIELD_ROWS.get(key.column) or _text_rows(_TEXTS.get(key.column, key.column)))


def reading_rows(metric: str, reading: str) -> str:
    """Return SQL for one value of a metric of each run: run_id, number.

    Args:
        metric: the mark of its name.
        reading: a column of the view summary; or "first", for which the curves are needed.
    """
    if reading != "first":
        return f"SELECT run_id, {reading} AS number FROM summary WHERE metric = {metric}"  # noqa: S608  # marks
    return f"""
        SELECT s.run_id, CASE WHEN s.n = 0 THEN s.last ELSE f.number END AS number
        FROM summary s LEFT JOIN (
            SELECT run_id, first(value ORDER BY {_FIRST_ORDER}) AS number FROM metrics
            WHERE metric = {metric} GROUP BY run_id
        ) f USING (run_id) WHERE s.metric = {metric}"""  # noqa: S608  # marks


def trial_rows_of(key: Key, bound: Bound) -> str:
    """Return SQL for what trials have under ``key``: run_id, trial_id, text, number, whole, flag.

    Args:
        key: of trials, not a time; or a metric, whose last value counts.
        bound: gets what the statement compares with.
    """
    if key.kind == "metric":
        chosen = f"""
            SELECT run_id, trial_id, last(value ORDER BY {ROW_ORDER}) AS number FROM metrics
            WHERE metric = {bound.mark(key.column)} AND trial_id IS NOT NULL
            GROUP BY run_id, trial_id"""  # noqa: S608  # marks
        return f"""
            SELECT run_id, trial_id, number::VARCHAR AS text, number, NULL::HUGEINT AS whole,
                NULL::BOOLEAN AS flag FROM ({chosen}) WHERE isfinite(number)"""  # noqa: S608  # as above
    column = f"params[{bound.mark(key.column)}]" if key.kind == "param" else key.column
    chosen = f"SELECT run_id, trial_id, {column}::VARCHAR AS text FROM ({LATEST_TRIALS})"  # noqa: S608  # marks and our names
    return _typed(chosen, "run_id, trial_id")


def _text_rows(column: str) -> str:
    return f"SELECT run_id, {column}::VARCHAR AS text FROM runs"  # noqa: S608  # our names


_FIELD_ROWS: Mapping[str, str] = {
    "tag": "SELECT run_id, unnest(tags) AS text FROM runs",
    # a state that could not be told counts as dirty
    "dirty": "SELECT run_id, coalesce(dirty, true)::VARCHAR AS text FROM runs",
    "data": """
        SELECT run_id, unnest([name, path, hash, split_part(hash, ':', 2)]) AS text FROM data""",
}


def _typed(rows: str, index: str = "run_id") -> str:
    """Return SQL for the texts of ``rows`` in every kind, as ``facts.typed`` tells them."""
    return f"""
        SELECT {index}, text,
            CASE WHEN regexp_full_match(text, '{NUMBER_PATTERN}') THEN TRY_CAST(text AS DOUBLE) END
                AS number,
            CASE WHEN regexp_full_match(text, '{WHOLE_PATTERN}') THEN TRY_CAST(text AS HUGEINT) END
                AS whole,
            CASE lower(text) WHEN 'true' THEN true WHEN 'false' THEN false END AS flag
        FROM ({rows}) WHERE text IS NOT NULL"""  # noqa: S608  # our names and marks

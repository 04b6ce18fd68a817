"""Ranking and filtering in DuckDB, imported only here and only when a question is asked."""

from __future__ import annotations

import math
import re
from importlib import import_module
from importlib.resources import files

from ledger.errors import LedgerError
from ledger.reader.facts import PREFIXED, typed
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from types import ModuleType
    from typing import TypeAlias

    from duckdb import DuckDBPyConnection

    from ledger.contract.direction import Goal
    from ledger.reader.facts import Fact
    from ledger.reader.question import Condition, Question
    from ledger.reader.stats import Stat

    Bound: TypeAlias = dict[str, object]

MODULES = ("_duckdb", "duckdb")
"""The C module before the package around it, which doubles the time a query needs to start."""
_HARDENED = """
SET autoinstall_known_extensions=false;
SET autoload_known_extensions=false;
SET allow_community_extensions=false;
SET python_enable_replacements=false;
SET memory_limit='512MB';
SET temp_directory='';
SET enable_external_access=false;
SET lock_configuration=true;
"""
"""No file, network or extension, whatever a statement says; order matters, the lock is last."""
_ORDERINGS = {"=": "=", "!=": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@value
class RunRow:
    """What ranking needs of every run, whether or not it can be ranked."""

    run_id: str
    started: datetime
    """UTC."""
    is_retracted: bool


@value
class Tables:
    """What is loaded for one question."""

    runs: Sequence[RunRow]
    stats: Sequence[Stat]
    """Of the ranked metric and of the metrics in conditions."""
    facts: Sequence[Fact]
    """Of the params and fields in conditions."""


@value
class Ranked:
    """The runs that answer, best first."""

    rows: tuple[tuple[str, float], ...]
    """(run_id, value)."""
    left_out: tuple[str, ...]
    """Ids of runs that meet the conditions but are retracted or have no finite value."""


def rank(tables: Tables, question: Question, goal: Goal, limit: int | None) -> Ranked:
    """Return the runs of ``tables`` that answer ``question``.

    NaN and infinities never rank. Ties: the earlier start, then the run id.

    Args:
        tables: the runs and what the question asks of them.
        question: metric, reading and conditions.
        goal: which way the metric is better.
        limit: at most so many rows; None for all.

    Raises:
        LedgerError: the engine failed.
    """
    module = load_duckdb()
    try:
        with connect() as connection:
            _load(connection, tables)
            return _ranked(connection, tables, question, goal, limit)
    except module.Error as error:
        message = f"the query engine failed: {str(error).splitlines()[0]}"
        raise LedgerError(message, hint="ask a simpler question, or report this") from error


def reading(question: Question, goal: Goal) -> str:
    """Return which field of Stat the question ranks by."""
    if question.verb in {"last", "final", "first"}:
        return question.verb
    return "high" if (question.verb == "best") == (goal == "max") else "low"


def is_descending(question: Question, goal: Goal) -> bool:
    """Whether the highest value comes first; the worst is the opposite extreme, worst first."""
    return (goal == "max") != (question.verb == "worst")


def _ranked(
    connection: DuckDBPyConnection,
    tables: Tables,
    question: Question,
    goal: Goal,
    limit: int | None,
) -> Ranked:
    # every name below is one of ours; what the user wrote is bound
    column = f"s.{reading(question, goal)}"
    order = "DESC" if is_descending(question, goal) else "ASC"
    bound: Bound = {"metric": question.metric}
    metrics = {stat.metric for stat in tables.stats}
    fact_keys = {fact.key for fact in tables.facts}
    tests = [
        _condition(number, each, column, question, bound, is_fact=each.key in fact_keys)
        if each.key in fact_keys or each.key in metrics
        else _of_nothing(each)
        for number, each in enumerate(question.conditions)
    ]
    statement = f"""
        SELECT r.run_id, {column}, NOT r.is_retracted AND coalesce(isfinite({column}), false)
        FROM runs r LEFT JOIN stats s ON s.run_id = r.run_id AND s.metric = $metric
        WHERE {" AND ".join(tests) or "true"}
        ORDER BY 3 DESC, {column} {order} NULLS LAST, r.started, r.run_id"""  # noqa: S608
    used = set(re.findall(r"\$(\w+)", statement))
    rows = connection.execute(statement, {k: bound[k] for k in used}).fetchall()
    ranks = tuple((run_id, number) for run_id, number, is_ranked in rows if is_ranked)
    out = tuple(run_id for run_id, _, is_ranked in rows if not is_ranked)
    return Ranked(rows=ranks if limit is None else ranks[:limit], left_out=out)


def _condition(  # noqa: PLR0913  # one call
    place: int,
    condition: Condition,
    ranked: str,
    question: Question,
    bound: Bound,
    *,
    is_fact: bool,
) -> str:
    """Return SQL that is true of runs meeting ``condition``; what it compares goes to ``bound``.

    A run without the key meets only ``!=``.
    """
    key = f"key{place}"
    if is_fact:
        bound[key] = condition.key
        source = f"FROM params p WHERE p.run_id = r.run_id AND p.key = ${key}"
        test = _fact_test(place, condition, bound)
    elif condition.key == question.metric:
        source, test = "WHERE true", _number_test(place, condition, ranked, bound)
    else:
        bound[key] = condition.key
        source = f"FROM stats m WHERE m.run_id = r.run_id AND m.metric = ${key}"
        test = _number_test(place, condition, "m.final", bound)
    denied = "NOT " if condition.operator == "!=" else ""
    return f"{denied}EXISTS (SELECT 1 {source} AND ({test}))"


def _number_test(place: int, condition: Condition, column: str, bound: Bound) -> str:
    number = typed(condition.literal).number
    if number is None or condition.operator not in _ORDERINGS:
        return "false"
    bound[f"number{place}"] = number
    return f"isfinite({column}) AND {column} {_ORDERINGS[condition.operator]} $number{place}"


def _fact_test(place: int, condition: Condition, bound: Bound) -> str:
    literal = typed(condition.literal)
    text = f"$text{place}"
    bound[f"text{place}"] = literal.text
    if condition.operator == "contains":
        return f"contains(lower(p.text), lower({text}))"
    sign = _ORDERINGS[condition.operator]
    if sign == "=":
        tests = [f"p.text = {text}"]
        if condition.key in PREFIXED:
            tests.append(f"(length({text}) >= 4 AND starts_with(p.text, {text}))")
    else:
        tests = [] if literal.number is not None else [f"p.number IS NULL AND p.text {sign} {text}"]
    if literal.flag is not None and sign == "=":
        bound[f"flag{place}"] = literal.flag
        tests.append(f"p.flag = $flag{place}")
    tests += _exact_tests(place, literal.whole, literal.number, sign, bound)
    return " OR ".join(f"({test})" for test in tests) or "false"


def _exact_tests(
    place: int, whole: str | None, number: float | None, sign: str, bound: Bound
) -> list[str]:
    """Return the numeric tests: integers exactly, all else as floats."""
    if number is None:
        return []
    bound[f"number{place}"] = number
    if whole is None:
        return [f"p.number {sign} $number{place}"]
    bound[f"whole{place}"] = whole
    return [
        f"p.whole {sign} $whole{place}::HUGEINT",
        f"p.whole IS NULL AND p.number {sign} $number{place}",
    ]


def _of_nothing(condition: Condition) -> str:
    """Return the test for a key that no run has a value of; only ``!=`` is true of nothing."""
    return "true" if condition.operator == "!=" else "false"


def _load(connection: DuckDBPyConnection, tables: Tables) -> None:
    connection.execute(files("ledger.reader").joinpath("views.sql").read_text(encoding="utf-8"))
    runs = [(run.run_id, run.started.replace(tzinfo=None), run.is_retracted) for run in tables.runs]
    stats = [
        (s.run_id, s.metric, *map(_float, (s.last, s.final, s.first, s.low, s.high)))
        for s in tables.stats
    ]
    facts = [
        (f.run_id, f.key, f.value.text, f.value.number, f.value.whole, f.value.flag)
        for f in tables.facts
    ]
    _insert(connection, "runs", ("VARCHAR", "TIMESTAMP", "BOOLEAN"), runs)
    _insert(connection, "stats", ("VARCHAR", "VARCHAR", *["DOUBLE"] * 5), stats)
    kinds = ("VARCHAR", "VARCHAR", "VARCHAR", "DOUBLE", "HUGEINT", "BOOLEAN")
    _insert(connection, "params", kinds, facts)


def _insert(
    connection: DuckDBPyConnection,
    table: str,
    kinds: Sequence[str],
    rows: Sequence[tuple[object, ...]],
) -> None:
    """Insert ``rows`` column by column: one statement, however many rows."""
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        marks = ", ".join(f"unnest(?::{kind}[])" for kind in kinds)
        connection.execute(f"INSERT INTO {table} SELECT {marks}", columns)


def _float(number: float | None) -> float | None:
    """Return ``number`` as the float DuckDB stores; an integer beyond every float is infinite."""
    try:
        return None if number is None else float(number)
    except OverflowError:
        return math.inf if number is not None and number > 0 else -math.inf


def connect(attached: Mapping[str, str] | None = None) -> DuckDBPyConnection:
    """Return a fresh database in memory that can reach no file, network or extension.

    Args:
        attached: database files by the name they get; they can be read, not written.
    """
    connection: DuckDBPyConnection = load_duckdb().connect(":memory:", config={"threads": 1})
    for name, path in (attached or {}).items():
        escaped = path.replace("'", "''")
        connection.execute(f"ATTACH '{escaped}' AS {name} (READ_ONLY)")
    connection.execute(_HARDENED)
    return connection


def load_duckdb() -> ModuleType:
    """Return the first of MODULES that is there.

    Raises:
        ImportError: none is.
    """
    *private, public = MODULES
    for name in private:
        try:
            return import_module(name)
        except ImportError:
            continue
    return import_module(public)

"""Which runs a question is about, as SQL."""

from __future__ import annotations

from ledger.errors import UnknownNameError
from ledger.reader.asking.conditions import test_sql
from ledger.reader.asking.keys import UnknownWordError
from ledger.reader.names import unknown
from ledger.reader.question.moments import period_of
from ledger.reader.reference import find_run


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.reader.asking.bound import Bound
    from ledger.reader.asking.conditions import Asking
    from ledger.reader.index import Index
    from ledger.reader.ledger import Ledger
    from ledger.reader.question.values import Scope

_MIN_PREFIX = 4
_SETS = """
    SELECT run_id, list(coalesce(name, '') || chr(31) || coalesce(hash, '')
        ORDER BY coalesce(name, ''), coalesce(hash, '')) AS sets
    FROM data GROUP BY run_id"""


def scope_sql(ledger: Ledger, index: Index, scope: Scope, asking: Asking) -> str:
    """Return SQL that is true of the runs ``r`` that ``scope`` is about.

    In questions about trials the conditions are on the trials ``t``, everything else on ``r``.

    Raises:
        UnknownNameError: no run has the tag or the data, or names the run that was given.
    """
    bound = asking.bound
    tests = [] if scope.where is None else [test_sql(scope.where, asking)]
    if scope.since is not None:
        tests.append(f"r.started >= {_edge(scope.since, asking, is_end=False)}")
    if scope.until is not None:
        tests.append(f"r.started < {_edge(scope.until, asking, is_end=True)}")
    for tag in scope.tags:
        _refuse_unknown_tag(index, tag)
        tests.append(f"list_contains(r.tags, {bound.mark(tag)})")
    tests += [_data_test(ledger, index, name, bound) for name in scope.data]
    return " AND ".join(tests) or "true"


def _edge(time: str, asking: Asking, *, is_end: bool) -> str:
    period = period_of(time, asking.now)
    if period is None:
        message = f"{time!r} is no time"
        raise UnknownNameError(message, hint=f"write it as {asking.now:%Y-%m-%d}")
    return asking.bound.mark((period.end if is_end else period.start).replace(tzinfo=None))


def _refuse_unknown_tag(index: Index, tag: str) -> None:
    tags = [str(each) for (each,) in index.rows("SELECT DISTINCT unnest(tags) FROM runs")]
    if tag not in tags:
        kind = "tag"
        raise UnknownWordError(unknown(kind, tag, tags), tag)


def _data_test(ledger: Ledger, index: Index, name: str, bound: Bound) -> str:
    mark = bound.mark(name)
    is_called = f"name = {mark} OR path = {mark} OR hash = {mark}"
    if len(name) >= _MIN_PREFIX:
        is_called += (
            f" OR starts_with(hash, {mark}) OR starts_with(split_part(hash, ':', 2), {mark})"
        )
    statement = f"SELECT 1 FROM data WHERE {is_called} LIMIT 1"  # noqa: S608  # marks
    if not name.startswith("@") and index.rows(statement, bound.of(statement)):
        return f"r.run_id IN (SELECT run_id FROM data WHERE {is_called})"  # noqa: S608  # marks
    run_id = _run_id(ledger, index, name)
    if not index.rows("SELECT 1 FROM data WHERE run_id = ? LIMIT 1", [run_id]):
        message = f"the run {run_id} names no data"
        raise UnknownWordError(UnknownNameError(message, hint="name the data by its path"), name)
    same = f"SELECT a.run_id FROM ({_SETS}) a JOIN ({_SETS}) b ON a.sets = b.sets"  # noqa: S608  # ours
    return f"r.run_id IN ({same} WHERE b.run_id = {bound.mark(run_id)})"


def _run_id(ledger: Ledger, index: Index, name: str) -> str:
    """Return the id of the run called ``name``; without a run so called, data was meant."""
    if name == "@latest":
        statement = (
            "SELECT run_id FROM runs WHERE NOT is_retracted ORDER BY started DESC, run_id DESC"
        )
        found = index.rows(f"{statement} LIMIT 1")
        if found:
            return str(found[0][0])
    try:
        return find_run(ledger, name).run_id
    except UnknownNameError as error:
        if name.startswith("@"):
            raise UnknownWordError(error, name) from error
    statement = "SELECT DISTINCT unnest([name, path, hash]) FROM data"
    known = [str(each) for (each,) in index.rows(statement) if each is not None]
    kind = "data set or run"
    raise UnknownWordError(unknown(kind, name, known), name)

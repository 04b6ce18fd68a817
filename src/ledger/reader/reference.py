"""Which run is meant: by id, by the beginning of a part of it, ``@latest``, ``@best:val_acc``."""

from __future__ import annotations

import re

from ledger.contract.layout import TOKEN_LENGTH, why_illegal
from ledger.errors import LedgerError, UnknownNameError
from ledger.reader.index import open_index
from ledger.reader.names import nearest, no_runs


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.reader.index import Index
    from ledger.reader.ledger import Ledger, StoredRun

_SHOWN = 5
_DATED = r"\d{4}-\d{2}-\d{2}_\d{4}_(.+)"
_TOKEN = rf".+-([^-]{{{TOKEN_LENGTH}}})"
_BEGINS = f"""
    starts_with(lower(run_id), $start) OR starts_with(lower(name), $start)
    OR starts_with(lower(regexp_extract(run_id, '^{_DATED}$', 1)), $start)
    OR starts_with(lower(regexp_extract(run_id, '^{_TOKEN}$', 1)), $start)"""
_LATEST = """
    SELECT run_id FROM runs WHERE NOT is_retracted ORDER BY started DESC, run_id DESC LIMIT 1"""


def find_run(ledger: Ledger, reference: str) -> StoredRun:
    """Return the run that ``reference`` names; a retracted one only by its own name.

    Args:
        ledger: the runs.
        reference: an id, its folder, the unique beginning of an id, of a name or of the 8
            characters at an id's end; ``@latest``; ``@best:<metric>``.

    Raises:
        UnknownNameError: no run, or several.
        MalformedError: that run's record does not follow the format.
    """
    wanted = reference.strip().rstrip("/").rpartition("/")[2] if "@" not in reference else reference
    if wanted.startswith("@"):
        return _by_sign(ledger, wanted)
    path = ledger.source.locate(wanted) if why_illegal(wanted) is None else None
    if path is not None:
        return ledger.load(wanted)
    index = open_index(ledger)
    _refuse_broken(index, wanted)
    found = _matches(index, wanted, reference)
    if not found:
        raise _unknown_run(index, reference, wanted)
    if len(found) > 1:
        shown = ", ".join(found[:_SHOWN])
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        message = f"{reference!r} may be any of {len(found)} runs"
        raise UnknownNameError(message, hint=f"write more of the id: {shown}{more}")
    return ledger.load(found[0])


def _matches(index: Index, wanted: str, reference: str) -> list[str]:
    """Return the ids of the runs that may be meant, by start."""
    for name in (reference, wanted):
        named = _ids(index, "name = $name", {"name": name})
        if len(named) == 1:
            return named
    folded = wanted.casefold()
    return _ids(index, _BEGINS, {"start": folded}) if folded else []


def _ids(index: Index, condition: str, bound: dict[str, object]) -> list[str]:
    statement = f"SELECT run_id FROM runs WHERE {condition} ORDER BY started, run_id"  # noqa: S608
    return [str(run_id) for (run_id,) in index.rows(statement, bound)]


def _unknown_run(index: Index, reference: str, wanted: str) -> UnknownNameError:
    rows = index.rows("SELECT run_id, name FROM runs")
    if not rows:
        return no_runs(index.broken)
    ids = {part: str(run_id) for run_id, name in rows for part in _parts(str(run_id), str(name))}
    near = list(dict.fromkeys(ids[part] for part in nearest(wanted, ids, n=5)))[:3]
    message = f"no run is called {reference!r}"
    return UnknownNameError(
        message, hint=f"did you mean {' or '.join(near)}?" if near else "see `ledger ls`"
    )


def _parts(run_id: str, name: str) -> tuple[str, ...]:
    """Return what a reference to the run may begin with."""
    dated = re.fullmatch(_DATED, run_id)
    token = re.fullmatch(_TOKEN, run_id)
    parts = [run_id, name, *([dated[1]] if dated else []), *([token[1]] if token else [])]
    return tuple(part.casefold() for part in parts)


def _by_sign(ledger: Ledger, sign: str) -> StoredRun:
    if sign == "@latest":
        index = open_index(ledger)
        latest = index.rows(_LATEST)
        if not latest:
            raise no_runs(index.broken)
        return ledger.load(str(latest[0][0]))
    head, _, metric = sign.partition(":")
    if head != "@best" or not metric:
        message = f"{sign!r} names no run"
        raise LedgerError(message, hint="write @latest or @best:<metric>")
    # only this reference needs the query engine
    from ledger.reader.question import Ranking  # noqa: PLC0415
    from ledger.reader.ranking import ask  # noqa: PLC0415

    answer = ask(ledger, Ranking(verb="best", metric=metric), text=f"best {metric}", limit=1)
    if not answer.rows:
        message = f"no run has a finite {metric}"
        raise UnknownNameError(message, hint="see `ledger ls`")
    return ledger.load(answer.rows[0].run_id)


def _refuse_broken(index: Index, wanted: str) -> None:
    for broken in index.broken:
        if wanted and wanted in broken.path.split("/"):
            raise broken.error.at(broken.path)

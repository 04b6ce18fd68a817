"""Which run is meant: by id, by the beginning of a part of it, ``@latest``, ``@best:val_acc``."""

from __future__ import annotations

import re

from ledger.contract.layout import TOKEN_LENGTH
from ledger.errors import LedgerError, UnknownNameError
from ledger.reader.ledger import kept
from ledger.reader.names import nearest, no_runs


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.reader.ledger import Ledger, StoredRun

_SHOWN = 5
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}_\d{4}_(.+)")


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
    _refuse_broken(ledger, wanted)
    if not ledger.runs:
        raise no_runs(ledger.broken)
    if wanted.startswith("@"):
        return _by_sign(ledger, wanted)
    found = _matches(ledger, wanted, reference)
    if not found:
        raise _unknown_run(ledger, reference, wanted)
    if len(found) > 1:
        shown = ", ".join(run.run_id for run in found[:_SHOWN])
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        message = f"{reference!r} may be any of {len(found)} runs"
        raise UnknownNameError(message, hint=f"write more of the id: {shown}{more}")
    return found[0]


def _matches(ledger: Ledger, wanted: str, reference: str) -> list[StoredRun]:
    if wanted in ledger.by_id:
        return [ledger.by_id[wanted]]
    for name in (reference, wanted):
        named = [run for run in ledger.runs if run.record.name == name]
        if len(named) == 1:
            return named
    folded = wanted.casefold()
    if not folded:
        return []
    return [run for run in ledger.runs if any(part.startswith(folded) for part in _parts(run))]


def _parts(run: StoredRun) -> tuple[str, ...]:
    dated = _DATED.fullmatch(run.run_id)
    parts = [run.run_id, run.record.name, dated[1] if dated else run.run_id]
    head, dash, token = run.run_id.rpartition("-")
    if head and dash and len(token) == TOKEN_LENGTH:
        parts.append(token)
    return tuple(part.casefold() for part in parts)


def _unknown_run(ledger: Ledger, reference: str, wanted: str) -> UnknownNameError:
    ids = {part: run.run_id for run in ledger.runs for part in _parts(run)}
    near = list(dict.fromkeys(ids[part] for part in nearest(wanted, ids, n=5)))[:3]
    message = f"no run is called {reference!r}"
    return UnknownNameError(
        message, hint=f"did you mean {' or '.join(near)}?" if near else "see `ledger ls`"
    )


def _by_sign(ledger: Ledger, sign: str) -> StoredRun:
    if sign == "@latest":
        runs = kept(ledger.runs)
        if not runs:
            raise no_runs()
        return runs[-1]
    head, _, metric = sign.partition(":")
    if head != "@best" or not metric:
        message = f"{sign!r} names no run"
        raise LedgerError(message, hint="write @latest or @best:<metric>")
    # only this reference needs the query engine
    from ledger.reader.question import Question  # noqa: PLC0415
    from ledger.reader.ranking import ask  # noqa: PLC0415

    answer = ask(ledger, Question(verb="best", metric=metric), text=f"best {metric}", limit=1)
    if not answer.rows:
        message = f"no run has a finite {metric}"
        raise UnknownNameError(message, hint="see `ledger ls`")
    return ledger.by_id[answer.rows[0].run_id]


def _refuse_broken(ledger: Ledger, wanted: str) -> None:
    for broken in ledger.broken:
        if wanted and wanted in broken.path.split("/"):
            raise broken.error.at(broken.path)

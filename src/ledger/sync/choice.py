"""Which runs a sync is about: those that are named, or all that have ended."""

from __future__ import annotations

from ledger.errors import LedgerError, MalformedError, UnknownNameError
from ledger.reader.question.moments import period_of
from ledger.reader.reference import find_run
from ledger.sync.plan import plan_run, refuse_running
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.reader.ledger import Ledger, StoredRun
    from ledger.sync.plan import Plan


@value
class Choice:
    """The runs that are sent, and what is told of others."""

    runs: tuple[StoredRun, ...]
    told: tuple[str, ...]
    """One line for each record that cannot be read, and one for those left out."""
    is_broken: bool
    """Whether a record could not be read."""


def choose(ledger: Ledger, names: Sequence[str], *, since: str | None, tool: str) -> Choice:
    """Return the runs called ``names``, or all that have ended, by start.

    Of all, those are left out that are running, retracted, or came from ``tool`` itself.

    Args:
        ledger: the runs.
        names: as for ``find_run``; empty for all.
        since: of all only those that started then or later: ``yesterday``, ``2026-02-01``.
        tool: the tracker they are sent to.

    Raises:
        UnknownNameError: a name names no run, or no run is left.
        LedgerError: a run that was named is still running, or ``since`` is no time.
    """
    if names:
        named = {run.run_id: run for run in (find_run(ledger, name) for name in names)}
        for run in named.values():
            refuse_running(ledger, run)
        return Choice(runs=tuple(named.values()), told=(), is_broken=False)
    begin = None if since is None else period_of(since, ledger.now)
    if since is not None and begin is None:
        message = f"{since!r} is no time"
        raise LedgerError(message, hint='write "yesterday", "3 days ago" or 2026-02-01')
    runs = [run for run in ledger.runs if begin is None or run.started >= begin.start]
    reasons = [_why_not(ledger, run, tool) for run in runs]
    kept = tuple(run for run, why in zip(runs, reasons, strict=True) if why is None)
    counts = {why: reasons.count(why) for why in dict.fromkeys(reasons) if why}
    told = [str(broken) for broken in ledger.broken]
    others = "left out: " + ", ".join(f"{n} {why}" for why, n in counts.items())
    if not kept:
        message = "no run has ended" + (f" since {since}" if since else "")
        raise UnknownNameError(message, hint=others if counts else "see `ledger ls`")
    if counts:
        told.append(others)
    return Choice(runs=kept, told=tuple(told), is_broken=bool(ledger.broken))


def plans(ledger: Ledger, runs: Sequence[StoredRun]) -> Iterator[Plan | MalformedError]:
    """Yield what is sent of each of ``runs``, one held at a time; or why one cannot be read."""
    for run in runs:
        try:
            yield plan_run(ledger, run)
        except MalformedError as error:
            yield error


def _why_not(ledger: Ledger, run: StoredRun, tool: str) -> str | None:
    if ledger.status(run) == "running":
        return "running"
    if run.is_retracted:
        return "retracted"
    source = run.record.document.get("imported_from")
    is_own = isinstance(source, dict) and str(source.get("tool", "")).casefold() == tool
    return f"imported from {tool}" if is_own else None

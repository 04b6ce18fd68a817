"""Choosing a run: a file beside its record says over what it was chosen, and why."""

from __future__ import annotations

import os

from ledger.contract.layout import DECISION_NAME
from ledger.errors import LedgerError
from ledger.storage.files import replace_file
from ledger.value import value
from ledger.writer.retract import ended_record


TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@value
class Choice:
    """What a person decided."""

    chosen: str
    """``RUN`` or ``RUN#TRIAL``."""
    why: str
    over: str
    """The question or the sweep that the others are of."""
    standing: str
    """What was measured of the chosen one, in a line."""
    rejected: tuple[str, ...]
    """The others in a line each, the best first."""
    evidence: tuple[str, ...]
    """What a review says, a line each."""


def write_decision(run_dir: Path, choice: Choice, *, by: str | None, now: datetime) -> Path:
    """Write the decision for the run in ``run_dir``, or for a trial of it, and return its path.

    Args:
        run_dir: the run's folder.
        choice: what was decided.
        by: who decided; None where git knows no name.
        now: UTC.

    Raises:
        LedgerError: no reason, the run is not sealed, or it was chosen before.
        OSError: the file cannot be written.
    """
    if not choice.why.strip():
        message = "a decision says why"
        raise LedgerError(message, hint="add --why with what decided it")
    record = ended_record(run_dir)
    path = run_dir / DECISION_NAME
    if os.path.lexists(path):
        message = f"a decision about {record.run_id} is there already"
        raise LedgerError(message, hint=f"edit {DECISION_NAME} to say more", path=path)
    lines = [f"# Decision: {choice.chosen}", "", choice.why.strip(), ""]
    lines += [f"- chosen: {choice.chosen} ({choice.standing})", f"- over: {choice.over}"]
    lines += [f"- by: {by}"] if by else []
    lines += [f"- at: {now.isoformat(timespec='seconds')}", ""]
    lines += ["## Rejected", "", *(f"- {line}" for line in choice.rejected or ("nothing",)), ""]
    lines += ["## Evidence", "", *(f"- {line}" for line in choice.evidence), ""]
    replace_file(os.fspath(path), "\n".join(lines).encode("utf-8"))
    return path

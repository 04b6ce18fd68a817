"""What every importer reads out of its tool: one sweep, its trials and the rows of its curves."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ledger.capture.data import public_address
from ledger.contract.redaction import redact_text
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from ledger.contract.metrics import Cell


@value
class ForeignTrial:
    """One trial, as its tool left it."""

    trial_id: str
    """Text: ``00`` is not ``0``."""
    params: Mapping[str, object]
    attempt: int = 0
    """Which attempt at the trial is known; of earlier ones tools keep nothing."""
    status: str | None = None
    """finished, failed or interrupted; None where nothing says."""
    score: float | None = None
    """What the tool says, finite or not."""
    best_epoch: int | None = None
    """In the numbers of the rows."""
    started: datetime | None = None
    """With its zone; so is ``ended``."""
    ended: datetime | None = None
    message: str | None = None
    parent: str | None = None
    """The trial of the same sweep that it goes on with."""


@value
class ForeignRow:
    """One row of a curve."""

    trial_id: str
    attempt: int
    execution: int | None
    epoch: int | None
    step: int | None
    cells: tuple[Cell, ...]
    """One for each of the sweep's ``metrics``, then one for each of its ``texts``."""


@value
class ForeignSweep:
    """One search or study of another tool."""

    tool: str
    name: str
    uri: str
    """Where it was read; see ``shown_uri``."""
    id: str
    """What the tool calls it."""
    digest: str
    """64 hex digits over what was read, file names and times of files aside."""
    trials: tuple[ForeignTrial, ...]
    """In the order in which they began."""
    rows: Sequence[ForeignRow]
    metrics: tuple[str, ...]
    texts: tuple[str, ...] = ()
    """Columns that are neither param nor metric."""
    goals: Mapping[str, str] = {}
    """min or max, by metric, where the tool says so."""
    objective: tuple[str, str] | None = None
    """(metric, min or max)."""
    why_no_objective: str = "the source does not tell which metric was the objective"
    """What is told where there is none."""
    tuner: str | None = None
    space: Mapping[str, object] | None = None
    max_trials: int | None = None
    about: Mapping[str, object] = {}
    """More that ``sweep`` of the record is to say."""
    config: Mapping[str, object] = {}
    seed: int | None = None
    status: str = "finished"
    started: datetime
    """With its zone."""
    ended: datetime | None = None
    are_times_said: bool = True
    """Whether the tool says when it was; else these are the times of its files."""
    epoch_base: int | None = None
    """The number of the first epoch; None where that is not known."""
    recorded_as: str | None = None
    """The run that recorded it while it ran."""
    said: tuple[str, ...] = ()
    """What a reader of the run should know, a sentence each."""


@value
class Source:
    """One search or study that may be imported."""

    shown: str
    read: Callable[[], ForeignSweep]
    """Raises LedgerError."""


@value
class Around:
    """What an importer knows of this machine."""

    root: Path
    """Of the ledger's project: what lies in it is shown relative to it."""
    home: Path | None = None
    """The user's own folder, shown as ``~``."""
    registry: Path | None = None
    """Where kt-masterlog keeps its manifests."""


def digest_of(parts: Iterable[tuple[str, bytes]]) -> str:
    """Return the SHA-256 of ``parts``, (name, bytes) in any order, as hex."""
    whole = hashlib.sha256()
    for name, data in sorted(parts):
        whole.update(f"{hashlib.sha256(data).hexdigest()}  {name}\n".encode("utf-8", "replace"))
    return whole.hexdigest()


def shown_uri(path: Path, around: Around) -> str:
    """Return the ``path`` of a file or folder as a record may show it."""
    full = Path(os.path.realpath(path))
    inside = Path(os.path.realpath(around.root))
    if full.is_relative_to(inside):
        return redact_text(full.relative_to(inside).as_posix())
    if around.home and full.is_relative_to(around.home):
        return redact_text(f"~/{full.relative_to(around.home).as_posix()}")
    return redact_text(full.as_posix())


def shown_address(url: str) -> str:
    """Return the address ``url`` without user, password and query."""
    return redact_text(public_address(url) or url)

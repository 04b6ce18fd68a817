"""What a run's status is now: a record that says ``running`` outlives a writer that was killed."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from ledger.capture.process import is_gone, writer_of
from ledger.contract.json_text import as_list, as_object, as_text
from ledger.reader.times import parse_time


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.contract.json_text import Json
    from ledger.contract.metrics import Table
    from ledger.contract.record import RunRecord

SILENCE = timedelta(hours=1)
"""How long a writer on another host may be silent before its run counts as crashed."""
GAPS = 10
"""A slow training may be silent for this many of its own longest pauses between rows."""


def shown_status(
    record: RunRecord, *, tables: Sequence[Table], modified: float | None, now: datetime
) -> str:
    """Return ``record``'s status, with ``crashed`` for a running one whose writer is gone.

    On the writer's own host its process decides. Elsewhere the newest heartbeat or row must not
    be older than one hour, or ten times the largest gap between rows if that is more.

    Args:
        record: the run's record.
        tables: its metrics tables; their ``time`` column is seconds since the start of the run.
        modified: when a table last changed, seconds since 1970; used where rows tell no time.
        now: UTC.
    """
    if record.status != "running":
        return record.status
    session = _last_session(record)
    writer = writer_of(record)
    gone = is_gone(writer) if writer is not None else None
    if gone is not None:
        return "crashed" if gone else "running"
    times = sorted(_row_times(tables))
    gap = max((b - a for a, b in pairwise(times)), default=0.0)
    allowed = max(SILENCE, timedelta(seconds=min(GAPS * gap, 1e9)))
    newest = _newest_sign(record, session, times, modified)
    return "crashed" if newest is None or now - newest > allowed else "running"


def _last_session(record: RunRecord) -> dict[str, Json]:
    sessions = as_list(record.document.get("sessions"))
    return as_object(sessions[-1]) if sessions else {}


def _newest_sign(
    record: RunRecord, session: dict[str, Json], times: list[float], modified: float | None
) -> datetime | None:
    """Return the last moment the writer is known to have lived.

    A checkout gives a table a new modification time, so the rows' own times go before it.
    """
    started = parse_time(record.started)
    stamps = (as_text(session.get(key)) for key in ("heartbeat", "start"))
    signs = [parse_time(stamp) for stamp in stamps if stamp]
    if times and started is not None:
        signs.append(started + timedelta(seconds=min(times[-1], 1e9)))
    elif modified is not None:
        signs.append(datetime.fromtimestamp(modified, tz=UTC))
    return max((sign for sign in (*signs, started) if sign is not None), default=None)


def _row_times(tables: Sequence[Table]) -> Iterator[float]:
    for table in tables:
        if "time" not in table.header:
            continue
        place = table.header.index("time")
        for row in table.rows:
            try:
                seconds = float(row[place])
            except ValueError:
                continue
            if math.isfinite(seconds) and seconds >= 0:
                yield seconds

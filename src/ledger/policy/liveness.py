"""Whether the process that writes a run is known to live, or to be gone."""

from __future__ import annotations


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.record import RunRecord


def is_alive(record: RunRecord) -> bool:
    """Whether ``record`` is running and its process is seen on this host; unknown is no."""
    if record.status != "running":
        return False
    from ledger.capture.process import is_gone, writer_of  # noqa: PLC0415  # sockets, only here

    process = writer_of(record)
    return process is not None and is_gone(process) is False


def is_abandoned(record: RunRecord) -> bool:
    """Whether ``record`` is running and its process is known to be gone; unknown is no."""
    from ledger.capture import process  # noqa: PLC0415  # sockets, only here

    return process.is_abandoned(record)

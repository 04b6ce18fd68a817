"""Whether the process that writes a run is known to live."""

from __future__ import annotations

from ledger.contract.json_text import as_list, as_object, as_text


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.record import RunRecord


def is_alive(record: RunRecord) -> bool:
    """Whether ``record`` is running and its process is seen on this host; unknown is no."""
    sessions = as_list(record.document.get("sessions"))
    if record.status != "running" or not sessions:
        return False
    session = as_object(sessions[-1])
    pid, hostname = session.get("pid"), as_text(session.get("hostname"))
    if not isinstance(pid, int) or hostname is None:
        return False
    from ledger.capture.process import ProcessIdentity, is_gone  # noqa: PLC0415  # sockets, only here

    process = ProcessIdentity(
        pid=pid,
        pid_start=as_text(session.get("pid_start")),
        boot_id=as_text(session.get("boot_id")),
        hostname=hostname,
    )
    return is_gone(process) is False

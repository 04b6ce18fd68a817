"""Who runs: this process, told apart from another that got the same pid or a later boot."""

from __future__ import annotations

import os
import socket
import sys
import time

from ledger.contract.json_text import as_list, as_object, as_text
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json
    from ledger.contract.record import RunRecord

_DEAD = {"Z", "X"}


@value
class ProcessIdentity:
    """What tells one process from every other on any host."""

    pid: int
    pid_start: str | None
    """Start time in the kernel's own unit; None where the system does not tell."""
    boot_id: str | None
    hostname: str
    pid_namespace: str | None = None
    """What pids are counted in: containers of one host have each their own; None where untold."""

    def to_json(self) -> dict[str, Json]:
        """Return what a session of run.json says of its process."""
        return dict(as_dict(self))  # type: ignore[arg-type]  # plain fields


def this_process() -> ProcessIdentity:
    """Return the identity of the running process."""
    pid = os.getpid()
    return ProcessIdentity(
        pid=pid,
        pid_start=process_start(pid),
        boot_id=boot_id(),
        hostname=socket.gethostname(),
        pid_namespace=pid_namespace(),
    )


def writer_of(record: RunRecord) -> ProcessIdentity | None:
    """Return the process that wrote ``record`` last, None where the record names none."""
    return process_in(as_object(next(reversed(as_list(record.document.get("sessions"))), None)))


def process_in(facts: Mapping[str, Json]) -> ProcessIdentity | None:
    """Return the process that a session, or the file of a worker, names; None where none is."""
    pid, hostname = facts.get("pid"), as_text(facts.get("hostname"))
    if not isinstance(pid, int) or hostname is None:
        return None
    return ProcessIdentity(
        pid=pid,
        pid_start=as_text(facts.get("pid_start")),
        boot_id=as_text(facts.get("boot_id")),
        hostname=hostname,
        pid_namespace=as_text(facts.get("pid_namespace")),
    )


def is_working(facts: Mapping[str, Json]) -> bool:
    """Whether the file of a worker says that it runs, and its process is seen; unknown is no."""
    process = process_in(facts) if facts.get("status") == "running" else None
    return process is not None and is_gone(process) is False


def is_abandoned(record: RunRecord) -> bool:
    """Whether ``record`` is unsealed and its process is known to be gone; unknown is no."""
    if "files" in record.document or record.status != "running":
        return False
    process = writer_of(record)
    return process is not None and is_gone(process) is True


def is_gone(process: ProcessIdentity) -> bool | None:
    """Whether ``process`` no longer runs; None where it cannot be asked for from here.

    That is so on another host, and in another container of a host that has not booted since.
    """
    if process.hostname != socket.gethostname():
        return None
    here = boot_id()
    if process.boot_id is not None and here is not None and process.boot_id != here:
        return True
    if process.pid_namespace not in {None, pid_namespace()}:
        return None
    start = process_start(process.pid)
    if start is not None and process.pid_start is not None:
        return start != process.pid_start
    return _is_dead(process.pid) or not _exists(process.pid)


def boot_id() -> str | None:
    """Return what changes with every boot of this host (and with a container's host), or None."""
    return _read("/proc/sys/kernel/random/boot_id")


def pid_namespace() -> str | None:
    """Return the namespace that the pids of this process are counted in, None where untold."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return None


def process_start(pid: int) -> str | None:
    """Return the start time of ``pid`` in clock ticks since boot, None when gone or untold."""
    fields = _facts(pid)
    return None if fields is None or fields[0] in _DEAD else fields[19]


def seconds_since_start(pid: int) -> float | None:
    """Return how long ``pid`` has been running, seconds, None where the system does not tell."""
    ticks = process_start(pid)
    if ticks is None or not hasattr(time, "CLOCK_BOOTTIME"):
        return None
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(ticks) / os.sysconf("SC_CLK_TCK")


def _facts(pid: int) -> list[str] | None:
    """Return the fields of /proc/<pid>/stat from the state on, None where there is none."""
    stat = _read(f"/proc/{pid}/stat")
    # the second field is the program's name in parentheses, and may hold anything
    return None if stat is None else stat.rpartition(")")[2].split()


def _is_dead(pid: int) -> bool:
    """Whether ``pid`` has ended and only waits for its parent to notice; False where untold."""
    fields = _facts(pid)
    return fields is not None and fields[0] in _DEAD


def _exists(pid: int) -> bool:
    if pid <= 0 or sys.platform == "win32":
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # it runs, and belongs to somebody else
    return True


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return None

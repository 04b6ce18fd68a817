"""run.json while its run lives: one document, one lock, one function that writes it.

The file of a worker, ``worker.<worker>.json``, is kept in the same way by the worker.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from ledger.contract.config import to_json
from ledger.contract.json_text import as_list, as_object, as_text
from ledger.contract.layout import RECORD_NAME, worker_file
from ledger.contract.record import encode_record
from ledger.contract.worker import encode_worker, fold
from ledger.writer.narrate import warn
from ledger.writer.worker_files import is_sealed


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ledger.contract.json_text import Json
    from ledger.contract.worker import Worker
    from ledger.writer.home import Home


class RecordFile:
    """Owns the document of one run and its file; safe to use from several threads.

    Args:
        home: where the run's files are.
        document: what is known so far.
        worker: the worker whose document it is; "" for the record itself.
    """

    def __init__(self, home: Home, document: dict[str, Json], worker: str = "") -> None:
        self.home = home
        self.document = document
        self.worker = worker
        self.name = worker_file(worker) if worker else RECORD_NAME
        self.lock = threading.RLock()
        self._is_closed = False
        self._told: set[str] = set()
        self._reasons: dict[str, str] = {}
        self._turn = 0

    def create(self) -> None:
        """Write the first version.

        Raises:
            OSError: the disk is full or the folder read-only.
        """
        with self.lock:
            self.home.write(self.name, self._encode())

    def update(
        self, sections: Mapping[str, Json], *, drops: Iterable[str] = (), closes: bool = False
    ) -> bool:
        """Replace ``sections`` of the record and the file as a whole.

        A write that fails is told once on stderr and marked in the record, never raised. After a
        write that ``closes`` the record later ones are ignored.

        Args:
            sections: the new sections by key.
            drops: keys that the record no longer has.
            closes: whether this is the last write.

        Returns:
            whether the file holds the sections now.
        """
        with self.lock:
            if self.is_closed:
                return False
            self.document |= sections
            for key in drops:
                self.document.pop(key, None)
            self._touch_heartbeat()
            self._is_closed = closes
            return self._write()

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is written; a worker's part ends with the seal of the run, too."""
        if not self._is_closed and self.worker and is_sealed(self.home.folder):
            self._is_closed = True
            warn(f"{self.home.run_dir.name} is sealed; what is recorded from now on is lost")
        return self._is_closed

    def adopt(self, workers: Sequence[Worker]) -> None:
        """Take over what the workers of the run state; it is written with the next update."""
        with self.lock:
            own = as_text(self.document.get("incomplete"))
            self.document |= fold(self.document, workers)
            missing = as_text(self.document.get("incomplete"))
            if missing != own:
                self._reasons["workers"] = str(missing).removeprefix(f"{own}; ")

    def _write(self) -> bool:
        """Write the document; again when the handler of a signal wrote it while we did."""
        is_written = False
        while not is_written:
            self._turn += 1
            turn = self._turn
            failure = None
            try:
                self.home.write(self.name, self._encode())
            except OSError as error:
                failure = error
            is_written = turn == self._turn
        if failure is not None:
            why = failure.strerror or failure
            self.mark_incomplete(self.name, f"{self.name} could not be written: {why}")
        return failure is None

    def add_warning(self, warning: str) -> None:
        """Let the record say from now on what a reader of it should know."""
        with self.lock:
            known = as_list(self.document.get("warnings"))
            self.update({"warnings": [*known, warning]})

    def mark_incomplete(self, what: str, reason: str) -> None:
        """Say once what could not be recorded, and let the record say it from now on.

        Args:
            what: the part that is incomplete; a later reason for the same part replaces it.
            reason: a sentence.
        """
        with self.lock:
            self._reasons[what] = reason
            self.document["incomplete"] = "; ".join(self._reasons.values())
            if what not in self._told:
                self._told.add(what)
                warn(f"{self.home.run_dir.name}: {reason}; training goes on")

    def _encode(self) -> bytes:
        encode = encode_worker if self.worker else encode_record
        try:
            return encode(self.document)
        except (TypeError, ValueError):  # text that UTF-8 cannot hold, or no JSON at all
            return encode(as_object(to_json(self.document)))

    def _touch_heartbeat(self) -> None:
        if self.worker:
            self.document["heartbeat"] = now_text()
        sessions = as_list(self.document.get("sessions"))
        if sessions:
            as_object(sessions[-1])["heartbeat"] = now_text()


def now_text() -> str:
    """Return the present moment as records write it: ISO 8601, UTC, milliseconds."""
    return datetime.now(tz=UTC).isoformat(timespec="milliseconds")


def time_text(moment: datetime) -> str:
    """Return ``moment``, which knows its zone, as records write it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")

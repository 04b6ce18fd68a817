"""One run, read once: its record, note and tables, and what could not be read of them."""

from __future__ import annotations

from ledger.contract.json_text import as_object, as_text, parse_json
from ledger.contract.layout import NOTE_NAME, RECORD_NAME, TABLE_NAME, is_table, is_worker
from ledger.contract.metrics import decode_table
from ledger.contract.note import parse_note
from ledger.contract.record import parse_record
from ledger.contract.worker import parse_worker
from ledger.errors import MalformedError
from ledger.policy.told import is_as_told
from ledger.storage.tree import EXECUTABLE, REGULAR
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar

    from ledger.contract.metrics import Table
    from ledger.contract.note import Note
    from ledger.contract.record import RunRecord
    from ledger.contract.worker import Worker
    from ledger.policy.ledgers import RunFolder
    from ledger.policy.reading import Blobs

    T = TypeVar("T")

PLAIN = frozenset({REGULAR, EXECUTABLE})


@value
class Evidence:
    """What the files of one run say."""

    run: RunFolder
    data: Mapping[str, bytes]
    """Bytes of the run's regular files, by name."""
    record: RunRecord | None
    note: Note | None
    tables: Mapping[str, Table]
    """Decoded tables by name."""
    rows_as_told: Mapping[str, int]
    """Rows of tables that were not decoded because they are plainly what the record says."""
    flaws: Mapping[str, MalformedError]
    """By file name: why it does not parse, or, where ``data`` lacks it, cannot be read."""

    def n_rows(self, name: str) -> int | None:
        """Return the whole rows of the table ``name``, None where it cannot be read."""
        if name in self.rows_as_told:
            return self.rows_as_told[name]
        return len(self.tables[name].rows) if name in self.tables else None

    @property
    def is_sealed(self) -> bool:
        """Whether the record is closed over the files of the run."""
        return self.record is not None and "files" in self.record.document

    @property
    def is_unsealed(self) -> bool:
        """Whether a process still writes the run, or left it without closing it.

        A record written by hand has neither sessions nor hashes; it is as closed as it will be.
        """
        if self.record is None:
            return False
        is_ours = "sessions" in self.record.document and "files" not in self.record.document
        return self.record.status == "running" or is_ours

    @property
    def is_imported(self) -> bool:
        """Whether the run came from another tool."""
        return self.record is not None and self.record.is_imported


def wanted_paths(run: RunFolder) -> list[str]:
    """Return the paths of ``run`` that judging it reads."""
    return [run.path_of(name) for name, entry in run.files.items() if entry.mode in PLAIN]


def gather(run: RunFolder, blobs: Blobs) -> Evidence:
    """Return what the files of ``run`` say; a file that does not parse hides no other."""
    blobs.load(wanted_paths(run))
    data: dict[str, bytes] = {}
    for name in run.files:
        content = blobs.get(run.path_of(name))
        if content is not None:
            data[name] = content
    flaws = _unread(run, blobs, data)
    record = _parsed(parse_record, RECORD_NAME, data, flaws)
    names = [name for name in data if is_table(name)]
    told = _told(record, names, data)
    tables: dict[str, Table] = {}
    for name in data:
        if is_table(name) and name not in told:
            table = _parsed(decode_table, name, data, flaws)
            if table is not None:
                tables[name] = table
        elif is_worker(name):
            _parsed(_parse_worker, name, data, flaws)
    return Evidence(
        run=run,
        data=data,
        record=record,
        note=_parsed(parse_note, NOTE_NAME, data, flaws),
        tables=tables,
        rows_as_told=told,
        flaws=flaws,
    )


def _parse_worker(data: bytes) -> Worker:
    return parse_worker("", data)


def _unread(run: RunFolder, blobs: Blobs, data: Mapping[str, bytes]) -> dict[str, MalformedError]:
    """Return the files of ``run`` that are there and cannot be read; vanished ones are no flaw."""
    flaws = {}
    for name, entry in run.files.items():
        if name not in data and entry.mode in PLAIN:
            why = blobs.why_unread(run.path_of(name))
            if why is not None:
                flaws[name] = MalformedError(f"cannot be read: {why}")
    return flaws


def _told(
    record: RunRecord | None, names: Sequence[str], data: Mapping[str, bytes]
) -> dict[str, int]:
    """Return {name: rows} of the run's only table when a quick look says all there is to say."""
    if record is None or record.is_imported or [*names] != [TABLE_NAME]:
        return {}
    rows = is_as_told(record, data[TABLE_NAME])
    return {} if rows is None else {TABLE_NAME: rows}


def writer_version(data: bytes) -> str | None:
    """Return the ``ledger_version`` a record names, None where it does not parse or names none."""
    try:
        return as_text(as_object(parse_json(data)).get("ledger_version"))
    except MalformedError:
        return None


def line_of(data: bytes, key: str) -> int | None:
    """Return the 1-based line of the first ``"key":`` in a JSON document, None where it is not."""
    at = data.find(f'"{key}":'.encode())
    return None if at < 0 else data.count(b"\n", 0, at) + 1


def _parsed(
    parse: Callable[[bytes], T],
    name: str,
    data: Mapping[str, bytes],
    flaws: dict[str, MalformedError],
) -> T | None:
    if name not in data:
        return None
    try:
        return parse(data[name])
    except MalformedError as error:
        flaws[name] = error
        return None

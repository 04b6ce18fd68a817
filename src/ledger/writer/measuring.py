"""Reads a run's files back for its record, thinning tables too large for git at the seal."""

from __future__ import annotations

from ledger.errors import LedgerError
from ledger.writer.narrate import say, warn
from ledger.writer.seal_sections import measure
from ledger.writer.thinning import look_at_growth


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.writer.home import Home
    from ledger.writer.record_file import RecordFile
    from ledger.writer.seal_sections import Measured
    from ledger.writer.shelf import Shelf
    from ledger.writer.thinning import Growth


def measure_run(home: Home, record: RecordFile, shelf: Shelf, *, is_final: bool) -> Measured | None:
    """Return what the files of a run say; None where they cannot be read, which the record says.

    Args:
        home: where they are.
        record: the run's record.
        shelf: where whole tables go when git gets thinned ones.
        is_final: False when the run may go on: then nothing is thinned.
    """
    try:
        tell = record.update if is_final else None
        growth = look_at_growth(home.folder, record.document, shelf, tell)
        if growth is not None:
            _tell(home, record, growth)
        measured = measure(home.folder, record.document, growth)
    except (OSError, LedgerError) as failure:
        record.mark_incomplete("table", f"the tables could not be read back: {failure}")
        return None
    if measured.problem:
        record.mark_incomplete("table", measured.problem)
    return measured


def _tell(home: Home, record: RecordFile, growth: Growth) -> None:
    run_id = home.run_dir.name
    for name, _ in growth.thinned:
        home.protect(name)  # else the second home would bring the whole table back
    for line in growth.to_text():
        say(f"{run_id}: {line}")
    if growth.problem:
        record.add_warning(growth.problem)
        warn(f"{run_id}: {growth.problem}")

"""Which trial of a sweep reached a value, told by the run's own tables."""

from __future__ import annotations

from ledger.contract.metrics import parse_number
from ledger.errors import MalformedError


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.reader.ledger import Ledger, StoredRun


def trial_with(ledger: Ledger, run: StoredRun, metric: str, number: object) -> str | None:
    """Return the trial whose row holds ``number`` as ``metric``, the first such; None for none."""
    try:
        for table in ledger.tables(run):
            if metric not in table.header or "trial_id" not in table.header:
                continue
            place, trial = table.header.index(metric), table.header.index("trial_id")
            for row in table.rows:
                if row[place] and parse_number(metric, row[place]) == number:
                    return row[trial] or None
    except MalformedError:
        return None  # told where the tables' own numbers are read
    return None

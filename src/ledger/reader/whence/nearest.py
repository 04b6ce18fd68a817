"""What comes near where no run fits what was asked."""

from __future__ import annotations

from ledger.errors import UnknownNameError
from ledger.reader.names import nearest
from ledger.reader.text import printable
from ledger.reader.whence.affinity import named
from ledger.reader.whence.why import exact


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.reader.index import Index
    from ledger.reader.whence.asked import Asked, NumberCue
    from ledger.reader.whence.content import Found
    from ledger.reader.whence.number_hits import Names

_NEAREST = """
SELECT value, metric, run_id FROM (
  SELECT run_id, metric, unnest([low, high, last, final]) AS value FROM summary
  WHERE len($metrics::VARCHAR[]) = 0 OR list_contains($metrics, metric))
WHERE isfinite(value) ORDER BY abs(value - $number), run_id LIMIT 1"""
_PATHS = "SELECT path FROM artifacts UNION SELECT path FROM data ORDER BY 1"


def nothing(index: Index, asked: Asked, path: Found | None, names: Names) -> UnknownNameError:
    """Return the error for a question that no run fits, with the nearest there is."""
    text = printable(asked.text)
    message = f"nothing in the ledger fits {text!r}"
    if asked.plain_numbers:
        near = nearest_number(index, asked.plain_numbers[0], names)
        if near is not None:
            return UnknownNameError(message, hint=f"nearest: {near}")
    if path is not None and ("/" in path.path or path.is_there):
        paths = [str(row[0]) for row in index.rows(_PATHS) if row[0]]
        close = [printable(each) for each in nearest(path.path, paths)]
        if path.is_there:
            message = f"no run recorded {text!r} or what it holds"
        if close:
            return UnknownNameError(message, hint=f"recorded are {', '.join(close)}")
    if asked.hashes:
        message = f"no commit, hash or run id begins with {text!r}"
    return UnknownNameError(message, hint="ask with other words, or see `ledger ls`")


def missed(index: Index, asked: Asked, names: Names) -> str | None:
    """Return what to say of the first number of a text whose words alone fit."""
    if not asked.plain_numbers:
        return None
    near = nearest_number(index, asked.plain_numbers[0], names)
    text = printable(asked.plain_numbers[0].text)
    return None if near is None else f"no run has {text}; nearest: {near}"


def nearest_number(index: Index, cue: NumberCue, names: Names) -> str | None:
    """Return the value that comes nearest to a number: of the metric that is named, if one is."""
    middle = (cue.ranges[0].low + cue.ranges[0].high) / 2
    metrics = [*named(cue.near, names.metrics)]
    rows = index.rows(_NEAREST, {"number": middle, "metrics": metrics})
    if not rows:
        return None
    number, metric, run_id = rows[0]
    return f"{exact(float(str(number)))} {printable(str(metric))} of {run_id}"

"""The answer to ``ledger whence`` laid out: for people, and as flat rows for programs."""

from __future__ import annotations

from ledger.reader.text import MISSING, Grid, json_text


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.reader.text import Cell
    from ledger.reader.whence.answer import WhenceRow

_SHORT = 8
_FIELDS = (
    *("rank", "run_id", "trial_id", "score", "metric", "reading", "value", "epoch", "step"),
    *("status", "retracted", "commit", "dirty"),
)


def whence_sheets(rows: Sequence[WhenceRow]) -> list[Grid]:
    """Return the runs with what fits, then the lines that make them again."""
    keys = sorted({key for row in rows for key in row.config})
    header = ("rank", "run", "score", "metric", "value", "commit", "flags", "data", "why")
    body = tuple(
        (
            row.rank,
            row.run_id if row.trial_id is None else f"{row.run_id} trial {row.trial_id}",
            f"{row.score:.3f}",
            row.metric or "",
            row.value,
            (row.commit or "")[:_SHORT],
            _flags(row),
            _data(row),
            "; ".join(row.why),
            *(json_text(row.config[key]) if key in row.config else MISSING for key in keys),
        )
        for row in rows
    )
    again = tuple((row.rank, row.reproduce) for row in rows if row.reproduce)
    sheets = [Grid(header=(*header, *keys), rows=body)]
    if again:
        sheets.append(Grid(header=("rank", "to make it again"), rows=again))
    return sheets


def whence_rows(rows: Sequence[WhenceRow]) -> Grid:
    """Return the answer for programs: the fields of the JSON, params as ``config.<key>``."""
    keys = sorted({key for row in rows for key in row.config})
    body: tuple[tuple[Cell, ...], ...] = tuple(
        (
            *(getattr(row, name) for name in _FIELDS),
            "; ".join(row.why),
            " ".join(f"{name}={content}" for name, content in row.data),
            row.reproduce,
            *(json_text(row.config[key]) if key in row.config else None for key in keys),
        )
        for row in rows
    )
    header = (*_FIELDS, "why", "data", "reproduce", *(f"config.{key}" for key in keys))
    return Grid(header=header, rows=body)


def _flags(row: WhenceRow) -> str:
    flags = ["retracted"] if row.retracted else []
    if row.imported is not None:
        flags.append("imported")
    elif row.dirty is not False:
        flags.append("dirty" if row.dirty else "dirty?")
    if row.status != "finished":
        flags.append(row.status)
    return " ".join(flags)


def _data(row: WhenceRow) -> str:
    return " ".join(
        f"{name} {content.rpartition(':')[2][:_SHORT]}".strip() for name, content in row.data
    )

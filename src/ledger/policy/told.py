"""The quick look at a metrics table: whether it is, in the plainest form, what its record says.

Turning text into floats is half of the cost of a commit of many runs. A column of plain decimals
with as many digits before the point sorts as text as it sorts as numbers, so its extremes are found
without that. Whatever is not plain, or not as told, is left to the full reading, which alone says
what is wrong.
"""

from __future__ import annotations

from ledger.contract.columns import ROW_INDEX
from ledger.contract.json_text import as_object


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json
    from ledger.contract.record import RunRecord

_ODD = (b'"', b"\\", b"\r", b"\0", b"<<<<<<<", b"=======", b">>>>>>>")
_PLAIN = b"0123456789.,"
_NUMBERS = b"0123456789.,e+-"
_POSITIONS = ("epoch", "step")


def is_as_told(record: RunRecord, data: bytes) -> int | None:
    """Return the number of rows of ``data`` when summary and metrics of ``record`` follow from it.

    None says nothing: read the table in full.
    """
    document = record.document
    if "columns" not in document or "summary" not in document or "thinned" in document:
        return None
    columns = _columns(data)
    positions = _positions(columns) if columns else None
    if not columns or positions is None:
        return None
    declared = as_object(document["columns"])
    names = [name for name, entry in declared.items() if as_object(entry).get("role") == "metric"]
    summary, metrics = as_object(document["summary"]), as_object(document["metrics"])
    stated = record.stated
    if summary.keys() != {name for name in names if name in columns}:
        return None
    for name, told in summary.items():
        last = _last_as_told(columns[name], positions, as_object(told))
        metric = metrics.get(name)
        is_same = name in stated or (metric == last and not isinstance(metric, bool))
        if last is None or not is_same:
            return None
    return len(positions)


def _columns(data: bytes) -> dict[str, list[bytes]] | None:
    """Return the cells of a plain table by column, None where it is not one."""
    if not data.isascii() or not data.endswith(b"\n") or any(odd in data for odd in _ODD):
        return None
    header, *rows = data[:-1].split(b"\n")
    names = header.decode("ascii").split(",")
    width = len(names)
    if not rows or {row.count(b",") for row in rows} != {width - 1}:
        return None
    if not all(names) or len(set(names)) != width:
        return None
    flat = b",".join(rows).split(b",")
    return {name: flat[place::width] for place, name in enumerate(names)}


def _positions(columns: Mapping[str, list[bytes]]) -> list[bytes] | None:
    """Return the epoch or step of every row, None where rows are not told apart by one number."""
    index = [columns[name] for name in ROW_INDEX if name in columns]
    at = next((columns[name] for name in _POSITIONS if name in columns), None)
    if at is None or not all(map(bytes.isdigit, at)):
        return None
    is_unique = len(set(at if len(index) == 1 else zip(*index, strict=True))) == len(at)
    return at if is_unique else None


def _last_as_told(
    cells: list[bytes], positions: list[bytes], told: Mapping[str, Json]
) -> float | None:
    """Return the last value of a column whose summary is ``told``, None where that is not sure."""
    text = b",".join(cells)
    if (
        text.translate(None, _NUMBERS)
        or told.get("n") != len(cells)
        or told.get("n_nonfinite") != 0
    ):
        return None
    try:
        low, high = _extremes(cells, text)
        last = float(cells[-1])
    except ValueError:
        return None
    for at, number, key in ((low, told.get("min"), "min_at"), (high, told.get("max"), "max_at")):
        if float(cells[at]) != number or int(positions[at]) != told.get(key):
            return None
    is_sure = last == told.get("last") and not any(item.__class__ is bool for item in told.values())
    return last if is_sure and last - last == 0 else None


def _extremes(cells: list[bytes], text: bytes) -> tuple[int, int]:
    """Return the rows of the least and the greatest value.

    Raises:
        ValueError: a cell is no number.
    """
    is_plain = not text.translate(None, _PLAIN) and text.count(b".") == len(cells)
    # most metrics live between 0 and 1, which one look at the joined text tells
    is_plain = is_plain and (
        text.count(b",0.") + text.startswith(b"0.") == len(cells)
        or {cell.find(b".") for cell in cells} == {max(1, cells[0].find(b"."))}
    )
    if is_plain:
        return cells.index(min(cells)), cells.index(max(cells))
    numbers = list(map(float, cells))
    if not sum(numbers) - sum(numbers) == 0:
        raise ValueError
    return numbers.index(min(numbers)), numbers.index(max(numbers))

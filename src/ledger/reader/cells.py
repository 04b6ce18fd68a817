"""Values of the engine as cells of a table and as JSON."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from ledger.contract.json_text import encode_number


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.json_text import Json
    from ledger.reader.text import Cell


def cell_of(item: object) -> Cell:
    """Return ``item`` as a cell; lists, structs and maps as JSON text."""
    if item is None or isinstance(item, bool | int | float | str):
        return item
    found = json_of(item)
    if isinstance(found, list | dict):
        return json.dumps(found, ensure_ascii=False)
    return found


def json_of(item: object) -> Json:
    """Return ``item`` as JSON: non-finite numbers as "nan", "inf", "-inf", times as ISO 8601.

    Decimals become floats, intervals seconds, bytes hexadecimal text.
    """
    if item is None or isinstance(item, bool | int | str):
        return item
    if isinstance(item, float):
        return encode_number(item)
    if isinstance(item, Decimal):
        return encode_number(float(item))
    if isinstance(item, timedelta):
        return item.total_seconds()
    if isinstance(item, date | datetime | time):
        return item.isoformat()
    return _json_of_rare(item)


def _json_of_rare(item: object) -> Json:
    if isinstance(item, list | tuple):
        return [json_of(each) for each in item]
    if isinstance(item, dict):
        return {
            each if isinstance(each, str) else str(each): json_of(v) for each, v in item.items()
        }
    if isinstance(item, bytes | bytearray | memoryview):
        return bytes(item).hex()
    return str(item) if isinstance(item, UUID) else repr(item)

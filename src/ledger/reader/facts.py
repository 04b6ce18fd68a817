"""What conditions may ask of a run: its fields and params, as text, number and flag at once."""

from __future__ import annotations

import json
import re

from ledger.contract.config import flatten
from ledger.contract.json_text import as_list, as_object, as_text
from ledger.reader.stats import finite
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.json_text import Json
    from ledger.contract.record import RunRecord
    from ledger.reader.ledger import StoredRun

FIELDS = (
    "run_id",
    "id",
    "name",
    "status",
    "tag",
    "branch",
    "commit",
    "dirty",
    "data",
    "parent",
    "project",
    "seed",
    "started",
    "ended",
)
"""Keys that every run has, before any of its params; ``param.seed`` asks for the param."""
PREFIXED = frozenset({"commit", "data"})
"""Fields that also equal the beginning of their text, at least four characters of it."""
PARAM_PREFIX = "param."
_FLAGS = {"true": True, "false": False}
_FLAG_LENGTH = 5
_LEADS = frozenset("+-.0123456789")
NUMBER_PATTERN = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
WHOLE_PATTERN = r"[+-]?[0-9]{1,38}"
_NUMBER = re.compile(NUMBER_PATTERN)
_WHOLE = re.compile(WHOLE_PATTERN)


@value
class Typed:
    """One value in every kind it can be compared as; None where it is not of that kind."""

    text: str
    number: float | None
    """So that "1e-3" < "1e-2" whether the config held numbers or text."""
    whole: str | None
    """Digits of an integer of up to 38, which a float would round from 2^53 on."""
    flag: bool | None


def typed(item: Json) -> Typed:
    """Return ``item`` in every kind; text that reads as a number or a boolean is one too."""
    text, number, whole, flag = kinds(item)
    return Typed(text=text, number=number, whole=whole, flag=flag)


def kinds(item: Json) -> tuple[str, float | None, str | None, bool | None]:
    """Return the fields of ``typed`` as a tuple: an index asks for millions."""
    if item.__class__ is float:
        text = repr(item)
        return text, finite(item), None, None
    if item is True or item is False:
        return "true" if item else "false", None, None, item
    if isinstance(item, str):
        if item[:1] in _LEADS:
            return item, _number(item), _whole(item), None
        return item, None, None, _FLAGS.get(item.lower()) if len(item) <= _FLAG_LENGTH else None
    if isinstance(item, int):
        text = str(item)
        number = finite(item)
        return text, None if number is None else float(number), _whole(text), None
    return json.dumps(item, ensure_ascii=False, sort_keys=True), None, None, None


def of_cell(text: str | None) -> Json:
    """Return a cell of a sweep's table as the value it stands for; None is no cell."""
    if text is None:
        return None
    found = typed(text)
    if found.flag is not None:
        return found.flag
    if found.whole is not None:
        return int(found.whole)
    return text if found.number is None else found.number


def params(record: RunRecord) -> dict[str, Json]:
    """Return the params of a run by dotted path, as ``show`` and ``compare`` name them."""
    return flatten(dict(record.config))


def data_hashes(record: RunRecord) -> list[tuple[str, str]]:
    """Return (name, hash) of every data set of a run, sorted; "" where one is unknown."""
    return sorted(
        (as_text(entry.get("name")) or "", as_text(entry.get("hash")) or "")
        for entry in data_sections(record)
    )


def is_same_data(old: RunRecord, new: RunRecord) -> bool | None:
    """Return whether both used equal multisets of (name, hash); None where one tells no hash."""
    sides = [data_hashes(record) for record in (old, new)]
    if not all(side and all(content for _, content in side) for side in sides):
        return None
    return sides[0] == sides[1]


def data_hash(run: StoredRun) -> str | None:
    """Return the hash of the run's first data set, None where it has none."""
    return next((as_text(section.get("hash")) for section in data_sections(run.record)), None)


def data_sections(record: RunRecord) -> list[dict[str, Json]]:
    """Return the sections ``data`` and ``extra_data`` that say something."""
    sections = [record.document.get("data"), *as_list(record.document.get("extra_data"))]
    return [section for section in map(as_object, sections) if section]


def seed_of(record: RunRecord) -> Json:
    """Return the seed that was really set, else what the config calls ``seed``, else None."""
    was_set = as_object(record.document.get("random")).get("seed")
    return record.config.get("seed") if was_set is None else was_set


def tool_of(record: RunRecord) -> str | None:
    """Return the tool that the run came from, None for a run of our own."""
    return as_text(as_object(record.document.get("imported_from")).get("tool"))


def _number(text: str) -> float | None:
    return finite(float(text)) if len(text) < 400 and _NUMBER.fullmatch(text) else None  # noqa: PLR2004


def _whole(text: str) -> str | None:
    return text if _WHOLE.fullmatch(text) else None

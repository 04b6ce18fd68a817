"""Strict JSON: what a record may hold, and nothing a second reader could take differently.

Python's ``json`` accepts duplicate keys (the last wins), bare ``NaN`` and lone surrogates; each has
been used to make a record say one thing to a person and another to a program.
"""

from __future__ import annotations

import json
import math

from ledger.errors import MalformedError


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64
MAX_DIGITS = 4000
NON_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def parse_json(data: bytes) -> Json:
    """Return the value of ``data``, UTF-8 JSON.

    Raises:
        MalformedError: not UTF-8, a byte order mark, a lone surrogate, a duplicate key, a bare NaN
            or Infinity, an integer over 4,000 digits, nesting over 64 levels, over 16 MiB.
    """
    if len(data) > MAX_BYTES:
        message = f"is {len(data)} bytes, the limit is {MAX_BYTES}"
        raise MalformedError(message)
    if data.startswith(b"\xef\xbb\xbf"):
        message = "begins with a byte order mark"
        raise MalformedError(message)
    try:
        text = data.decode("utf-8")
        plain = _parse_plain(data, text)
        if plain is not _NOT_PLAIN:
            return plain  # type: ignore[return-value]  # no mark, hence JSON
        parsed: Json = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=lambda name: _Refused(f"holds a bare {name}; write it as a string"),
            parse_int=_integer,
        )
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 (byte {error.start})"
        raise MalformedError(message) from error
    except RecursionError as error:
        message = f"is nested deeper than {MAX_DEPTH} levels"
        raise MalformedError(message) from error
    except json.JSONDecodeError as error:
        message = f"is not JSON: {error.msg}"
        raise MalformedError(message, line=error.lineno) from error
    _walk(parsed, "", 1)
    return parsed


def dump_json(value: Json) -> bytes:
    """Return ``value`` as the product writes documents: 2-space indent, UTF-8, final newline."""
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def dump_canonical(value: Json) -> bytes:
    """Return the one compact ASCII form with sorted keys that hashes are taken over."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def encode_number(number: float) -> float | str:
    """Return ``number`` as a record holds it: non-finite ones are "nan", "inf", "-inf"."""
    return number if isinstance(number, int) or math.isfinite(number) else repr(float(number))


def decode_number(value: Json) -> float | None:
    """Return the number a record's ``value`` stands for, or None where it is no number."""
    if isinstance(value, str):
        return NON_FINITE.get(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def as_object(value: Json) -> dict[str, Json]:
    """Return ``value`` when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Json) -> list[Json]:
    """Return ``value`` when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: Json) -> str | None:
    """Return ``value`` when it is text, else None."""
    return value if isinstance(value, str) else None


class _Refused:
    """What a document may not hold; the walk over the whole of it knows where it stands."""

    def __init__(self, message: str, key: str | None = None) -> None:
        self.message = message
        self.key = key


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json] | _Refused:
    result = dict(pairs)
    if len(result) == len(pairs):
        return result
    seen: set[str] = set()
    again = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # None: go on
    return _Refused("the key stands twice", again)


def _integer(digits: str) -> int | _Refused:
    length = len(digits.lstrip("-"))
    if length > MAX_DIGITS:
        return _Refused(f"holds an integer of {length} digits, the limit is {MAX_DIGITS}")
    return int(digits)


def _parse_plain(data: bytes, text: str) -> object:
    """Return the value of ``text`` where a quick look finds nothing to refuse, else a mark.

    The look: no escape that a lone surrogate could come from (the bytes were UTF-8), no bare
    constant, as many key signs as keys (a key that stands twice is one key of two signs), no long
    integer, and level by level no infinite number. Records are read by the ten thousand, and the
    careful reading, which knows where everything stands, costs twice as much.
    """
    if "\\" in text and ("\\ud" in text or "\\uD" in text):
        return _NOT_PLAIN
    if len(data) > MAX_DIGITS and _LONG in data.translate(_DIGITS):
        return _NOT_PLAIN
    try:
        parsed: object = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return _NOT_PLAIN
    n_signs = data.translate(None, b" \t\r\n").count(b'":')
    return parsed if _is_plain(parsed, n_signs) else _NOT_PLAIN


def _is_plain(parsed: object, n_signs: int) -> bool:
    if parsed.__class__ not in _BOXES:
        return False
    level: list[Any] = [parsed]
    n_keys = 0
    for _ in range(MAX_DEPTH):
        items: list[Any] = []
        for box in level:
            if box.__class__ is dict:
                n_keys += len(box)
                items += box.values()
            else:
                items += box
        kinds = set(map(type, items))
        # a sum is finite only when every number is
        if float in kinds and not math.isfinite(sum([it for it in items if it.__class__ is float])):
            return False
        if kinds.isdisjoint(_BOXES):
            return n_signs == n_keys
        level = [it for it in items if it.__class__ in _BOXES]
    return False


def _refuse_constant(name: str) -> Json:
    raise ValueError(name)


def _walk(value: object, path: str, depth: int) -> None:
    """Refuse what only a look at the whole document finds, with its place."""
    if isinstance(value, str):
        _refuse_surrogate(value, path)
    elif isinstance(value, float):
        if not math.isfinite(value):
            message = "holds a number too large for a float"
            raise MalformedError(message, field=path or None)
    elif isinstance(value, _Refused):
        place = path if value.key is None else _below(path, value.key)
        raise MalformedError(value.message, field=place or None)
    elif isinstance(value, dict | list):
        if depth > MAX_DEPTH:
            message = f"is nested deeper than {MAX_DEPTH} levels"
            raise MalformedError(message, field=path[:80])
        _walk_items(value, path, depth)


def _walk_items(value: dict[object, object] | list[object], path: str, depth: int) -> None:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(key, str):
            _refuse_surrogate(key, path)
        if item.__class__ not in _HARMLESS:
            _walk(item, _below(path, key), depth + 1)


def _below(path: str, key: object) -> str:
    if isinstance(key, str):
        key = key if len(key) <= _LONGEST_KEY else key[:_LONGEST_KEY] + "…"
        return f"{path}.{key}" if path else key
    return f"{path}[{key}]"


def _refuse_surrogate(text: str, path: str) -> None:
    if text.isascii():
        return
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        message = "holds a lone surrogate"
        raise MalformedError(message, field=path or None) from error


_NOT_PLAIN = object()
_DIGITS = bytes(48 if 48 <= byte <= 57 else 32 for byte in range(256))  # noqa: PLR2004  # 0 to 9
_LONG = b"0" * (MAX_DIGITS + 1)
_BOXES = frozenset({dict, list})
_LONGEST_KEY = 100
"""Of a longer key the beginning names the place: what is below it is named a million times."""
_HARMLESS = (int, bool, type(None))

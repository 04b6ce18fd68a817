"""Shapes of JSON documents: one declaration that both checks a value and gives its JSON Schema.

A shape's ``check`` raises ``MalformedError`` with the dotted path of the first offending field.
Keys that a shape does not name are allowed everywhere: newer writers may add them.
"""

from __future__ import annotations

import re

from ledger.contract.json_text import NON_FINITE
from ledger.errors import MalformedError
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from ledger.contract.json_text import Json

    class Shape(Protocol):
        """Anything that can check a JSON value and describe itself."""

        def check(self, item: Json, path: str) -> None:
            """Raise MalformedError unless ``item``, found at ``path``, is of this shape."""
            ...

        def schema(self) -> dict[str, Json]:
            """Return the JSON Schema of this shape."""
            ...


TIME = (
    r"(?P<year>(?!0000)[0-9]{4})"
    r"-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12][0-9]|3[01])"
    r"[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])?"
)
_MAX_SHOWN = 60


@value
class Text:
    """A string; with ``choices`` one of them, with ``pattern`` one that matches it whole."""

    pattern: str | None = None
    choices: tuple[str, ...] = ()

    def check(self, item: Json, path: str) -> None:
        """Raise MalformedError unless ``item`` is such a string."""
        if not isinstance(item, str):
            _refuse(item, path, "text")
        elif self.choices and item not in self.choices:
            _refuse(item, path, " or ".join(self.choices))
        elif self.pattern and not re.fullmatch(self.pattern, item):
            _refuse(item, path, f"text like {self.pattern}")

    def schema(self) -> dict[str, Json]:
        """Return the JSON Schema of this shape."""
        schema: dict[str, Json] = {"type": "string"}
        if self.choices:
            schema["enum"] = list(self.choices)
        if self.pattern:
            schema["pattern"] = f"^(?:{self.pattern})$"
        return schema


@value
class Number:
    """A number; ``integer`` refuses fractions; non-finite ones stand as "nan", "inf", "-inf"."""

    integer: bool = False
    minimum: int | None = None

    def check(self, item: Json, path: str) -> None:
        """Raise MalformedError unless ``item`` is such a number."""
        if not self.integer and isinstance(item, str) and item in NON_FINITE:
            return
        kind = int if self.integer else (int, float)
        if isinstance(item, bool) or not isinstance(item, kind):
            _refuse(item, path, "a whole number" if self.integer else "a number")
        elif self.minimum is not None and item < self.minimum:
            _refuse(item, path, f"at least {self.minimum}")

    def schema(self) -> dict[str, Json]:
        """Return the JSON Schema of this shape."""
        plain: dict[str, Json] = {"type": "integer" if self.integer else "number"}
        if self.minimum is not None:
            plain["minimum"] = self.minimum
        return plain if self.integer else {"anyOf": [plain, {"enum": list(NON_FINITE)}]}


@value
class Time:
    """A time as ISO 8601 writes it; one written by hand may lack the offset, and is then UTC."""

    def check(self, item: Json, path: str) -> None:
        """Raise MalformedError unless ``item`` is such a time, of a day that exists."""
        found = re.fullmatch(TIME, item) if isinstance(item, str) else None
        if found is None or int(found["day"]) > _days(int(found["year"]), int(found["month"])):
            _refuse(item, path, "a time like 2026-02-01T16:30:00+00:00")

    def schema(self) -> dict[str, Json]:
        """Return the JSON Schema of this shape."""
        return {"type": "string", "pattern": f"^(?:{re.sub(r'[?]P<[a-z]+>', '?:', TIME)})$"}


@value
class Flag:
    """true or false."""

    def check(self, item: Json, path: str) -> None:
        """Raise MalformedError unless ``item`` is a boolean."""
        if not isinstance(item, bool):
            _refuse(item, path, "true or false")

    def schema(self) -> dict[str, Json]:
        """Return the JSON Schema of this shape."""
        return {"type": "boolean"}


@value
class Anything:
    """Any JSON value."""

    def check(self, item: Json, path: str) -> None:
        """Accept ``item``."""

    def schema(self) -> dict[str, Json]:
        """Return the JSON Schema of this shape."""
        return {}


@value
class Nullable:
    """null, or ``inner``."""

    inner: Shape

    def check(self, item: Json, path: str) -> None:
        """Raise MalformedError unless ``item`` is null or passes ``inner``."""
        if item is not None:
            self.inner.check(item, path)

    def schema(self) -> dict[str, Json]:
        """Return the JSON Schema of this shape."""
        return {"anyOf": [self.inner.schema(), {"type": "null"}]}


@value
class ListOf:
    """A list whose items all are ``inner``."""

    inner: Shape

    def check(self, item: Json, path: str) -> None:
        """Raise MalformedError unless ``item`` is such a list."""
        if not isinstance(item, list):
            _refuse(item, path, "a list")
        else:
            for position, entry in enumerate(item):
                self.inner.check(entry, f"{path}[{position}]")

    def schema(self) -> dict[str, Json]:
        """Return the JSON Schema of this shape."""
        return {"type": "array", "items": self.inner.schema()}


@value
class MapOf:
    """An object with free keys whose values all are ``inner``."""

    inner: Shape

    def check(self, item: Json, path: str) -> None:
        """Raise MalformedError unless ``item`` is such an object."""
        if not isinstance(item, dict):
            _refuse(item, path, "an object")
        else:
            for key, entry in item.items():
                self.inner.check(entry, f"{path}.{key}")

    def schema(self) -> dict[str, Json]:
        """Return the JSON Schema of this shape."""
        return {"type": "object", "additionalProperties": self.inner.schema()}


@value
class Fields:
    """An object with the named ``fields``; those in ``required`` must be there."""

    fields: Mapping[str, Shape]
    required: tuple[str, ...] = ()

    def check(self, item: Json, path: str) -> None:
        """Raise MalformedError unless ``item`` is such an object."""
        if not isinstance(item, dict):
            _refuse(item, path, "an object")
            return
        for key in self.required:
            if key not in item:
                message = "is missing"
                raise MalformedError(message, field=f"{path}.{key}" if path else key)
        for key, shape in self.fields.items():
            if key in item:
                shape.check(item[key], f"{path}.{key}" if path else key)

    def schema(self) -> dict[str, Json]:
        """Return the JSON Schema of this shape."""
        properties: dict[str, Json] = {key: shape.schema() for key, shape in self.fields.items()}
        return {"type": "object", "properties": properties, "required": list(self.required)}


@value
class OneOf:
    """``first``, or else ``second``; the second's complaint is the one that is told."""

    first: Shape
    second: Shape

    def check(self, item: Json, path: str) -> None:
        """Raise MalformedError unless ``item`` passes one of the two."""
        try:
            self.first.check(item, path)
        except MalformedError:
            self.second.check(item, path)

    def schema(self) -> dict[str, Json]:
        """Return the JSON Schema of this shape."""
        return {"anyOf": [self.first.schema(), self.second.schema()]}


def is_of_shape(shape: Shape, item: Json) -> bool:
    """Whether ``shape`` passes ``item``."""
    try:
        shape.check(item, "")
    except MalformedError:
        return False
    return True


def _refuse(item: Json, path: str, wanted: str) -> None:
    shown = repr(item)
    shown = shown if len(shown) <= _MAX_SHOWN else shown[: _MAX_SHOWN - 3] + "..."
    message = f"must be {wanted}, not {shown}"
    raise MalformedError(message, field=path or None)


def _days(year: int, month: int) -> int:
    if month == 2:  # noqa: PLR2004  # February
        return 28 + (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
    return 30 if month in {4, 6, 9, 11} else 31

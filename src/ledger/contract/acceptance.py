"""Whether a JSON value is of a shape, and no more: the everyday answer, at half the cost.

A shape's ``check`` carries the path of every value it looks at, for the complaint that a good
document never causes. Where ``acceptance`` says no, ``check`` finds out why.
"""

from __future__ import annotations

import re

from ledger.contract.json_text import NON_FINITE
from ledger.contract.shape import (
    TIME,
    Anything,
    Fields,
    Flag,
    ListOf,
    MapOf,
    Nullable,
    Number,
    OneOf,
    Text,
    Time,
    is_of_shape,
)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from ledger.contract.json_text import Json
    from ledger.contract.shape import Shape

    Acceptance: TypeAlias = Callable[[Json], bool]


def acceptance(shape: Shape) -> Acceptance:
    """Return the function that tells whether ``shape.check`` would pass a value.

    The value comes from ``json``: its classes are the plain ones.
    """
    if isinstance(shape, Text):
        return _text(shape)
    if isinstance(shape, Number):
        return _number(shape)
    if isinstance(shape, Fields):
        return _fields(shape)
    if isinstance(shape, Nullable | ListOf | MapOf | OneOf):
        return _around(shape)
    return _simple(shape)


def _simple(shape: Shape) -> Acceptance:
    if isinstance(shape, Anything):
        return lambda _: True
    if isinstance(shape, Flag):
        return lambda item: item is True or item is False
    if isinstance(shape, Time):
        return _is_time
    return lambda item: is_of_shape(shape, item)


def _around(shape: Nullable | ListOf | MapOf | OneOf) -> Acceptance:
    if isinstance(shape, OneOf):
        first, second = acceptance(shape.first), acceptance(shape.second)
        return lambda item: first(item) or second(item)
    if isinstance(shape, Nullable):
        inner = acceptance(shape.inner)
        return lambda item: item is None or inner(item)
    if isinstance(shape, ListOf):
        inner = acceptance(shape.inner)
        return lambda item: item.__class__ is list and all(map(inner, item))
    inner = acceptance(shape.inner)
    return lambda item: item.__class__ is dict and all(map(inner, item.values()))


def _text(shape: Text) -> Acceptance:
    choices, matches = shape.choices, re.compile(shape.pattern or "").fullmatch
    if choices:
        return lambda item: item in choices and is_of_shape(shape, item)
    if shape.pattern:
        return lambda item: item.__class__ is str and matches(item) is not None
    return lambda item: item.__class__ is str


_TIME = re.compile(TIME)


def _is_time(item: Json) -> bool:
    found = _TIME.fullmatch(item) if item.__class__ is str else None
    # every month has the day; the others are looked up
    return found is not None and (found["day"] <= _IN_EVERY_MONTH or is_of_shape(Time(), item))


_IN_EVERY_MONTH = "28"


def _number(shape: Number) -> Acceptance:
    minimum = shape.minimum
    if shape.integer:
        if minimum is None:
            return lambda item: item.__class__ is int
        return lambda item: item.__class__ is int and item >= minimum
    return lambda item: (
        item.__class__ is float
        or (item.__class__ is int and minimum is None)
        or (item.__class__ is str and item in NON_FINITE)
        or is_of_shape(shape, item)
    )


def _fields(shape: Fields) -> Acceptance:
    known = {key: acceptance(inner) for key, inner in shape.fields.items()}
    required = frozenset(shape.required)

    def accepts(item: Json) -> bool:
        if item.__class__ is not dict or not required <= item.keys():
            return False
        for key, below in item.items():
            inner = known.get(key)
            if inner is not None and not inner(below):
                return False
        return True

    return accepts

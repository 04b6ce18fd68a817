"""Shapes: one declaration checks a value and gives its JSON Schema."""

from __future__ import annotations

import json
import re
from datetime import datetime

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.shape import (
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
)
from ledger.errors import MalformedError


NAMED = Fields(
    fields={
        "id": Text(pattern=r"[a-z]+"),
        "goal": Text(choices=("min", "max")),
        "n": Number(integer=True, minimum=0),
        "loss": Nullable(inner=Number()),
        "rows": ListOf(inner=Fields(fields={"ok": Flag()}, required=("ok",))),
        "by_name": MapOf(inner=OneOf(first=Text(), second=ListOf(inner=Text()))),
        "free": Anything(),
    },
    required=("id",),
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([0.5, -1.5])
    | st.sampled_from(["", "a", "A", "min", "max", "nan", "inf", "NaN"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from([*NAMED.fields, "ok", "other"]), inner, max_size=4)
    ),
    max_leaves=8,
)
NEAR = st.fixed_dictionaries(
    {"id": LEAVES},
    optional={
        "goal": LEAVES,
        "n": LEAVES,
        "loss": LEAVES,
        "rows": st.lists(st.dictionaries(st.sampled_from(["ok", "x"]), LEAVES), max_size=2),
        "by_name": st.dictionaries(st.text(max_size=2), LEAVES | st.lists(LEAVES, max_size=2)),
    },
)


def complaint(item: object) -> MalformedError:
    with pytest.raises(MalformedError) as caught:
        NAMED.check(item, "")
    return caught.value


@given(VALUES | NEAR)
def test_check_and_schema_agree(item: object) -> None:
    """Whoever validates with the published schema gets our reader's verdict."""
    by_schema = jsonschema.Draft202012Validator(NAMED.schema()).is_valid(item)
    try:
        NAMED.check(item, "")
    except MalformedError:
        assert not by_schema
    else:
        assert by_schema


def test_schema_is_valid_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(json.dumps(NAMED.schema())))


def test_unknown_keys_are_allowed_everywhere() -> None:
    NAMED.check({"id": "a", "new": 1, "rows": [{"ok": True, "new": 1}]}, "")


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ([], None),
        ({}, "id"),
        ({"id": 1}, "id"),
        ({"id": "A"}, "id"),
        ({"id": "a\n"}, "id"),
        ({"id": "a", "goal": "best"}, "goal"),
        ({"id": "a", "n": True}, "n"),
        ({"id": "a", "n": 1.5}, "n"),
        ({"id": "a", "n": -1}, "n"),
        ({"id": "a", "n": "nan"}, "n"),
        ({"id": "a", "loss": "NaN"}, "loss"),
        ({"id": "a", "loss": False}, "loss"),
        ({"id": "a", "rows": {}}, "rows"),
        ({"id": "a", "rows": [{"ok": True}, {}]}, "rows[1].ok"),
        ({"id": "a", "rows": [{"ok": 1}]}, "rows[0].ok"),
        ({"id": "a", "by_name": []}, "by_name"),
        ({"id": "a", "by_name": {"x.y": ["a", 1]}}, "by_name.x.y[1]"),
    ],
)
def test_first_offending_field_is_named(item: object, field: str | None) -> None:
    assert field == complaint(item).field


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_nonfinite_numbers_stand_as_text(text: str) -> None:
    Number().check(text, "loss")


def test_complaint_shows_no_more_than_the_beginning_of_a_long_value() -> None:
    assert len(str(complaint({"id": "A" * 10_000}))) < 250


@given(st.from_regex(re.compile(str(Time().schema()["pattern"])), fullmatch=True))
def test_time_that_passes_is_one_that_python_reads(text: str) -> None:
    """Parse at the door, trust inside: no later reader may fail on a stamp."""
    try:
        Time().check(text, "start")
    except MalformedError:
        with pytest.raises(ValueError, match="day"):
            datetime.fromisoformat(text)
    else:
        assert datetime.fromisoformat(text)

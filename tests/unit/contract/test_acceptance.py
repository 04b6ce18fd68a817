"""The quick answers are those of the careful reading, for good documents and for broken ones."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.acceptance import acceptance
from ledger.contract.json_text import dump_json, parse_json
from ledger.contract.record_shape import RECORD
from ledger.contract.shape import is_of_shape
from ledger.errors import MalformedError
from unit.reader.builders import make_record


ACCEPTS = acceptance(RECORD)
ODD = st.sampled_from(
    [
        *(None, True, False, 0, -1, 3, 2.5, "", "x", "nan", "inf", "finished", "max", [], {}, [1]),
        *(["a"], {"a": 1}, {"path": "p"}, {"metric": "m", "goal": "max"}, {"role": "metric"}),
        *("2026-02-01T16:30:00+00:00", "2026-02-30T16:30:00", "2026-02-01", "a" * 40, 10**400),
        *("sha256:" + "0" * 64, "md5:abc.dir", {"start": "2026-02-01T16:30:00Z"}, {"tool": "x"}),
        {"last": 1, "min": None, "max": 2, "n": 3, "n_nonfinite": 0},
    ]
)


@st.composite
def records(draw: st.DrawFn) -> dict:
    """Return a record of which some values, anywhere, are something else."""
    document = copy.deepcopy(
        make_record(
            "run",
            metrics={"loss": 0.5},
            summary={"loss": {"last": 0.5, "min": 0.5, "max": 1, "n": 2, "n_nonfinite": 0}},
            columns={"loss": {"role": "metric"}},
            artifacts={"model": {"path": "m.pt", "hash": None, "bytes": 3}},
            files={"metrics.csv": {"sha256": "0" * 64, "rows": 2, "bytes": 9}},
        )
    )
    for _ in range(draw(st.integers(0, 3))):
        box = document
        while True:
            key = draw(st.sampled_from(sorted(box)))
            if isinstance(box[key], dict) and box[key] and draw(st.booleans()):
                box = box[key]
                continue
            break
        if draw(st.booleans()):
            box[key] = copy.deepcopy(draw(ODD))  # a later turn may change it
        else:
            del box[key]
        if not document:
            break
    return document


@given(records())
def test_acceptance_is_what_check_says(document: dict) -> None:
    assert ACCEPTS(document) == is_of_shape(RECORD, document)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"a" : 1, "a": 2}',
        '{"a": 1, "a"\n:2}',
        '{"a": {"b": 1, "b": 2}}',
        '[{"a": 1}, {"a": 1, "a": 1}]',
        '{"a": NaN}',
        '{"a": [-Infinity]}',
        '{"a": 1e999}',
        '{"a": "\\ud800"}',
        '{"\\uD800": 1}',
        '{"a": %s}' % ("1" * 4001),
        "[" * 65 + "]" * 65,
        '{"a": ' * 65 + "1" + "}" * 65,
    ],
)
def test_what_a_quick_look_could_miss_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_json(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "b\\": 1", "c\\":": 2}',
        '{"a": "NaN", "b": "Infinity", "c": ["-inf"]}',
        '{"a" : 1,\t"b"\n:\r\n2}',
        '{"a": "\\\\ud800"}',
        '{"a": %s}' % ("1" * 4000),
        "[" * 64 + "]" * 64,
        '"text"',
        "7",
        "[]",
    ],
)
def test_what_looks_odd_and_is_not_is_read(text: str) -> None:
    assert parse_json(text.encode()) == json.loads(text)


TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXT, below, max_size=4),
    max_leaves=20,
)


@given(JSON, st.booleans())
def test_any_document_is_read_back(document: object, is_indented: bool) -> None:
    data = dump_json(document) if is_indented else json.dumps(document).encode()  # type: ignore[arg-type]

    assert parse_json(data) == document

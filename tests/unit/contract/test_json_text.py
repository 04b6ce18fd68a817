"""Strict JSON: what a record may hold."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.json_text import (
    MAX_BYTES,
    as_list,
    as_object,
    as_text,
    decode_number,
    dump_canonical,
    dump_json,
    encode_number,
    parse_json,
)
from ledger.errors import MalformedError


TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@given(JSON)
def test_documents_survive_writing_and_reading(value: object) -> None:
    assert value == parse_json(dump_json(value))


@given(JSON)
def test_written_documents_are_what_any_json_reader_takes(value: object) -> None:
    assert value == json.loads(dump_json(value))


def test_documents_are_indented_utf8_with_a_final_newline() -> None:
    assert '{\n  "ä": [\n    1\n  ]\n}\n'.encode() == dump_json({"ä": [1]})


def test_documents_keep_the_order_of_keys() -> None:
    assert ["b", "a"] == list(as_object(parse_json(b'{"b": 1, "a": 2}')))


def test_canonical_form_is_compact_sorted_ascii() -> None:
    assert b'{"a":[1,2.5],"\\u00e4":null}' == dump_canonical({"ä": None, "a": [1, 2.5]})


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_documents_never_hold_a_bare_nonfinite_number(number: str) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dump_json({"loss": float(number)})


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="unfinished"),
        pytest.param(b"{} {}", id="two-documents"),
        pytest.param(b"{'a': 1}", id="single-quotes"),
        pytest.param(b'{"a": 1,}', id="trailing-comma"),
        pytest.param(b'{"a": 01}', id="leading-zero"),
        pytest.param(b'"a\x00b"', id="raw-nul"),
        pytest.param(b'"\xff"', id="not-utf-8"),
        pytest.param(b'"\xc0\xaf"', id="overlong-utf-8"),
        pytest.param(b'"\xed\xa0\x80"', id="surrogate-in-utf-8"),
        pytest.param('{"a": 1}'.encode("utf-16"), id="utf-16"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte-order-mark"),
    ],
)
def test_text_that_is_not_json_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_json(data)


@pytest.mark.parametrize("constant", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999"])
def test_bare_nonfinite_number_is_malformed(constant: bytes) -> None:
    """``1e999`` reads as infinity, too, and could never be written again."""
    with pytest.raises(MalformedError) as caught:
        parse_json(b'{"unknown": [0, {"x": ' + constant + b"}]}")
    assert "unknown[1].x" == caught.value.field


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b'{"a": 1, "a": 1}', "a"),
        (b'{"a": {"b": [{"c": 1, "c": 2}]}}', "a.b[0].c"),
        (b'{"a": 1, "\\u0061": 2}', "a"),
    ],
)
def test_duplicate_key_is_malformed_and_named_with_its_path(data: bytes, field: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_json(data)
    assert field == caught.value.field


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (rb'{"a": {"b": "\ud800"}}', "a.b"),
        (rb'{"a": ["x", "\udc00\ud800"]}', "a[1]"),
        (rb'{"a": {"\udfff": 1}}', "a"),
        (rb'"\ud83d"', None),
    ],
)
def test_lone_surrogate_is_malformed_wherever_it_stands(data: bytes, field: str | None) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_json(data)
    assert field == caught.value.field


def test_surrogate_pair_is_one_character() -> None:
    assert "😀" == parse_json(rb'"\ud83d\ude00"')


@pytest.mark.parametrize("sign", ["", "-"])
def test_integer_of_4000_digits_is_read(sign: str) -> None:
    digits = sign + "9" * 4000
    assert int(digits) == parse_json(digits.encode())


@pytest.mark.parametrize("sign", ["", "-"])
def test_integer_of_4001_digits_is_malformed(sign: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_json(f'{{"unknown": {{"n": {sign}{"9" * 4001}}}}}'.encode())
    assert "unknown.n" == caught.value.field


def test_nesting_of_64_levels_is_read() -> None:
    assert parse_json(nested(64)) is not None


@pytest.mark.parametrize("depth", [65, 900, 200_000])
def test_deeper_nesting_is_malformed(depth: int) -> None:
    with pytest.raises(MalformedError, match="nested deeper than 64"):
        parse_json(nested(depth))


def test_16_mib_are_read_and_one_byte_more_is_not() -> None:
    data = b'"' + b"x" * (MAX_BYTES - 2) + b'"'
    assert 16 * 1024 * 1024 == len(data)
    assert MAX_BYTES - 2 == len(str(parse_json(data)))
    with pytest.raises(MalformedError, match="limit"):
        parse_json(data + b" ")


def test_syntax_error_names_its_line() -> None:
    with pytest.raises(MalformedError) as caught:
        parse_json(b'{\n  "a": 1,\n  "b" 2\n}\n')
    assert 3 == caught.value.line


@given(st.floats() | st.integers())
def test_numbers_survive_a_record(number: float) -> None:
    decoded = decode_number(parse_json(dump_json(encode_number(number))))
    assert decoded is not None
    assert decoded == number or (math.isnan(decoded) and math.isnan(number))


@pytest.mark.parametrize(
    ("number", "text"), [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")]
)
def test_nonfinite_numbers_are_text_in_a_record(number: float, text: str) -> None:
    assert text == encode_number(number)


def test_integer_too_large_for_a_float_is_kept() -> None:
    assert 10**400 == encode_number(10**400)


@pytest.mark.parametrize("value", [None, True, False, "NaN", "1.5", "Infinity", [], {}])
def test_what_is_no_number_decodes_to_none(value: object) -> None:
    assert decode_number(value) is None


def test_values_of_another_kind_read_as_empty() -> None:
    assert {} == as_object([1])
    assert [] == as_list({"a": 1})
    assert as_text(1) is None


@pytest.mark.timeout(20)
def test_a_key_that_stands_twice_among_very_many_is_found_at_once() -> None:
    keys = b"".join(b'"k%d": 0, ' % number for number in range(200_000))
    with pytest.raises(MalformedError) as caught:
        parse_json(b"{" + keys + b'"twice": 0, "twice": 1}')
    assert "twice" == caught.value.field


@pytest.mark.timeout(20)
def test_the_place_of_a_value_names_the_beginning_of_a_long_key() -> None:
    """The escape has the careful reading look, which names the place of every value."""
    long = b"k" * 1_000_000
    values = b'"", ' * 200_000
    with pytest.raises(MalformedError) as caught:
        parse_json(b'{"' + long + b'": [' + values + b'"\\ud800"]}')
    assert "k" * 100 + "…[200000]" == caught.value.field

"""Configs of any kind as JSON, and the two hashes."""

from __future__ import annotations

import argparse
import collections
import enum
import hashlib
import json
import math
import types
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.config import config_hash, flatten, to_json, variant_hash
from ledger.contract.json_text import dump_canonical, parse_json


KEYS = st.text(st.characters(codec="utf-8"), max_size=5)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Mode(str, enum.Enum):  # the older way, which configs hold
    FAST = "fast"


@dataclass
class Optimiser:
    lr: float = 0.1
    betas: tuple[float, float] = (0.9, 0.99)
    where: Path = field(default_factory=lambda: PurePosixPath("a/b"))  # type: ignore[assignment]  # any path


class Array:
    """What numpy and torch arrays offer: item() for one element, tolist() for all."""

    def __init__(self, rows: object) -> None:
        self.rows = rows

    def item(self) -> object:
        flat = self.rows
        while isinstance(flat, list):
            if len(flat) != 1:
                message = "can only convert an array of size 1"
                raise ValueError(message)
            flat = flat[0]
        return flat

    def tolist(self) -> object:
        return self.rows


@given(JSON)
def test_json_stays_what_it_is(item: object) -> None:
    assert item == to_json(item)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        ((1, 2), [1, 2]),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset({"b", "a"}), ["a", "b"]),
        ({(2, 1), "x", 10}, ["x", 10, [2, 1]]),
        (PurePosixPath("data/x"), "data/x"),
        (datetime(2026, 2, 1, tzinfo=UTC), "2026-02-01T00:00:00+00:00"),
        (Colour.RED, "red"),
        (Level.HIGH, 3),
        (Mode.FAST, "fast"),
        (Optimiser(), {"lr": 0.1, "betas": [0.9, 0.99], "where": "a/b"}),
        (argparse.Namespace(lr=1, sub=argparse.Namespace(x=None)), {"lr": 1, "sub": {"x": None}}),
        (types.SimpleNamespace(lr=1), {"lr": 1}),
        (collections.OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        (types.MappingProxyType({"a": 1}), {"a": 1}),
        (range(3), [0, 1, 2]),
        (collections.deque([1]), [1]),
        (Array(0.5), 0.5),
        (Array([1, 2]), [1, 2]),
        (Array([1]), [1]),
        ({1: "a", None: "b"}, {"1": "a", "null": "b"}),
        ({1.5: "a", False: "b", (1, 2): "c"}, {"1.5": "a", "false": "b", "[1,2]": "c"}),
        ("a\ud800b", "a?b"),
        (10**400, 10**400),
        (dict, "builtins.dict"),
        (Colour, f"{__name__}.Colour"),
        (Optimiser, f"{__name__}.Optimiser"),
        (math.sqrt, "math.sqrt"),
    ],
)
def test_conversion(item: object, expected: object) -> None:
    assert expected == to_json(item)


def test_mappings_keep_their_order() -> None:
    assert ["b", "a"] == list(to_json({"b": 1, "a": 2}))  # type: ignore[arg-type]  # an object


def test_object_without_a_meaning_is_its_type_and_no_address() -> None:
    assert to_json(object()) == to_json(object())
    assert "0x" not in str(to_json({"f": lambda: None, "o": object()}))


def test_config_that_holds_itself_ends() -> None:
    config: dict[str, object] = {}
    config["again"] = config
    assert dump_canonical(to_json(config))


@given(st.dictionaries(KEYS, JSON, max_size=4))
def test_converted_config_can_be_written_and_read(config: dict[str, object]) -> None:
    assert config == parse_json(dump_canonical(to_json(config)))


def test_hash_is_over_compact_sorted_ascii_json() -> None:
    config = {"b": [1, 2.5, None], "ä": "ö"}
    text = json.dumps(config, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    assert "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest() == config_hash(config)


@given(st.dictionaries(KEYS, JSON, max_size=4), st.randoms())
def test_key_order_does_not_change_the_hash(config: dict[str, object], random: object) -> None:
    keys = list(config)
    random.shuffle(keys)  # type: ignore[attr-defined]  # a random.Random
    assert config_hash(config) == config_hash({key: config[key] for key in keys})


def test_repeats_over_seeds_share_the_variant_and_not_the_hash() -> None:
    one = {"lr": 0.1, "seed": 1, "random_seed": 1, "model": {"init_seed": 1}, "runs": [{"seed": 1}]}
    two = {"lr": 0.1, "seed": 2, "random_seed": 9, "model": {"init_seed": 3}, "runs": [{"seed": 4}]}
    assert variant_hash(one) == variant_hash(two)
    assert config_hash(one) != config_hash(two)


@pytest.mark.parametrize("key", ["seeds", "seeding", "seed_path", "reseed", "n"])
def test_other_keys_make_another_variant(key: str) -> None:
    assert variant_hash({key: 1}) != variant_hash({key: 2})


def test_seed_keys_are_a_setting() -> None:
    assert variant_hash({"rng": 1}, ["rng"]) == variant_hash({"rng": 2}, ["rng"])
    assert variant_hash({"seed": 1}, ["rng"]) != variant_hash({"seed": 2}, ["rng"])


def test_config_without_seeds_is_its_own_variant() -> None:
    assert config_hash({"lr": 0.1}) == variant_hash({"lr": 0.1})


def test_leaves_are_named_by_their_path() -> None:
    config = {"lr": 0.1, "model": {"units": [1, 2], "drop": {}, "a.b": {"c": None}}}
    assert {
        "lr": 0.1,
        "model.units": [1, 2],
        "model.drop": {},
        'model."a.b".c': None,
    } == flatten(config)


def test_key_with_a_dot_is_not_a_path() -> None:
    assert flatten({"a.b": 1}) != flatten({"a": {"b": 1}})


def test_empty_config_has_no_leaves() -> None:
    assert {} == flatten({})

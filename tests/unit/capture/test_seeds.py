"""Seeds: set where the library is there, told as they were really set."""

from __future__ import annotations

import random
from types import SimpleNamespace

import numpy as np
import pytest

from ledger.capture.seeds import seed_in_config, set_seeds, whole_number


def test_python_and_numpy_are_really_seeded() -> None:
    set_seeds(42, {"numpy": np})
    first = (random.random(), float(np.random.rand()))  # noqa: NPY002  # the global generators are meant
    told = set_seeds(42, {"numpy": np})
    assert first == (random.random(), float(np.random.rand()))  # noqa: NPY002
    assert (42, 42, 42, None, None) == (
        told.seed,
        told.python_seed,
        told.numpy_seed,
        told.torch_seed,
        told.tensorflow_seed,
    )


def test_what_is_not_imported_is_null() -> None:
    section = set_seeds(1, {}).to_json()
    assert {"seed": 1, "torch_seed": None, "numpy_seed": None, "python_seed": 1} == section


def test_torch_and_tensorflow_are_asked_when_imported() -> None:
    heard: list[tuple[str, int]] = []
    torch = SimpleNamespace(manual_seed=lambda seed: heard.append(("torch", seed)))
    random_module = SimpleNamespace(set_seed=lambda seed: heard.append(("tf", seed)))
    told = set_seeds(7, {"torch": torch, "tensorflow": SimpleNamespace(random=random_module)})
    assert [("torch", 7), ("tf", 7)] == heard
    assert (7, 7) == (told.torch_seed, told.to_json()["tensorflow_seed"])


@pytest.mark.parametrize("seed", [-1, 2**40, np.int64(3)])
def test_any_integer_is_a_seed(seed: int) -> None:
    told = set_seeds(seed, {"numpy": np})
    assert int(seed) % 2**32 == told.numpy_seed
    assert type(told.seed) is int


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"seed": 3}, 3),
        ({"random_seed": np.int32(4)}, 4),
        ({"seed": None, "random_seed": 5}, 5),
        ({"seed": True}, None),
        ({"seed": "3"}, None),
        ({"seed": 3.0}, None),
        ({}, None),
    ],
)
def test_the_seed_of_a_config(config: dict[str, object], expected: int | None) -> None:
    assert expected == seed_in_config(config)


def test_a_truth_value_is_no_number() -> None:
    assert whole_number(True) is None  # that is the question
    assert 0 == whole_number(0)

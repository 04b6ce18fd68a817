"""What counts as one number."""

from __future__ import annotations

import enum
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from ledger.writer.scalars import plain


class Tensor:
    """A scalar as torch and jax give it: ``item()``, and no subclass of anything."""

    def __init__(self, number: object) -> None:
        self.number = number

    def item(self) -> object:
        return self.number


class Bfloat16:
    """A number that only ``float`` understands."""

    def __float__(self) -> float:
        return 0.5


class Epoch(enum.IntEnum):
    FIRST = 7


class Phase(str, enum.Enum):
    WARM = "warm"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (1, 1),
        (0.1, 0.1),
        (True, True),
        (None, None),
        ("warm", "warm"),
        (np.float64(0.1), 0.1),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array(2.5), 2.5),
        (np.array([2.5]), 2.5),
        (np.str_("warm"), "warm"),
        (Tensor(0.25), 0.25),
        (Tensor(3), 3),
        (Bfloat16(), 0.5),
        (Decimal("0.5"), 0.5),
        (Fraction(1, 2), 0.5),
        (Epoch.FIRST, 7),
        (Phase.WARM, "warm"),
    ],
)
def test_scalars_of_every_library_become_plain_python(given: object, expected: object) -> None:
    found = plain(given)
    assert (type(expected), expected) == (type(found), found)


def test_nan_stays_nan() -> None:
    found = plain(np.float64("nan"))
    assert type(found) is float
    assert math.isnan(found)


@pytest.mark.parametrize(
    "given",
    [
        np.zeros(3),
        [1.0],
        {},
        object(),
        1 + 2j,
        np.complex64(1 + 2j),
        pytest.param(Fraction(10**400), id="huge fraction"),
        Tensor(object()),
        pytest.param(10**5000, id="huge"),
        pytest.param(-(10**5000), id="huge negative"),
    ],
)
def test_what_is_no_number_is_a_type_error(given: object) -> None:
    with pytest.raises(TypeError):
        plain(given)

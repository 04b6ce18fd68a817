"""Frozen records."""

from __future__ import annotations

import copy
import pickle

import pytest

from ledger.value import as_dict, value


@value
class Point:
    """A place."""

    x: int
    y: int = 0

    @property
    def sum(self) -> int:
        return self.x + self.y

    def moved(self, by: int) -> Point:
        return Point(x=self.x + by, y=self.y)


@value
class Other:
    x: int
    y: int = 0


def test_fields_are_given_by_keyword_and_may_have_defaults() -> None:
    assert (1, 0) == (Point(x=1).x, Point(x=1).y)
    assert 3 == Point(y=2, x=1).sum
    assert Point(x=3) == Point(x=1).moved(2)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [({}, "needs x="), ({"y": 1}, "needs x="), ({"x": 1, "z": 2}, "no field z")],
)
def test_missing_and_unknown_fields_are_told(given: dict[str, int], complaint: str) -> None:
    with pytest.raises(TypeError, match=complaint):
        Point(**given)


def test_fields_are_not_positional() -> None:
    with pytest.raises(TypeError):
        Point(1, 2)  # type: ignore[misc]  # what is tested


def test_values_are_frozen() -> None:
    point = Point(x=1)
    with pytest.raises(AttributeError, match="frozen"):
        point.x = 2  # type: ignore[misc]  # what is tested
    with pytest.raises(AttributeError, match="frozen"):
        point.new = 2  # type: ignore[attr-defined]  # what is tested
    with pytest.raises(AttributeError, match="frozen"):
        del point.x
    assert 1 == point.x


def test_equality_and_hash_go_by_fields_and_type() -> None:
    assert Point(x=1) == Point(x=1, y=0)
    assert Point(x=1) != Point(x=2)
    assert Point(x=1) != Other(x=1)
    assert Point(x=1) != 1
    assert 1 == len({Point(x=1), Point(x=1)})


def test_repr_shows_how_to_make_it() -> None:
    assert "Point(x=1, y=0)" == repr(Point(x=1))


def through_pickle(point: Point) -> object:
    return pickle.loads(pickle.dumps(point))  # noqa: S301  # our own bytes


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, through_pickle])
def test_values_survive_copying(again: object) -> None:
    assert Point(x=1, y=2) == again(Point(x=1, y=2))  # type: ignore[operator]  # one of the three


def test_values_have_no_dict() -> None:
    assert not hasattr(Point(x=1), "__dict__")


def test_class_keeps_its_name_and_docstring() -> None:
    assert ("Point", __name__, "A place.") == (Point.__qualname__, Point.__module__, Point.__doc__)


def test_fields_by_name() -> None:
    assert {"x": 1, "y": 0} == as_dict(Point(x=1))


def test_a_method_of_the_class_goes_before_the_made_one() -> None:
    @value
    class Shown:
        number: int

        def __repr__(self) -> str:
            return f"<{self.number}>"

    assert repr(Shown(number=3)) == "<3>"
    assert Shown(number=3) == Shown(number=3)

"""Names and values that MLflow would refuse or cut in silence."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.sync.mlflow_names import (
    Point,
    batches,
    fitting_names,
    fitting_params,
    fitting_tags,
    infinite_tags,
    points_of,
)
from ledger.sync.rows import Row
from ledger.sync.subject import Subject


def row(step: int, *, epoch: int | None = None, **values: float) -> Row:
    return Row(step=step, time_ms=1000 + step, epoch=epoch, is_by_epoch=False, values=values)


def subject(*rows: Row, **finals: float) -> Subject:
    return Subject(
        name="a",
        trial_id=None,
        status="finished",
        started_ms=0,
        ended_ms=9,
        params={},
        rows=rows,
        finals=finals,
        best=(),
        tags={},
    )


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("val_acc", "val_acc"),
        ("train/val acc: é-1.5", "train/val acc: é-1.5"),
        ("acc@5", "acc_5"),
        ("layers[0](a,b)=50%", "layers_0__a_b__50_"),
        ("a//b", "a/b"),
        ("/a/b", "a/b"),
        ("../up", "_/up"),
        ("a/../b", "b"),
        (".", "_"),
        ("", "_"),
        ("a/", "a"),
    ],
)
def test_a_name_that_is_refused_becomes_one_that_is_not(name: str, there: str) -> None:
    assert {name: there} == fitting_names([name])


def test_no_two_names_become_one_and_a_good_one_stays() -> None:
    names = fitting_names(["acc@5", "acc_5", "acc%5"])

    assert "acc_5" == names["acc_5"]
    assert 3 == len(set(names.values()))
    assert names == fitting_names(["acc%5", "acc@5", "acc_5"]), "whatever their order"


@given(st.lists(st.text(max_size=300), max_size=8))
def test_any_names_fit_and_differ(names: list[str]) -> None:
    fitting = fitting_names(names)

    assert len(set(names)) == len(set(fitting.values()))
    assert all(0 < len(fits) <= 250 for fits in fitting.values())
    assert fitting_names(fitting.values()) == {fits: fits for fits in fitting.values()}


def test_params_are_json_but_for_text() -> None:
    params = {"lr": 1.0, "n": 1, "on": True, "none": None, "text": "adam", "list": [1, {"b": "é"}]}

    fitted = fitting_params(params, fitting_names(params))

    told = {"lr": "1.0", "n": "1", "on": "true", "none": "null", "text": "adam"}
    assert told | {"list": '[1, {"b": "é"}]'} == fitted.texts


def test_a_long_param_is_cut_and_says_so() -> None:
    fitted = fitting_params(
        {"long": "x" * 6001, "fits": "y" * 6000}, {"long": "long", "fits": "fits"}
    )

    assert ("long",) == fitted.cut
    assert 6000 == len(fitted.texts["long"])
    assert fitted.texts["long"].endswith("… (6001 characters)")


def test_a_long_tag_is_cut_and_says_so() -> None:
    fitted = fitting_tags({"mlflow.note.content": "n" * 9000})

    assert ("mlflow.note.content",) == fitted.cut
    assert 8000 == len(fitted.texts["mlflow.note.content"])


def test_infinite_numbers_are_no_points_and_nan_is_one() -> None:
    """MLflow keeps infinity as 1.8e308, which then ranks first."""
    rows = [row(0, loss=math.inf), row(1, loss=math.nan), row(2, loss=0.5)]

    points = list(points_of(rows, {"loss": "loss"}))

    assert [1, 2] == [point.step for point in points]
    assert math.isnan(points[0].number)
    assert {"ledger.nonfinite.loss": "inf@0"} == infinite_tags(subject(*rows))


def test_many_infinite_numbers_are_counted() -> None:
    rows = [row(step, loss=-math.inf) for step in range(9)]

    told = infinite_tags(subject(*rows, test=math.inf))

    places = ", ".join(f"-inf@{step}" for step in range(5))
    assert f"{places} and 4 more" == told["ledger.nonfinite.loss"]
    assert "inf@8" == told["ledger.nonfinite.test"]


def test_a_row_that_goes_by_its_step_keeps_its_epoch() -> None:
    points = points_of([row(700, epoch=3, loss=0.5)], {"loss": "loss", "epoch": "epoch"})

    assert Point(key="epoch", step=700, time_ms=1700, number=3.0) in list(points)


def test_a_request_holds_a_hundred_params_and_less_than_a_million_bytes() -> None:
    many = {f"k{n}": "v" for n in range(201)}
    large = {f"k{n}": "é" * 6000 for n in range(50)}

    assert [100, 100, 1] == [len(batch) for batch in batches(many)]
    assert all(sum(6 * len(text) for text in each.values()) < 1e6 for each in batches(large))
    assert large == {key: text for batch in batches(large) for key, text in batch.items()}

"""The values of a review: what their JSON holds, and which verdict counts of several."""

from __future__ import annotations

import json
import math

import pytest

from ledger.review.finding import INSUFFICIENT, NOTE, OK, QUESTIONS, WARN, Finding, heaviest
from ledger.review.result import Answer, Counts, Decision, Repeat, Review, Standing


def finding(verdict: str = OK, **more: object) -> Finding:
    return Finding(question="why", rule="choice.lead", verdict=verdict, sentence="s", **more)  # type: ignore[arg-type]  # its own fields


@pytest.mark.parametrize(
    ("verdicts", "counts"),
    [
        ([], OK),
        ([OK, NOTE], NOTE),
        ([NOTE, INSUFFICIENT, OK], INSUFFICIENT),
        ([INSUFFICIENT, WARN], WARN),
    ],
)
def test_the_heaviest_verdict_counts(verdicts: list[str], counts: str) -> None:
    assert heaviest(map(finding, verdicts)) == counts


def test_numbers_that_are_not_finite_are_texts_in_json() -> None:
    told = finding(value=math.nan, threshold=math.inf).to_json()

    assert (told["value"], told["threshold"]) == ("nan", "inf")


def test_a_review_is_one_json_object_with_these_keys() -> None:
    """The dashboard and the report read these names."""
    standing = Standing(
        name="r#1",
        label="1",
        run_id="r",
        trial_id="1",
        status="finished",
        rank=1,
        group=1,
        best=math.nan,
        best_epoch=None,
        smoothed=0.5,
        smoothed_epoch=3,
        last=0.5,
        shape="plateau",
        shape_epoch=3,
        n_epochs=4,
        n_curves=1,
        budget=None,
        is_short=False,
        seconds=None,
        seed=None,
        parent=None,
        params={"lr": 0.1},
    )
    review = Review(
        title="t",
        kind="sweep",
        metric="val_loss",
        goal="min",
        direction_source="objective",
        train_metric=None,
        tuner=None,
        shared={"dirty": False},
        counts=Counts(
            candidates=1, finished=1, failed=0, running=0, nonfinite=0, short=0, reasons={}
        ),
        decision=Decision(
            support="no", sentence="nothing to choose from.", chosen="r#1", tied=(), proposed=None
        ),
        answers=tuple(
            Answer(question=question, verdict=OK, answer="", evidence="") for question in QUESTIONS
        ),
        findings=(finding(),),
        standings=(standing,),
        best_so_far=(0.5,),
        expected_best=(),
        curve=(math.inf,),
        commands=("ledger repeat --top 3 --seeds 5",),
        repeats=(Repeat(name="r#1", label="1", seeds=(0, 1), command=None),),
        note={},
        warnings=(),
        libraries={"scipy": None},
    )

    told = json.loads(json.dumps(review.to_json(), allow_nan=False))

    assert list(told) == [
        *("review_version", "title", "kind", "metric", "goal", "direction_source"),
        *("train_metric", "tuner", "shared", "counts", "decision", "answers", "findings"),
        *("standings", "best_so_far", "expected_best", "curve", "commands", "repeats", "note"),
        *("warnings", "libraries"),
    ]
    assert [each["id"] for each in told["answers"]] == list(QUESTIONS)
    assert told["standings"][0]["best"] == "nan"
    assert told["standings"][0]["params"] == {"lr": 0.1}
    assert told["curve"] == ["inf"]

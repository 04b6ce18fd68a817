"""The three renderings of one review; they are in golden/ (UPDATE_GOLDEN=1 rewrites)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledger.review.render import html_of, markdown_of, text_of
from ledger.review.result import Review
from ledger.review.review import review
from ledger.review.subject import Param
from ledger.value import as_dict
from unit.review.curve_shapes import curve, overfitting, training
from unit.review.subjects import candidate, plateau, subject, trial


if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = "<img src=x onerror=alert(1)>|`*_[a](b)\x1b[31m\u202e#1 @you"


def a_review(title: str = "2026-02-01_1630_mlp-k3f9q2xa") -> Review:
    """Return a review of a small random search with everything that a screen can show."""
    found = [
        trial(
            f"{place:02d}",
            0.25 + 0.01 * ((7 * place) % 12),
            {"lr": 10 ** -(1 + place / 4), "optimizer": "sgd" if place % 3 else "adam"},
            seconds=60.0 + place,
            started=f"2026-02-01T16:{place:02d}:00+00:00",
        )
        for place in range(11)
    ]
    found += [
        trial("11", 0.3, {"lr": 9.0}, status="failed", message="MemoryError: no room"),
        candidate(
            "12",
            curve(overfitting(30, turn=8), training(30), noise=0.001),
            trial_id="12",
            params={"lr": 0.5, "optimizer": "sgd"},
            seconds=10.0,
            started="2026-02-01T17:00:00+00:00",
        ),
        candidate("13", plateau(0.1, n=4), trial_id="13", params={"lr": 1.0}, budget=4),
    ]
    space = (Param(name="lr", low=1e-4, high=1.0, scale="log"),)
    made = review(
        subject(
            found,
            title=title,
            tuner="RandomSearch",
            space=space,
            note={"Hypothesis": "Small steps\nwin.", "Next": "Repeat."},
        )
    )
    about = {"libraries": {"scipy": "1.0", "scikit-learn": None}}
    return Review(**as_dict(made) | about)  # type: ignore[arg-type]  # its own fields


@pytest.mark.parametrize(
    ("name", "render"),
    [("review.txt", text_of), ("review.md", markdown_of), ("review.html", html_of)],
)
def test_rendering_is_the_golden_one(name: str, render: Callable[[Review], str]) -> None:
    text = render(a_review()) + "\n"

    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_what_comes_before_the_details_is_one_screen() -> None:
    before, details, _ = text_of(a_review()).partition("\nDetails\n")

    assert details
    assert len(before.splitlines()) <= 45
    assert max(map(len, before.splitlines())) <= 100
    assert text_of(a_review(), with_details=False) == before.rstrip("\n")


def test_nothing_of_a_title_is_obeyed() -> None:
    hostile = a_review(HOSTILE)

    html, markdown, text = html_of(hostile), markdown_of(hostile), text_of(hostile)

    assert "<img" not in html
    assert "onerror=alert(1)&gt;" in html
    assert not any(sign in markdown.splitlines()[0][len("# Review: ") :] for sign in "<>|`*[]@")
    for shown in (html, markdown, text):
        assert "\x1b" not in shown
        assert "\u202e" not in shown

"""``ledger select``: a decision beside the run, with the review as its evidence."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ledger.cli.main import run
from unit.reader.builders import FIRST, add_run, epochs, make_project
from unit.review.sweeps import small_sweep


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Return a function that runs the program in a project: exit code, stdout, stderr."""
    make_project(tmp_path)
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ledger", *arguments])
        with pytest.raises(SystemExit) as exited:
            run()
        captured = capsys.readouterr()
        return int(exited.value.code or 0), captured.out, captured.err

    return invoke


def add_models(root: Path) -> None:
    for place, best in enumerate((0.8, 0.9)):
        add_run(
            root,
            f"model{place}",
            epochs(val_acc=[0.5, best, best]),
            started=FIRST + timedelta(hours=place),
            config={"model": place},
        )


def test_a_run_is_chosen_over_a_question(ask: Ask, tmp_path: Path) -> None:
    add_models(tmp_path)

    code, out, err = ask("select", "model0", "--over", "best val_acc", "--why", "smaller")

    (path,) = tmp_path.glob("ledger/*/*/decision.md")
    text = path.read_text(encoding="utf-8")
    assert (code, out) == (0, "")
    assert "chose 2026-02-01_1630_model0" in err
    assert path.parent.name in text.splitlines()[0]
    assert "val_acc best 0.8, smoothed 0.8; rank 2" in text
    assert "model1" in text.partition("## Rejected")[2].partition("## Evidence")[0]
    assert "Decision supported? partly" in text
    assert "which was not chosen" in text


def test_repeats_of_the_chosen_one_are_not_rejected(ask: Ask, tmp_path: Path) -> None:
    for place, (model, seed) in enumerate((("mlp", 1), ("mlp", 2), ("cnn", 1))):
        add_run(
            tmp_path,
            f"{model}{seed}",
            epochs(val_acc=[0.5, 0.9 - place / 10]),
            started=FIRST + timedelta(hours=place),
            config={"model": model, "seed": seed},
            random={"seed": seed},
        )

    ask("select", "mlp1", "--over", "best val_acc", "--why", "better")

    text = next(tmp_path.glob("ledger/*/*/decision.md")).read_text(encoding="utf-8")
    assert "one of 2 repeats" in text
    assert "mlp2" not in text
    assert "cnn1" in text


def test_a_trial_is_chosen_over_its_sweep(ask: Ask, tmp_path: Path) -> None:
    run_id = small_sweep(tmp_path, status="finished")

    code, _, _ = ask("select", "search#01", "--why", "best of all")

    (path,) = tmp_path.glob("ledger/*/*/decision.md")
    text = path.read_text(encoding="utf-8")
    assert code == 0
    assert text.startswith(f"# Decision: {run_id}#01\n")
    assert "which was not chosen" not in text


def test_show_tells_the_decision(ask: Ask, tmp_path: Path) -> None:
    small_sweep(tmp_path, status="finished")
    add_models(tmp_path)
    ask("select", "search#01", "--why", "best\nof all")
    ask("select", "model1", "--over", "best val_acc", "--why", "higher")

    assert "trial 01: best of all" in ask("show", "search")[1]
    assert (
        json.loads(ask("show", "model1", "--format", "json")[1])["rows"][0]["decision"] == "higher"
    )
    assert json.loads(ask("show", "model0", "--format", "json")[1])["rows"][0]["decision"] is None


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("model0", "--why", "w"), 2, "--over"),
        (("model0", "--over", "best val_acc"), 2, "--why"),
        (("model0", "--over", "best val_acc", "--why", " "), 2, "says why"),
        (("model9", "--over", "best val_acc", "--why", "w"), 1, "did you mean"),
        (("model0", "--over", "runs where model = 1", "--why", "w"), 1, "is not among"),
    ],
)
def test_mistakes_write_nothing(
    ask: Ask, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    add_models(tmp_path)

    found, _, err = ask("select", *arguments)

    assert found == code
    assert said in err
    assert not list(tmp_path.glob("ledger/*/*/decision.md"))

"""``ledger review``: formats, exit codes, and what is said on stderr."""

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
    """Return a function that runs ``ledger review`` in a project: exit code, stdout, stderr."""
    make_project(tmp_path)
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ledger", "review", *arguments])
        with pytest.raises(SystemExit) as exited:
            run()
        captured = capsys.readouterr()
        return int(exited.value.code or 0), captured.out, captured.err

    return invoke


def test_one_screen_answers_six_questions(ask: Ask, tmp_path: Path) -> None:
    small_sweep(tmp_path)

    code, out, err = ask("--brief")

    assert (code, err) == (0, "")
    assert "Decision supported?  PARTLY. 01 is the best of the 5 (of 6) that can be ranked" in out
    assert "Next: ledger repeat --top 3 --seeds 5" in out
    assert "Details" not in out
    assert len(out.splitlines()) <= 45


@pytest.mark.parametrize(
    ("output_format", "begins"),
    [("text", "Review: "), ("md", "# Review: "), ("html", '<section class="review">')],
)
def test_every_format_is_one_document(
    ask: Ask, tmp_path: Path, output_format: str, begins: str
) -> None:
    small_sweep(tmp_path)

    code, out, _ = ask("search", "--format", output_format)

    assert code == 0
    assert out.startswith(begins)


def test_json_holds_the_whole_review(ask: Ask, tmp_path: Path) -> None:
    run_id = small_sweep(tmp_path)

    code, out, _ = ask("search", "--format", "json")

    told = json.loads(out)
    assert (code, told["review_version"], told["title"]) == (0, 1, run_id)
    assert told["decision"]["chosen"] == f"{run_id}#01"
    assert told["counts"]["reasons"] == {"MemoryError: no room": 1}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [((), 0), (("--fail-on", "warn"), 0), (("--fail-on", "insufficient"), 1)],
)
def test_the_exit_code_follows_what_is_asked_for(
    ask: Ask, tmp_path: Path, arguments: tuple[str, ...], expected: int
) -> None:
    small_sweep(tmp_path)

    assert ask("search", *arguments)[0] == expected


def test_a_warning_fails_where_warnings_do(ask: Ask, tmp_path: Path) -> None:
    for place, data in enumerate(("md5:a", "md5:b")):
        add_run(
            tmp_path,
            f"run{place}",
            epochs(val_acc=[0.5, 0.8]),
            started=FIRST + timedelta(hours=place),
            data={"name": "d", "hash": data},
        )

    code, out, _ = ask("runs", "--fail-on", "warn")

    assert code == 1
    assert "NO." in out
    assert "not comparable" in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("nothing",), 1, "no run is called 'nothing'"),
        (("search", "--metric", "vall"), 1, "did you mean"),
        (("search", "--metric", "loss"), 2, "--direction min"),
        (("best",), 1, "no run is called 'best'"),
        (("runs", "wher", "a"), 2, "where"),
        (("search", "--format", "pdf"), 2, "--format"),
    ],
)
def test_mistakes_are_one_line_with_the_documented_code(
    ask: Ask, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    small_sweep(tmp_path)

    found, out, err = ask(*arguments)

    assert (found, out) == (code, "")
    assert said in err


def test_a_table_of_another_tool_is_reviewed(ask: Ask, tmp_path: Path) -> None:
    lines = ["trial_id,epoch,lr,val_accuracy"]
    lines += [
        f"{t},{e},{0.1 * (t + 1)},{0.5 + 0.01 * e + 0.1 * t}" for t in range(3) for e in range(4)
    ]
    (tmp_path / "log.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    code, out, err = ask("--csv", "log.csv", "--metric", "val_accuracy", "--direction", "max")

    assert code == 0
    assert "2 is the best of 3" in out
    assert "trials by trial_id" in err

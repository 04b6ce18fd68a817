"""Runs that came from another tool are marked wherever runs are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from ledger.cli.main import main
from unit.reader.builders import add_run, epochs, make_project


if TYPE_CHECKING:
    from pathlib import Path

NO_GIT = dict.fromkeys(("commit", "base", "branch", "remote", "dirty"))
ORIGIN = {"tool": "keras-tuner", "uri": "tuning/moons", "digest": "sha256:00"}


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return the ids of an imported sweep and of a run of our own, in the working folder."""
    make_project(tmp_path)
    rows = [{"trial_id": "00", **row} for row in epochs(val_acc=[0.5, 0.7])]
    trials = b"trial_id,attempt,status,score\n00,0,finished,0.7\n"
    imported = add_run(
        tmp_path,
        "imported",
        rows,
        files={"trials.csv": trials},
        git=NO_GIT,
        imported_from=ORIGIN,
    )
    own = add_run(tmp_path, "own", [{"trial_id": "1", **r} for r in epochs(val_acc=[0.4])])
    monkeypatch.chdir(tmp_path)
    return {"imported": imported, "own": own}


def ask(*words: str) -> str:
    done = CliRunner().invoke(main, list(words))
    assert 0 == done.exit_code, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("ls",),
        ("query", "best val_acc"),
        ("query", "best val_acc per trial"),
        ("query", "runs"),
        ("query", "trials"),
        ("whence", "0.7"),
    ],
    ids=" ".join,
)
def test_imported_run_is_flagged(told: dict[str, str], words: tuple[str, ...]) -> None:
    by_run = {
        run_id: line
        for line in ask(*words).splitlines()
        for run_id in told.values()
        if run_id in cells(line)
    }

    flagged = {run_id for run_id, line in by_run.items() if "imported" in cells(line)}

    assert {told["imported"]} == flagged


@pytest.mark.parametrize("question", ["best val_acc", "best val_acc per trial", "runs", "trials"])
def test_json_names_the_tool_of_an_imported_run_alone(told: dict[str, str], question: str) -> None:
    import json

    rows = json.loads(ask("query", question, "--format", "json"))["rows"]

    assert {told["imported"]: "keras-tuner", told["own"]: None} == {
        row["run_id"]: row.get("imported") for row in rows
    }


def test_nobody_is_asked_for_the_note_of_an_imported_run(told: dict[str, str]) -> None:
    line = next(line for line in ask("ls").splitlines() if told["imported"] in line)

    assert "not asked" in cells(line)
    assert told["imported"] not in ask("ls", "--missing-note")


def test_show_says_where_it_was_read(told: dict[str, str]) -> None:
    assert "imported  keras-tuner: tuning/moons" in ask("show", told["imported"])


def test_comparison_says_that_one_side_was_imported(told: dict[str, str]) -> None:
    done = CliRunner().invoke(main, ["compare", told["own"], told["imported"]])

    assert f"{told['imported']} was imported from keras-tuner" in done.stderr
    assert f"{told['own']} was imported" not in done.stderr

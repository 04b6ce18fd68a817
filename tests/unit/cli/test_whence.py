"""``ledger whence`` end to end."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from ledger.cli.main import run
from unit.reader.builders import COMMIT, small_ledger


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Return a function that runs the program in ``tmp_path``: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ledger", *arguments])
        with pytest.raises(SystemExit) as exited:
            run()
        captured = capsys.readouterr()
        return int(exited.value.code or 0), captured.out, captured.err

    return invoke


def test_json_has_the_fields_of_a_row(ask: Ask, tmp_path: Path) -> None:
    ids = small_ledger(tmp_path)

    code, out, _ = ask("whence", "val_acc 0.90", "--format", "json")

    answer = json.loads(out)
    row = answer["rows"][0]
    assert (code, answer["verb"], answer["question"]) == (0, "whence", "val_acc 0.90")
    assert (row["run_id"], row["metric"], row["value"]) == (ids["baseline"], "val_acc", 0.9)
    assert row["reproduce"] == f"git checkout {COMMIT} && python train.py"
    assert row["data"][0]["name"] == "digits"


@pytest.mark.parametrize("output_format", ["table", "csv", "md"])
def test_every_format_names_the_run_and_the_line(
    ask: Ask, tmp_path: Path, output_format: str
) -> None:
    ids = small_ledger(tmp_path)

    code, out, _ = ask("whence", "0.931", "--format", output_format)

    assert code == 0
    assert ids["small_lr"] in out
    assert "python train.py" in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["0.957"], 1, "nearest: 0.931 val_acc"),
        (["-1.2e-3"], 1, "nearest:"),
        (["qqqqqq"], 1, "nothing in the ledger fits 'qqqqqq'"),
        (["deadbeef00"], 1, "no commit, hash or run id begins with 'deadbeef00'"),
        (["checkpoints/last.ckpt"], 1, "nothing in the ledger fits"),
        ([], 2, "Missing argument"),
        (["0.931", "--limit", "0"], 2, "--limit"),
    ],
)
def test_nothing_and_bad_usage(
    ask: Ask, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    small_ledger(tmp_path)

    found, out, err = ask("whence", *arguments)

    assert (found, out) == (code, "")
    assert said in err
    assert "Traceback" not in err

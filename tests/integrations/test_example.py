"""The example of KerasTuner, copied out of the repository and run the way its README says."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from e2e.shell import Shell
from unit.writer.recording import only_run, read_record


ROOT = Path(__file__).parents[2]
REASON = "the group is not installed: uv run --group test --group keras pytest tests/integrations"
pytest.importorskip("keras_tuner", reason=REASON)
pytestmark = pytest.mark.timeout(240)


def test_the_example_leaves_one_committed_run_that_answers(tmp_path: Path) -> None:
    folder = tmp_path / "keras_tuner"
    shutil.copytree(ROOT / "examples/keras_tuner", folder)
    shell = Shell(folder, tmp_path / "private")
    (block,) = re.findall(r"```sh\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    said = shell.run(block.replace("python tune.py ", "python tune.py 2 1 ", 1)).stdout

    record = read_record(only_run(folder))
    assert (record["status"], record["sweep"]["n_trials"]) == ("finished", 2)
    assert record["git"]["dirty"] is False
    assert "best_lr" in record["stated"]
    best = json.loads(shell.run('ledger query "best val_accuracy per trial" --format json').stdout)
    assert {row["trial_id"] for row in best["rows"]} == {"0", "1"}
    assert record["run_id"] in said
    assert json.loads(shell.run("ledger check --format json").stdout)["findings"] == []
    assert shell.run("git status --porcelain").stdout == ""


def test_the_line_in_the_guide_is_that_of_the_example() -> None:
    guide = (ROOT / "docs/guides/keras-tuner.md").read_text()
    example = (ROOT / "examples/keras_tuner/tune.py").read_text()
    (block,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    for line in block.strip().splitlines():
        assert not line or line in example

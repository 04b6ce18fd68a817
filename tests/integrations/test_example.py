"""The example of KerasTuner, copied out of the repository and run the way its README says."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from e2e.shell import Shell
from unit.writer.recording import read_record, run_dirs


ROOT = Path(__file__).parents[2]
REASON = "the group is not installed: uv run --group test --group keras pytest tests/integrations"
pytest.importorskip("keras_tuner", reason=REASON)
pytestmark = pytest.mark.timeout(240)


def test_the_example_leaves_committed_runs_that_answer(tmp_path: Path) -> None:
    folder = tmp_path / "keras_tuner"
    shutil.copytree(ROOT / "examples/keras_tuner", folder)
    shell = Shell(folder, tmp_path / "private")
    text = (folder / "README.md").read_text()
    first, _ = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    said = shell.run(first.replace("python tune.py ", "python tune.py 2 1 ", 1)).stdout

    (run_dir,) = run_dirs(folder)
    record = read_record(run_dir)
    assert (record["status"], record["sweep"]["n_trials"]) == ("finished", 2)
    assert record["git"]["dirty"] is False
    assert "best_lr" in record["stated"]
    best = json.loads(shell.run('ledger query "best val_accuracy per trial" --format json').stdout)
    assert {row["trial_id"] for row in best["rows"]} == {"0", "1"}
    assert record["run_id"] in said
    assert json.loads(shell.run("ledger check --format json").stdout)["findings"] == []
    assert shell.run("git status --porcelain").stdout == ""


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_other_strategies_and_workers_are_a_run_each(tmp_path: Path) -> None:
    folder = tmp_path / "keras_tuner"
    shutil.copytree(ROOT / "examples/keras_tuner", folder)
    shell = Shell(folder, tmp_path / "private")
    text = (folder / "README.md").read_text()
    first, second = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    shell.run(first.partition("python tune.py")[0])

    small = {"hyperband 12 6": "hyperband 2 2", "random 8 5": "random 2 1"}
    for whole, part in small.items():
        assert whole in second
        second = second.replace(whole, part)
    said = shell.run("export KERAS_BACKEND=jax\n" + second).stdout
    assert "circles-hyperband: 2 trials by hyperband" in said
    assert "circles-random: 2 trials by random" in said
    records = {record["name"]: record for record in map(read_record, run_dirs(folder))}
    assert {record["status"] for record in records.values()} == {"finished"}
    assert records["circles-random"]["sweep"]["n_trials"] == 2
    assert {record["git"]["dirty"] for record in records.values()} == {False}
    # of two trials the second worker may have none
    workers = {path.name for path in folder.rglob("worker.*.json")}
    assert workers
    assert workers <= {"worker.tuner0.json", "worker.tuner1.json"}
    assert json.loads(shell.run("ledger check --format json").stdout)["findings"] == []
    assert shell.run("git status --porcelain").stdout == ""


def test_the_line_in_the_guide_is_that_of_the_example() -> None:
    guide = (ROOT / "docs/guides/keras-tuner.md").read_text()
    example = (ROOT / "examples/keras_tuner/tune.py").read_text()
    (block,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    for line in block.strip().splitlines():
        assert not line or line in example

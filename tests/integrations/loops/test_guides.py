"""The guides of these libraries: their Python, block after block, is a script that runs."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from e2e.shell import Shell
from make_repo import make_repo
from unit.writer.recording import only_run, read_record, run_dirs


ROOT = Path(__file__).parents[3]
REASON = "the group is not installed: uv run --group test --group loops pytest tests/integrations"
for library in ("optuna", "xgboost", "lightgbm"):
    pytest.importorskip(library, reason=REASON)
pytestmark = [pytest.mark.timeout(240), pytest.mark.filterwarnings("default")]

RUNS = {
    "sklearn": {"svm": 6, "which model": 2},
    "boosting": {"trees": None, "leaves": None},
    "optuna": {"parabola": 20, "line": 3},
}
"""How many trials the runs of each guide have, by name; None: they are no sweeps."""


@pytest.mark.parametrize("guide", RUNS)
def test_the_blocks_of_a_guide_work(guide: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "guides" / f"{guide}.md").read_text(encoding="utf-8")
    project = make_repo(tmp_path, {"README.md": "a project\n", ".gitignore": "*.json\n"})
    shell = Shell(project, tmp_path / "private")
    shell.run("ledger init && git add --all && git commit -m 'a ledger'")
    script = project.parent / f"guide_of_{guide}.py"
    script.write_text("".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)), "utf-8")
    assert "Deprecat" not in shell.run(f"python {script}").stderr
    for asked in re.findall(r"^ledger query .*$", text, re.MULTILINE):
        shell.run(f"{asked.partition('  #')[0]} || test $? = 1")  # 1: nothing of that kind

    records = [read_record(each) for each in run_dirs(project)]
    found = {each["name"]: each.get("sweep", {}).get("n_trials") for each in records}
    assert found == RUNS[guide]
    assert {each["status"] for each in records} == {"finished"}
    assert not any("incomplete" in each for each in records)


def test_the_example_leaves_one_committed_run_that_answers(tmp_path: Path) -> None:
    folder = tmp_path / "sklearn_search"
    shutil.copytree(ROOT / "examples/sklearn_search", folder)
    shell = Shell(folder, tmp_path / "private")
    (block,) = re.findall(r"```sh\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    said = shell.run(block).stdout

    record = read_record(only_run(folder))
    assert (record["status"], record["sweep"]["n_trials"]) == ("finished", 6)
    assert record["git"]["dirty"] is False
    assert "test_accuracy" in record["stated"]
    ask = 'ledger query "best mean_test_score per trial" --format json'
    best = json.loads(shell.run(ask).stdout)
    assert best["rows"][0]["trial_id"] == record["sweep"]["best_trial"]
    assert record["run_id"] in said
    assert json.loads(shell.run("ledger check --format json").stdout)["findings"] == []
    assert shell.run("git status --porcelain").stdout == ""

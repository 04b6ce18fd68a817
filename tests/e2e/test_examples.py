"""Each example, copied out of the repository and run the way its README says."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from e2e.shell import Shell


if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow
EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ["dvc_pipeline", "minimal", "one_call"]
"""Examples of logging from Python."""
FIRST_RUNS = {"argparse": 1, "constants": 1, "notebook": 1, "shell_loop": 3, "yaml_config": 1}
"""Runs that the first three commands of each habit of training leave."""
ELSEWHERE = ["ci", "keras_tuner", "pytorch", "sklearn_search"]
"""Files for servers, and what needs a framework; tests/ci and tests/integrations run them."""
MAX_COMMANDS, MAX_CHANGED_LINES = 3, 1
EPOCHS = 60


class Example:
    """One example after every command of its README; ``said`` is what they printed."""

    def __init__(self, folder: Path, shell: Shell, said: str) -> None:
        self.folder = folder
        self.shell = shell
        self.said = said

    def ask(self, question: str) -> Any:
        """Return the answer to ``ledger <question> --format json``."""
        return json.loads(self.shell.run(f"ledger {question} --format json").stdout)

    @property
    def records(self) -> list[dict[str, Any]]:
        """Every record in the ledger, by id."""
        return [json.loads(p.read_bytes()) for p in sorted(self.folder.glob("ledger/*/*/run.json"))]


@pytest.fixture(scope="module")
def run_example(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Example]:
    """Return what runs an example once and gives the same one to every test: do not change it."""
    done: dict[str, Example] = {}

    def run(name: str) -> Example:
        if name not in done:
            parent = tmp_path_factory.mktemp("example")
            folder = parent / name
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(EXAMPLES / name, folder, ignore=ignored)
            shell = Shell(folder, parent / "private")
            told = shell.run(commands(folder / "README.md"))
            done[name] = Example(folder, shell, told.stdout + told.stderr)
        return done[name]

    return run


def commands(readme: Path, kind: str = "sh") -> str:
    """Return what stands in the blocks of a README that are marked ``kind``."""
    text = readme.read_text(encoding="utf-8")
    return "\n".join(re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL))


def test_every_example_is_tested() -> None:
    found = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())
    assert sorted([*NAMES, *FIRST_RUNS, *ELSEWHERE]) == found


@pytest.mark.parametrize("name", NAMES)
def test_example_leaves_one_sealed_committed_run_that_answers(
    name: str, run_example: Callable[[str], Example]
) -> None:
    example = run_example(name)

    (record,) = example.records
    assert record["status"] == "finished"
    assert EPOCHS == record["files"]["metrics.csv"]["rows"]
    assert record["git"]["dirty"] is False
    (row,) = example.ask('query "best loss"')["rows"]
    assert record["run_id"] == row["run_id"]
    assert record["summary"]["loss"]["min"] == row["value"]
    assert example.ask("check")["findings"] == []
    assert example.shell.run("git status --porcelain").stdout == ""


@pytest.mark.parametrize("name", FIRST_RUNS)
def test_first_runs_are_committed_after_three_commands_and_one_changed_line(
    name: str, tmp_path: Path
) -> None:
    """From a repository without the ledger, by what the README says, to runs that pass."""
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
    shell = Shell(folder, tmp_path / "private")
    readme = folder / "README.md"
    changed = without_ledger(folder, commands(readme, "diff"))
    shell.run(commands(readme, "sh before"))
    for path, text in changed.items():
        path.write_text(text, encoding="utf-8")
    lines = commands(readme).splitlines()
    begun = time.perf_counter()

    said = shell.run("\n".join(lines))

    print(f"{name}: {time.perf_counter() - begun:.1f} s to {FIRST_RUNS[name]} committed runs")
    assert len(lines) <= MAX_COMMANDS
    assert not any(word in line for line in lines for word in ("&&", ";", "|"))
    example = Example(folder, shell, said.stdout)
    assert [record["status"] for record in example.records] == ["finished"] * FIRST_RUNS[name]
    assert all(record["summary"]["loss"]["n"] > 1 for record in example.records)
    assert example.ask("check")["findings"] == []
    assert shell.run("git status --porcelain").stdout == ""
    shell.run(commands(readme, "sh look"))
    assert example.ask("check")["verdict"] == "pass"


def without_ledger(folder: Path, diff: str) -> dict[Path, str]:
    """Take the line that ``diff`` adds out again; return the text of the files that held it.

    Nothing of the ledger is left then: the rest of the example is as it was before.
    """
    added = [line[1:] for line in diff.splitlines() if line.startswith("+")]
    taken = [line[1:] for line in diff.splitlines() if line.startswith("-")]
    assert len(added) <= MAX_CHANGED_LINES
    changed: dict[Path, str] = {}
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        if path.name != "README.md" and any(line + "\n" in text for line in added):
            changed[path] = text
            (line,) = added
            text = text.replace(line + "\n", "".join(old + "\n" for old in taken))
            path.write_text(text, encoding="utf-8")
        assert path.name == "README.md" or "ledger" not in text
    assert len(changed) == len(added)
    return changed


def test_one_call_leaves_a_copy_beside_the_outputs(run_example: Callable[[str], Example]) -> None:
    example = run_example("one_call")

    (record,) = example.records
    copy = example.folder / "outputs" / record["run_id"] / "run.json"
    assert record == json.loads(copy.read_bytes())
    assert {"model", "output"} == set(record["artifacts"])
    assert record["metrics"]["n_params"] == 2


def test_pipeline_run_knows_its_stage_and_the_data_dvc_knows(
    run_example: Callable[[str], Example],
) -> None:
    example = run_example("dvc_pipeline")

    (record,) = example.records  # the second `dvc repro` of the README ran nothing
    assert "Stage 'train' didn't change, skipping" in example.said
    assert record["dvc"]["stage"] == "train"
    lock = (example.folder / "dvc.lock").read_text(encoding="utf-8")
    for content in (record["data"]["hash"], record["artifacts"]["model"]["hash"]):
        assert f"md5: {content.removeprefix('md5:')}\n" in lock
    assert record["data"]["source"] == "verified"


def test_pipeline_run_with_a_changed_param_waits_for_the_param_to_be_staged(
    run_example: Callable[[str], Example], tmp_path: Path
) -> None:
    """The train stage runs again: a second run beside the first, dirty until params are staged."""
    before = run_example("dvc_pipeline")
    folder = tmp_path / "copy"
    shutil.copytree(before.folder, folder, symlinks=True)
    example = Example(folder, Shell(folder, tmp_path / "private"), "")
    params = folder / "params.yaml"
    params.write_text(params.read_text(encoding="utf-8").replace("lr: 1.0", "lr: 0.5"))

    example.shell.run("dvc repro")

    first, second = sorted(example.records, key=lambda record: record["timestamp"]["start"])
    assert before.records == [first]
    assert ["params.yaml"] == [entry["path"] for entry in second["git"]["dirty_paths"]]
    example.shell.run(f"ledger note {second['run_id']} --accept --hypothesis h --next n --risk r")
    example.shell.run("git add ledger")
    refused = example.shell.run("git commit -m 'without the params'", code=1)
    assert "LED101" in refused.stderr
    example.shell.run("git add --all && git commit -m 'a smaller step'")

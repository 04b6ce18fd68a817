"""Each example, copied out of the repository and run the way its README says."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from e2e.shell import Shell


if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())
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


def commands(readme: Path) -> str:
    """Return the shell commands of a README."""
    return "\n".join(re.findall(r"```sh\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL))


def test_every_example_is_tested() -> None:
    assert ["dvc_pipeline", "minimal", "one_call"] == NAMES


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

"""The example of PyTorch, copied out of the repository and run the way its README says."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from e2e.shell import Shell
from unit.writer.recording import read_record, run_dirs


ROOT = Path(__file__).parents[3]
REASON = "no CPU build of torch: `.ci/run` installs one where pip offers it"
pytest.importorskip("torch", reason=REASON)
pytestmark = pytest.mark.timeout(240)


def test_the_example_leaves_two_committed_runs(tmp_path: Path) -> None:
    folder = tmp_path / "pytorch"
    shutil.copytree(ROOT / "examples/pytorch", folder)
    shell = Shell(folder, tmp_path / "private")
    (block,) = re.findall(r"```sh\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    shell.run(block.replace("torchrun ", "python -m torch.distributed.run ", 1))

    alone, ranks = sorted(
        map(read_record, run_dirs(folder)), key=lambda record: str(record["timestamp"]["start"])
    )
    for record in (alone, ranks):
        assert (record["status"], record["git"]["dirty"]) == ("finished", False)
        assert record["metrics"]["accuracy"] > 0.5
        assert record["random"]["torch_seed"] == 1
    assert "metrics.rank1.csv" not in alone["files"]
    assert ranks["files"]["metrics.rank1.csv"]["rows"] == 20
    assert json.loads(shell.run("ledger check --format json").stdout)["findings"] == []
    assert shell.run("git status --porcelain").stdout == ""
